"""Problems that only people and regions have."""

from __future__ import annotations

from server.kernel.problems import Kind, Words, register

USERNAME_TAKEN = register(
    Kind(
        "username_taken",
        409,
        Words("用户名已被使用：{username}", "This user name is taken: {username}"),
        Words("请换一个用户名。", "Choose another one."),
    )
)
PASSWORD_WEAK = register(
    Kind(
        "password_weak",
        422,
        Words("密码太短", "The password is too short"),
        Words("密码至少 {minimum} 位。", "Use at least {minimum} characters."),
    )
)
REGION_CODE_TAKEN = register(
    Kind(
        "region_code_taken",
        409,
        Words("区域编码已存在：{code}", "This region code is taken: {code}"),
        Words("请换一个编码。", "Choose another code."),
    )
)
REGION_LOOP = register(
    Kind(
        "region_loop",
        409,
        Words("上级区域不能是自己或下级", "A region cannot lie below itself"),
        Words("请选择另一个上级区域。", "Choose another parent."),
    )
)
REGION_UNKNOWN = register(
    Kind(
        "region_unknown",
        422,
        Words("没有这个区域", "No such region"),
        Words("请从列表中选择区域。", "Choose a region of the list."),
    )
)
OWN_ACCOUNT = register(
    Kind(
        "own_account",
        409,
        Words("不能停用或降级自己的账号", "You cannot switch off or demote your own account"),
        Words("请让另一位内勤操作。", "Ask another person of the office to do it."),
    )
)
