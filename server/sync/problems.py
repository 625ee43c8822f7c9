"""Problems that only sync has: an app that is too old, and rescue files."""

from __future__ import annotations

from server.kernel.problems import Kind, Words, register

APP_TOO_OLD = register(
    Kind(
        "app_too_old",
        426,
        Words("应用版本太旧，收不到新资料", "This app is too old to be told what is new"),
        Words(
            "请更新应用。记录不会丢失，仍会照常发送。",
            "Update the app. Nothing is lost, and your work is still being sent.",
        ),
    )
)
RESCUE_UNREADABLE = register(
    Kind(
        "rescue_unreadable",
        422,
        Words("救援文件无法读取", "The rescue file cannot be read"),
        Words(
            "没有写入任何内容。请核对是否为手机导出的 .zip，并让业务员重新导出、完整发送。",
            "Nothing was written. Check that it is the .zip made on the phone, and have it made "
            "and sent once more.",
        ),
    )
)
RESCUE_AUTHOR_UNKNOWN = register(
    Kind(
        "rescue_author_unknown",
        422,
        Words("救援文件的作者不在本单位", "The author of the rescue file is nobody of yours"),
        Words(
            "没有写入任何内容。请核对文件是否来自本单位的手机。",
            "Nothing was written. Check that the file comes from a phone of your organisation.",
        ),
    )
)
RESCUE_TOO_LARGE = register(
    Kind(
        "rescue_too_large",
        413,
        Words("救援文件太大", "The rescue file is too large"),
        Words(
            "上限为 {limit} 字节；请联系管理员调高 STOREWALK_MAX_RESCUE_BYTES。",
            "The limit is {limit} bytes; ask your administrator to raise "
            "STOREWALK_MAX_RESCUE_BYTES.",
        ),
    )
)
RESCUE_FILE_MISSING = register(
    Kind(
        "rescue_file_missing",
        422,
        Words("救援文件中缺少这张图片", "The rescue file names this picture but does not hold it"),
        Words(
            "记录仍会写入；请勿清除手机上的数据，图片还在手机里。",
            "Its record is kept all the same. Do not clear the phone: the picture is still there.",
        ),
    )
)
