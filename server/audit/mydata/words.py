"""The words of the readable export: what each kind of record and each column is called."""

from __future__ import annotations

from typing import Final

# Chinese first, then English.
Both = tuple[str, str]

# In the order in which they are told.
SECTIONS: Final[dict[str, Both]] = {
    "visits": ("拜访与定位", "Visits and positions"),
    "replies": ("我的说明", "My answers"),
    "reviews": ("审核结果", "Reviews"),
    "views": ("谁看过我的拜访", "Who looked at my visits"),
    "photos": ("照片", "Photos"),
    "photo_findings": ("照片检查结果", "Findings about photos"),
    "judgements": ("此前的判定", "Earlier judgements"),
    "notes": ("备注", "Notes"),
    "handouts": ("物料发放", "Handouts"),
    "campaign_seen": ("促销活动查看", "Campaigns as seen"),
    "stock_entries": ("物料台账", "Stock entries"),
    "stock_movements": ("物料收发", "Material on its way"),
    "stock_counts": ("盘点与调整", "Counts and corrections"),
    "tasks": ("我的任务", "My tasks"),
    "office_check_ins": ("回司报到", "Office check-ins"),
    "office_exemptions": ("免签", "Exemptions"),
    "office_make_ups": ("补签", "Make-ups"),
    "office_notices": ("报到提醒", "Reminders"),
    "office_duties": ("报到设置", "Office settings"),
    "office_feeds": ("日历订阅", "Calendar address"),
    "push_subscriptions": ("通知订阅", "Notifications"),
    "stores": ("负责的门店", "Stores assigned"),
    "sessions": ("登录记录", "Log-ins"),
    "devices": ("使用过的手机", "Phones used"),
    "uploads": ("上传的文件", "Files uploaded"),
    "account": ("账号", "Account"),
    "journal": ("操作记录", "Journal"),
}
COLUMNS: Final[dict[str, Both]] = {
    "given_at": ("下达时间", "Given"),
    "title": ("任务", "Task"),
    "due_on": ("截止日", "Due"),
    "done_at": ("完成时间", "Done"),
    "done_note": ("完成说明", "What I said"),
    "asked_at": ("申请时间", "Asked"),
    "first_day": ("开始", "From"),
    "last_day": ("结束", "To"),
    "reason": ("原因", "Reason"),
    "note": ("说明", "Note"),
    "campaign_name": ("促销活动", "Campaign"),
    "endpoint": ("推送地址", "Push address"),
    "office_id": ("报到地点", "Office"),
    "confirmed": ("实收", "Received"),
    "expected": ("账面", "Books"),
    "counted": ("实盘", "Counted"),
    "action": ("决定", "Decision"),
    "name": ("姓名", "Name"),
    "username": ("用户名", "User name"),
    "role": ("角色", "Role"),
    "phone": ("电话", "Phone"),
    "created_at": ("时间", "Time"),
    "client": ("方式", "Way"),
    "agent": ("浏览器", "Browser"),
    "expires_at": ("有效至", "Valid until"),
    "revoked_at": ("退出时间", "Logged out"),
    "id": ("编号", "Id"),
    "app_version": ("版本", "Version"),
    "last_contact_at": ("最近联系", "Last contact"),
    "unsent": ("待同步", "Unsent"),
    "store_name": ("门店", "Store"),
    "since": ("从", "From"),
    "until": ("至", "Until"),
    "checked_in_at": ("签到", "Checked in"),
    "state": ("状态", "State"),
    "in_lat": ("纬度", "Latitude"),
    "in_lon": ("经度", "Longitude"),
    "in_accuracy_m": ("精度（米）", "Accuracy (m)"),
    "lat": ("纬度", "Latitude"),
    "lon": ("经度", "Longitude"),
    "accuracy_m": ("精度（米）", "Accuracy (m)"),
    "verdict": ("判定", "Verdict"),
    "distance_m": ("偏差（米）", "Distance (m)"),
    "flags": ("异常", "Flags"),
    "at": ("时间", "Time"),
    "cause": ("原因", "Cause"),
    "text": ("内容", "Text"),
    "day": ("日期", "Day"),
    "viewer_name": ("谁", "Who"),
    "viewer_role": ("角色", "Role"),
    "taken_at": ("拍摄时间", "Taken"),
    "kind": ("类型", "Kind"),
    "source": ("来源", "Source"),
    "bytes": ("字节", "Bytes"),
    "sha256": ("SHA-256", "SHA-256"),
    "found_at": ("时间", "Time"),
    "distance_bits": ("相差位数", "Bits apart"),
    "exif_difference_s": ("早于添加（秒）", "Taken before it was added (s)"),
    "completed_at": ("时间", "Time"),
    "material_name": ("物料", "Material"),
    "quantity": ("数量", "Quantity"),
    "recipient": ("领取人", "Recipient"),
    "week": ("周", "Week"),
    "accepted": ("是否有效", "Accepted"),
    "received_at": ("收到时间", "Received"),
    "photo_id": ("照片", "Photo"),
    "erased_at": ("清除时间", "Erased"),
    "event": ("事件", "Event"),
    "actor_name": ("谁", "Who"),
    "data": ("内容", "Data"),
    "question": ("提问", "Question"),
    "decision": ("决定", "Decision"),
}
TITLE: Final[Both] = ("我的数据", "My data")
OF: Final[Both] = ("{name}，导出于 {at}", "{name}, exported {at}")
ABOUT: Final[Both] = (
    "以下是巡店保存的您的全部记录。完整内容见 data.json，照片清单见 photos.csv，照片在应用里打开。",
    "Everything that Storewalk holds about you; data.json has all of it, photos.csv the photos.",
)
NOTHING: Final[Both] = ("没有记录。", "Nothing.")


def say(words: Both, language: str) -> str:
    """One of the two languages."""
    return words[1] if language == "en" else words[0]


def name_of(names: dict[str, Both], code: str, language: str) -> str:
    """The word for a code; the code itself where a later feature has none here yet."""
    return say(names[code], language) if code in names else code
