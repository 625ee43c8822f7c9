"""The catalogue of problems: every error once, with a stable code, a status and what to do.

The answer follows RFC 9457 (problem details). Features add their own kinds with register().
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
LANGUAGES: Final = ("zh-CN", "en")
DEFAULT_LANGUAGE: Final = "zh-CN"


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in both languages; {names} are filled in from the problem's params."""

    zh: str
    en: str

    def say(self, language: str, params: dict[str, Any]) -> str:
        """The sentence in a language, with the params put in where they are known."""
        text = self.en if language == "en" else self.zh
        for name, value in params.items():
            text = text.replace("{" + name + "}", str(value))
        return text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. title: what happened. remedy: what the person can do about it."""

    code: str
    status: int
    title: Words
    remedy: Words

    def error(self, /, field: str | None = None, **params: Any) -> Problem:
        """Make the exception to raise (or to hand back for one op of a batch)."""
        return Problem(self, field=field, **params)


class Problem(Exception):  # noqa: N818 -- RFC 9457 calls it a problem
    """An error meant for the caller. Raised anywhere below a route, it becomes the answer."""

    def __init__(
        self,
        kind: Kind,
        /,
        *,
        field: str | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.field = field
        self.errors = errors or []
        self.headers = headers or {}
        self.params = params

    def as_dict(self, language: str) -> dict[str, Any]:
        """The problem as JSON, its words in the given language."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.kind.code}",
            "code": self.kind.code,
            "title": self.kind.title.say(language, self.params),
            "status": self.kind.status,
            "detail": self.kind.remedy.say(language, self.params),
        }
        if self.field:
            body["field"] = self.field
        if self.errors:
            body["errors"] = self.errors
        if self.params:
            body["params"] = self.params
        return body


