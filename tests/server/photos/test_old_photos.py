"""Photos taken long before they were added, as far as their EXIF time can be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.visits.rejudge import rejudge_all
from tests.server.conftest import NOW, Login
from tests.server.photos.conftest import picture
from tests.server.photos.evidence import DAY_S, Add, findings, flags, recoded
from tests.server.visits.hand import Hand


def with_time(data: bytes, text: str, offset: str | None = None) -> bytes:
    exif = Image.Exif()
    detail = {Base.DateTimeOriginal: text} | ({Base.OffsetTimeOriginal: offset} if offset else {})
    exif.get_ifd(IFD.Exif).update(detail)
    return recoded(data, exif=exif)


def local(hours: float, zone: timedelta = timedelta(hours=8)) -> str:
    """The camera's clock so many hours before NOW."""
    return (NOW + zone - timedelta(hours=hours)).strftime("%Y:%m:%d %H:%M:%S")


@pytest.mark.parametrize(
    ("case", "old"),
    [
        ((local(1), None, "file"), False),
        ((local(23), "+08:00", "file"), False),
        ((local(25), "+08:00", "file"), True),
        # without an offset the camera may have been in any zone
        ((local(37), None, "file"), False),
        ((local(39), None, "file"), True),
        # a phone in Mongolia whose zone is New York's: the same moment
        ((local(23, timedelta(hours=-4)), "-04:00", "file"), False),
        ((local(30 * 24), None, "file"), True),
        # clocks that were never set, and clocks ahead, say nothing
        (("2000:01:01 00:00:00", None, "file"), False),
        (("0000:00:00 00:00:00", None, "file"), False),
        ((local(-500), "+08:00", "file"), False),
        # the app's camera writes no EXIF; what stands there was made up or is of another program
        ((local(30 * 24), "+08:00", "camera"), False),
    ],
)
def test_old_photos(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add,
    case: tuple[str, str | None, str], old: bool,
) -> None:  # fmt: skip
    text, offset, source = case
    photo = add(rep, visit_id, with_time(shelf, text, offset), source=source)
    older = [one for one in findings(session, visit_id) if (one.old_s or 0) > DAY_S]
    found = [(one.kind, one.photo_id) for one in older]
    assert found == ([("old", photo)] if old else [])
    assert ("photo_old" in flags(session, visit_id)) is old


@pytest.mark.parametrize(
    ("case", "old"),
    [
        ((3_600, 5, "+08:00"), True),
        ((3_600, 0.9, "+08:00"), False),
        # in some zone it is an hour ago
        ((3_600, 14.9, None), False),
        ((3_600, 15.1, None), True),
        ((600, 0.2, "+08:00"), True),
        ((7 * DAY_S, 30, "+08:00"), False),
        ((7 * DAY_S, 7 * 24 + 13, None), False),
        ((7 * DAY_S, 7 * 24 + 15, None), True),
    ],
)
def test_the_office_says_how_old(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, login: Login,
    case: tuple[int, float, str | None], old: bool,
) -> None:  # fmt: skip
    limit_s, hours, offset = case
    path, office = "/api/v1/organisation/rules", login("office")
    office.patch(path, json={"photo_old_s": limit_s}, headers={"If-Match": "*"})
    photo = add(rep, visit_id, with_time(shelf, local(hours), offset), source="file")
    assert ("photo_old" in flags(session, visit_id)) is old
    answer: Any = login("sup_east").get(f"/api/v1/photos/findings?visit={visit_id}")
    assert [one["photo"]["photo_id"] for one in answer.json["items"]] == ([photo] if old else [])


def test_another_rule_counts_for_what_was_found_before(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, login: Login,
    clock: FrozenClock,
) -> None:  # fmt: skip
    add(rep, visit_id, with_time(shelf, local(5), "+08:00"), source="file")
    assert flags(session, visit_id) == {}
    path, office = "/api/v1/organisation/rules", login("office")
    office.patch(path, json={"photo_old_s": 3_600}, headers={"If-Match": "*"})
    rejudge_all(session, clock, write=True)
    assert flags(session, visit_id)["photo_old"]["numbers"]["gap_s"] == 5 * 3_600


def test_the_words_of_an_old_photo(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    add(rep, visit_id, with_time(shelf, local(30 * 24), "+08:00"), source="file")
    flag = flags(session, visit_id)["photo_old"]
    assert flag["numbers"] == {"photos": 1, "gap_s": 30 * DAY_S, "limit_s": DAY_S}
    assert flag["words"] == {
        "zh-CN": "1 张照片的拍摄时间与上传的说法相差 30 天，超过 24 小时",
        "en": (
            "1 photo with a camera time 30 days away from when it was said to be taken, over 24 h"
        ),
    }


def test_exif_is_kept_and_shown_in_the_console_only(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, login: Login
) -> None:
    photo = add(rep, visit_id, with_time(shelf, "2026:11:23 11:30:00", "+08:00"), source="file")
    page: Any = login("sup_east").get(f"/api/v1/visits/{visit_id}").json
    told = page["photos"][0]["exif"]
    assert (told["taken_at"], told["utc"]) == (
        "2026-11-23T11:30:00.000",
        "2026-11-23T03:30:00.000Z",
    )
    pulled: Any = login("rep_a").get("/api/v1/sync/pull?schema=2").json
    record = next(one for one in pulled["changes"] if one["id"] == photo)
    assert "exif" not in record["record"]


def test_an_old_photo_has_no_other_side(
    session: Session, rep: Hand, visit_id: str, add: Add, login: Login
) -> None:
    data = with_time(picture(int(datetime.now(UTC).timestamp())), local(72), "+08:00")
    add(rep, visit_id, data, source="file")
    answer: Any = login("sup_east").get(f"/api/v1/photos/findings?visit={visit_id}")
    olds = [one for one in answer.json["items"] if one["kind"] == "old"]
    assert [(one["other"], one["exif_difference_s"]) for one in olds] == [(None, 72 * 3600)]
