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
WAREHOUSE_CODE_TAKEN = register(
    Kind(
        "warehouse_code_taken",
        409,
        Words("仓库编码已存在：{code}", "This warehouse code is taken: {code}"),
        Words("请换一个编码。", "Choose another code."),
    )
)
WAREHOUSE_UNKNOWN = register(
    Kind(
        "warehouse_unknown",
        422,
        Words("没有这个仓库", "There is no such warehouse"),
        Words("请从列表中选择仓库。", "Choose a warehouse from the list."),
    )
)
BATCH_UNKNOWN = register(
    Kind(
        "batch_unknown",
        422,
        Words("该物料没有这个批次", "The material has no such batch"),
        Words("请从该物料的批次中选择。", "Choose one of the material's batches."),
    )
)
BATCH_NEEDED = register(
    Kind(
        "batch_needed",
        422,
        Words(
            "请写明批次：未分批次的只有 {available}",
            "Name the batch: only {available} belong to none",
        ),
        Words("请选择要调整的批次。", "Choose the batch that is to be corrected."),
    )
)
BATCH_CONTRADICTED = register(
    Kind(
        "batch_contradicted",
        409,
        Words(
            "批次 {code} 已登记，效期是 {known}", "Batch {code} is known, and expires on {known}"
        ),
        Words("请核对批号和效期。", "Compare the batch and its expiry with the pack."),
    )
)
MOVEMENT_UNKNOWN = register(
    Kind(
        "movement_unknown",
        422,
        Words("这批物料不是发给您的", "This material is not on its way to you"),
        Words(
            "请刷新列表，确认发给自己的物料。", "Refresh the list and confirm what was sent to you."
        ),
    )
)
MOVEMENT_CLOSED = register(
    Kind(
        "movement_closed",
        409,
        Words("这批物料已经确认过了", "This movement has been dealt with already"),
        Words(
            "请查看它现在的状态；数量不对时请提交盘点。",
            "Look at its state; if the quantity is wrong, enter a count.",
        ),
    )
)
ADJUSTMENT_DECIDED = register(
    Kind(
        "adjustment_decided",
        409,
        Words("已有人处理，或账面已经相符", "It is decided already, or the books agree by now"),
        Words("请刷新列表。", "Refresh the list."),
    )
)
OWN_ADJUSTMENT = register(
    Kind(
        "own_adjustment",
        403,
        Words("不能审批自己提交的调整", "Nobody approves what they asked for themselves"),
        Words("请由其他主管或内勤审批。", "Ask another supervisor or the office."),
    )
)
ENTRY_REVERSED = register(
    Kind(
        "entry_reversed",
        409,
        Words("这笔记录已冲销", "This entry has been reversed already"),
        Words("无需再次冲销。", "Nothing more to do."),
    )
)
ENTRY_BOUND = register(
    Kind(
        "entry_bound",
        409,
        Words("这笔记录不能单独冲销", "This entry cannot be reversed by itself"),
        Words(
            "在途物料请在“在途”中处理；盘点请重新盘点。",
            "Settle movements under In transit; correct a count by a new count.",
        ),
    )
)
SHEET_UNREADABLE = register(
    Kind(
        "sheet_unreadable",
        422,
        Words("无法读取这个文件", "This file cannot be read"),
        Words(
            "请另存为 .xlsx 或 UTF-8 的 .csv 后重试。",
            "Save it as .xlsx or as CSV in UTF-8 and try again.",
        ),
    )
)
SHEET_TOO_LARGE = register(
    Kind(
        "sheet_too_large",
        422,
        Words("文件解压后太大或行数太多", "This file has too many rows or unpacks to too much"),
        Words(
            "请拆成每个不超过 {limit} 行的文件。", "Split it into files of at most {limit} rows."
        ),
    )
)
SHEET_HEADER = register(
    Kind(
        "sheet_header",
        422,
        Words("表头缺少：{missing}", "The header lacks: {missing}"),
        Words(
            "第一行请写明列名，例如：物料编码、数量、仓库。",
            "Name the columns in the first row, such as code, quantity, warehouse.",
        ),
    )
)
PHOTO_MISSING = register(
    Kind(
        "material_photo_missing",
        409,
        Words("这张图片还没有上传", "This picture has not been uploaded"),
        Words("请先上传图片再保存。", "Upload the picture first, then save."),
    )
)
BARCODE_PROBLEMS: Final = (BARCODE_SCIENTIFIC, BARCODE_CHECK_DIGIT, BARCODE_INVALID)