_CATALOGUE: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind to the catalogue. Raises ValueError if its code is taken."""
    if kind.code in _CATALOGUE:
        raise ValueError(f"problem code {kind.code!r} is already in the catalogue")
    _CATALOGUE[kind.code] = kind
    return kind


def catalogue() -> dict[str, Kind]:
    """All kinds by code."""
    return dict(_CATALOGUE)


def refuses(*kinds: Kind) -> Callable[[F], F]:
    """Declare the problems of a route's own for the API's document.

    Those that follow from its form (no session, an unknown id, a bad body) need no naming.
    """

    def decorate(view: F) -> F:
        view.storewalk_problems = kinds  # type: ignore[attr-defined]  # read by openapi.py
        return view

    return decorate


def _kind(code: str, status: int, title: tuple[str, str], remedy: tuple[str, str]) -> Kind:
    return register(Kind(code, status, Words(*title), Words(*remedy)))


VALIDATION_FAILED = _kind(
    "validation_failed",
    422,
    ("填写的内容有误", "Some values are not valid"),
    ("请改正标出的项目后再试。", "Correct the fields named and try again."),
)
MALFORMED_JSON = _kind(
    "malformed_json",
    400,
    ("请求不是有效的 JSON", "The request is not valid JSON"),
    ("请检查请求正文的格式。", "Check how the request body is written."),
)
NOT_JSON = _kind(
    "not_json",
    415,
    ("请求格式不支持", "This content type is not accepted"),
    ("请以 {accepted} 格式发送。", "Send it as {accepted}."),
)
TOO_LARGE = _kind(
    "too_large",
    413,
    ("内容太大", "The request is too large"),
    ("上限为 {limit} 字节，请分批发送。", "The limit is {limit} bytes; send it in smaller parts."),
)
UNAUTHENTICATED = _kind(
    "unauthenticated",
    401,
    ("请先登录", "You are not logged in"),
    ("登录已过期或不存在，请重新登录。", "The session is missing or has ended; log in again."),
)
OTHER_PERSON = _kind(
    "other_person",
    401,
    ("当前登录的是另一位用户", "Somebody else is logged in"),
    (
        "这部手机上登录了另一位用户。请由本人重新登录，记录都在。",
        "Log in again as yourself; nothing is lost.",
    ),
)
WRONG_CREDENTIALS = _kind(
    "wrong_credentials",
    401,
    ("用户名或密码不正确", "Wrong user name or password"),
    ("请核对后再试；忘记密码请联系内勤。", "Check them and try again, or ask the office."),
)
FORBIDDEN = _kind(
    "forbidden",
    403,
    ("没有权限", "You may not do this"),
    ("这项操作需要：{roles}。", "This needs one of the roles: {roles}."),
)
CSRF_REFUSED = _kind(
    "csrf_refused",
    403,
    ("请求来源不被信任", "The request came from another site"),
    ("请在本站页面内操作。", "Use the pages of this site."),
)
NOT_FOUND = _kind(
    "not_found",
    404,
    ("没有找到", "Not found"),
    (
        "它不存在，或不在您的管辖范围内。",
        "It does not exist, or lies outside what you may see.",
    ),
)
METHOD_NOT_ALLOWED = _kind(
    "method_not_allowed",
    405,
    ("不支持这种请求方法", "This method is not allowed here"),
    ("请使用 Allow 头列出的方法。", "Use a method that the Allow header names."),
)
CONFLICT = _kind(
    "conflict",
    409,
    ("与已有数据冲突", "This conflicts with what is there"),
    ("请刷新后再试。", "Reload and try again."),
)
STALE = _kind(
    "stale",
    412,
    ("别人刚刚改过这条记录", "Somebody else has just changed this record"),
    ("请重新载入后再修改。", "Reload it and make your change again."),
)
PRECONDITION_REQUIRED = _kind(
    "precondition_required",
    428,
    ("缺少版本号", "The revision is missing"),
    ("修改时请带上 If-Match。", "Send If-Match with the revision that you edited."),
)
# What a route that changes a record by its revision may answer.
REVISION: Final = (STALE, PRECONDITION_REQUIRED)
RANGE_INVALID = _kind(
    "range_invalid",
    416,
    ("请求的范围超出文件", "The range lies outside the file"),
    ("请去掉 Range 头后重试。", "Ask again without the Range header."),
)
RATE_LIMITED = _kind(
    "rate_limited",
    429,
    ("尝试次数过多", "Too many tries"),
    ("请稍等一会儿再试。", "Wait a little and try again."),
)
INTERNAL = _kind(
    "internal",
    500,
    ("服务器出错了", "Something failed on the server"),
    ("数据没有改动，请稍后再试。", "Nothing was changed; try again later."),
)
UNAVAILABLE = _kind(
    "unavailable",
    503,
    ("服务暂时不可用", "The service is not available right now"),
    ("请稍后再试。", "Try again later."),
)
HTTP_ERROR = _kind(
    "bad_request",
    400,
    ("请求有误", "The request cannot be served"),
    ("请检查请求。", "Check the request."),
)

OP_MALFORMED = _kind(
    "op_malformed",
    422,
    ("这条记录的格式有误", "This record is not written correctly"),
    ("请更新应用后重试，或联系内勤。", "Update the app and try again, or ask the office."),
)
OP_ID_MISSING = _kind(
    "op_id_missing",
    422,
    ("这条记录没有编号", "This record carries no op id"),
    ("请更新应用后重试。", "Update the app and send it again with an op_id."),
)
OP_KIND_UNKNOWN = _kind(
    "op_kind_unknown",
    422,
    ("服务器不认识这种记录：{kind}", "The server does not know this kind of record: {kind}"),
    ("请更新应用，或联系内勤。", "Update the app, or ask the office."),
)
AUTHOR_MISMATCH = _kind(
    "author_mismatch",
    403,
    ("这条记录属于另一位用户", "This record belongs to somebody else"),
    ("请由本人登录后发送。", "Its author has to log in to send it."),
)
OP_CONFLICT = _kind(
    "op_conflict",
    409,
    ("同一编号下已有不同的内容", "Another content already stands under this op id"),
    (
        "服务器保留了先到的那一份；请核对后另存为新记录。",
        "The server kept the first one; compare, and save yours as a new record.",
    ),
)
RECORD_EXISTS = _kind(
    "record_exists",
    409,
    ("这条记录已存在，内容不同", "This record already exists with another content"),
    ("服务器保留了先到的那一份。", "The server kept the one that came first."),
)
DEPENDENCY_MISSING = _kind(
    "dependency_missing",
    409,
    ("它所属的记录还没有到达", "What it belongs to has not arrived yet"),
    ("无需操作，手机会自动再发。", "Nothing to do: the phone sends it again by itself."),
)
STORE_UNKNOWN = _kind(
    "store_unknown",
    404,
    ("门店不存在，或从未分配给您", "No such store, or it was never assigned to you"),
    ("请同步门店列表，或联系主管。", "Sync the store list, or ask your supervisor."),
)
VISIT_UNKNOWN = _kind(
    "visit_unknown",
    404,
    ("没有这次拜访，或不是您的", "No such visit, or it is not yours"),
    ("请联系主管。", "Ask your supervisor."),
)
VISIT_CLOSED = _kind(
    "visit_closed",
    409,
    ("这次拜访已经结束", "This visit is already closed"),
    ("服务器保留了先到的签退。", "The server kept the first check-out."),
)
MATERIAL_UNKNOWN = _kind(
    "material_unknown",
    404,
    ("没有这种物料", "No such material"),
    ("请同步物料列表后再试。", "Sync the list of materials and try again."),
)
QUANTITY_INVALID = _kind(
    "quantity_invalid",
    422,
    ("数量不对：{value}", "The quantity is not valid: {value}"),
    ("请填 1 到 10000 之间的整数。", "Enter a whole number from 1 to 10,000."),
)
