"""Problems that only photos and uploads have."""

from __future__ import annotations

from typing import Final

from server.kernel.problems import Kind, Words, register

HASH_MISMATCH = register(
    Kind(
        "hash_mismatch",
        422,
        Words("收到的内容与指纹不符", "The bytes do not have the hash that was announced"),
        Words(
            "服务器没有保留这些字节，请从头重新上传。",
            "The server kept none of them; send the file again from the start.",
        ),
    )
)
OFFSET_MISMATCH = register(
    Kind(
        "offset_mismatch",
        409,
        Words("续传位置不对", "The upload stands at another offset"),
        Words("请从第 {offset} 字节继续。", "Go on from byte {offset}."),
    )
)
LENGTH_MISMATCH = register(
    Kind(
        "length_mismatch",
        422,
        Words("内容比声明的 {length} 字节长", "There is more than the {length} bytes announced"),
        Words("请核对文件后从头上传。", "Check the file and send it from the start."),
    )
)
UPLOAD_HEADER_INVALID = register(
    Kind(
        "upload_header_invalid",
        400,
        Words("上传请求缺少或写错了 {header}", "{header} is missing or not a whole number"),
        Words("请按接口说明填写该请求头。", "Send the header as the API describes it."),
    )
)
STORAGE_FULL = register(
    Kind(
        "storage_full",
        507,
        Words("服务器存储空间不足", "The server has no room left"),
        Words(
            "照片留在手机里，稍后会自动再传；请告知内勤。",
            "The photo stays on the phone and is sent again later; tell the office.",
        ),
    )
)
PHOTO_UNREADABLE = register(
    Kind(
        "photo_unreadable",
        422,
        Words("照片无法打开", "The photo cannot be read"),
        Words("文件已损坏，请重新拍摄。", "The file is damaged; take the photo again."),
    )
)
PHOTO_TRUNCATED = register(
    Kind(
        "photo_truncated",
        422,
        Words("照片不完整", "The photo is cut off"),
        Words("文件只有一部分，请重新拍摄。", "Part of the file is missing; take it again."),
    )
)
PHOTO_TOO_MANY_PIXELS = register(
    Kind(
        "photo_too_many_pixels",
        422,
        Words("照片像素过多", "The photo has too many pixels"),
        Words("请用较低的分辨率拍摄。", "Take it with a lower resolution."),
    )
)
PHOTO_FORMAT_REFUSED = register(
    Kind(
        "photo_format_refused",
        422,
        Words("不支持这种图片格式", "This picture format is not accepted"),
        Words("请使用 JPEG、PNG、WebP 或 AVIF。", "Use JPEG, PNG, WebP or AVIF."),
    )
)
PHOTO_HEIC_REFUSED = register(
    Kind(
        "photo_heic_refused",
        422,
        Words("不支持 HEIC 图片", "HEIC pictures are not accepted"),
        Words(
            "请在应用里添加（会转成 JPEG），或把 iPhone 的「相机 → 格式」设为「兼容性最佳」。",
            "Add it in the app, which makes a JPEG of it, or choose Settings > Camera > Formats > "
            "Most Compatible on the iPhone.",
        ),
    )
)
PHOTO_NOT_ARRIVED = register(
    Kind(
        "photo_not_arrived",
        409,
        Words("照片还没有上传完", "The photo has not arrived yet"),
        Words("手机联网后会自动上传。", "The phone sends it by itself once it is online."),
    )
)
PHOTO_IN_PREPARATION = register(
    Kind(
        "photo_in_preparation",
        409,
        Words("照片正在处理", "The photo is being prepared"),
        Words("请过几秒再看。", "Look again in a few seconds."),
    )
)
PHOTO_ERASED = register(
    Kind(
        "photo_erased",
        410,
        Words("照片已按保存期限清除", "The picture was erased when its time was over"),
        Words(
            "记录仍在，图片不再保存。",
            "Its record is still there; the picture itself is kept no more.",
        ),
    )
)
# What PATCH of an upload may be refused with.
UPLOAD_PROBLEMS: Final = (
    UPLOAD_HEADER_INVALID,
    OFFSET_MISMATCH,
    LENGTH_MISMATCH,
    HASH_MISMATCH,
    STORAGE_FULL,
)
# Why a picture that is here cannot be shown.
PICTURE_PROBLEMS: Final = (
    PHOTO_UNREADABLE,
    PHOTO_TRUNCATED,
    PHOTO_TOO_MANY_PIXELS,
    PHOTO_FORMAT_REFUSED,
    PHOTO_HEIC_REFUSED,
    PHOTO_ERASED,
)
