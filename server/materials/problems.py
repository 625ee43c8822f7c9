"""Problems that only materials and their stock have."""

from __future__ import annotations

from typing import Final

from server.kernel.problems import Kind, Words, register

MATERIAL_CODE_TAKEN = register(
    Kind(
        "material_code_taken",
        409,
        Words("物料编码已存在：{code}", "This material code is taken: {code}"),
        Words("请换一个编码。", "Choose another code."),
    )
)
BARCODE_SCIENTIFIC = register(
    Kind(
        "barcode_scientific",
        422,
        Words(
            "条码被表格软件改成了科学计数法：{value}",
            "A spreadsheet turned this barcode into a rounded number: {value}",
        ),
        Words(
            "末尾的数字已丢失；请把单元格设为文本，从包装上重新抄录。",
            "Its last digits are lost; format the cell as text and copy it from the pack again.",
        ),
    )
)
BARCODE_CHECK_DIGIT = register(
    Kind(
        "barcode_check_digit",
        422,
        Words("条码的校验位不对：{value}", "The check digit of this barcode is wrong: {value}"),
        Words(
            "前 12 位对应的末位应为 {expected}；请核对是否抄错。",
            "After these 12 digits the last one must be {expected}; compare it with the pack.",
        ),
    )
)
BARCODE_INVALID = register(
    Kind(
        "barcode_invalid",
        422,
        Words("条码含有不能用的字符：{value}", "This barcode holds other signs: {value}"),
        Words(
            "条码只能是最多 48 个字母、数字或 - . /，请以文本填写。",
            "Use at most 48 letters, digits or - . / and write it as text.",
        ),
    )
)
STOCK_SHORT = register(
    Kind(
        "stock_short",
        409,
        Words(
            "账面只有 {available}，不够 {quantity}",
            "Only {available} are on the books, not {quantity}",
        ),
        Words(
            "请先登记入库，或用盘盈盘亏调整改正账面。",
            "Book the delivery first, or correct the books with an adjustment.",
        ),
    )
)
SIGNATURE_MISSING = register(
    Kind(
        "signature_missing",
        404,
        Words("这次发放没有签名", "This handout carries no signature"),
        Words("无需操作。", "Nothing to do."),
    )
)
SIGNATURE_NOT_ARRIVED = register(
    Kind(
        "signature_not_arrived",
        409,
        Words("签名图片还没有传到", "The picture of the signature has not arrived yet"),
        Words("手机联网后会自动补传。", "The phone sends it by itself once it is online."),
    )
)
BARCODE_PROBLEMS: Final = (BARCODE_SCIENTIFIC, BARCODE_CHECK_DIGIT, BARCODE_INVALID)
