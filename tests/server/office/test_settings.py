"""The rule and the calendar as the office sets them; real calendar files where they are there."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.problems import Problem
from server.office.calendar import parse_week
from server.office.models import Office, OfficeCalendar
from server.office.weeks.calendars import builtin, read_days, read_upload
from server.office.weeks.facts import load_holidays
from server.office.weeks.rule import Holidays, Rule, plan_week
from server.office.weeks.settings import set_up
from server.sync.feed import READERS
from tests.realdata import real_file
from tests.server.conftest import Login, World

RULE = {"need": 2, "days": [1, 2, 3, 4, 5], "grace_hours": 0}


def real_year(year: int) -> bytes | None:
    path = real_file(f"calendar/holiday-cn_{year}.json")
    return path.read_bytes() if path else None


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_built_in_years_are_the_announced_ones(year: int) -> None:
    """Every day of the year is off or worked as the State Council's announcement says."""
    data = real_year(year)
    if data is None:
        return
    upload = read_upload(data, "en")
    assert upload.errors == []
    announced = Holidays({year: read_days(upload.days)})
    ours = Holidays({year: read_days(builtin(year, year)[year])})
    days = [date.fromordinal(date(year, 1, 1).toordinal() + number) for number in range(365)]
    assert [(day, ours.off(day)) for day in days] == [(day, announced.off(day)) for day in days]


def test_the_weekends_worked_in_2026() -> None:
    ours = Holidays({2026: read_days(builtin(2026, 2026)[2026])})
    for day in ("2026-02-14", "2026-02-28", "2026-09-20", "2026-10-10"):
        assert ours.off(date.fromisoformat(day)) is False, day
    for day in ("2026-02-15", "2026-02-23", "2026-10-07"):
        assert ours.off(date.fromisoformat(day)) is True, day


def test_a_year_not_announced_is_missing_and_not_free_of_holidays() -> None:
    assert 2027 not in builtin(2000, 2100)
    data = real_year(2027)
    if data is None:
        return
    with pytest.raises(Problem) as refused:
        read_upload(data, "en")
    assert (refused.value.kind.code, refused.value.params) == (
        "calendar_not_announced",
        {"year": 2027},
    )
    holidays = Holidays({2027: {}})
    assert not holidays.knows(2027)
    plan = plan_week(parse_week("2027-W06"), Rule(), holidays)
    assert (plan.calendar_missing, plan.holiday) == (True, False)


def test_exempt_weeks_of_the_real_years() -> None:
    """Weeks without any working day: in three years only one."""
    found = []
    for year in (2024, 2025, 2026):
        data = real_year(year)
        if data is None:
            return
        holidays = Holidays({year: read_days(read_upload(data, "en").days)})
        for number in range(2, 52):
            plan = plan_week(parse_week(f"{year}-W{number:02}"), Rule(), holidays)
            found += [plan.name] if plan.holiday else []
    # In 2024 the festival's Sunday was worked; in 2025 it began on a Tuesday.
    assert found == ["2026-W08"]


def test_set_up_writes_once_and_spares_uploads(
    session: Session, clock: FrozenClock, login: Login
) -> None:
    assert set_up(session, clock) == [2025, 2026]
    session.commit()
    assert set_up(session, clock) == []
    body = {"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": True}]}
    office = login("office")
    answer: Any = office.post("/api/v1/office/calendars", json=body)
    assert (answer.status_code, answer.json["saved"]) == (200, True)
    assert (answer.json["added"], answer.json["removed"]) == (0, 38)
    assert set_up(session, clock) == []
    assert load_holidays(session).off(date(2026, 10, 1)) is None
    listed: Any = office.get("/api/v1/office/calendars")
    years = {one["year"]: (one["source"], one["known"]) for one in listed.json["items"]}
    assert years == {
        2025: ("builtin", True),
        2026: ("upload", True),
        2027: (None, False),
    }
    told = READERS["office_calendar"](session, None, ["2026", "x"])  # type: ignore[arg-type]
    assert told["2026"]["days"] == [{"date": "2026-01-01", "name": "元旦", "off": True}]


def test_a_year_without_any_day_is_refused_and_stays_missing(
    login: Login, session: Session, clock: FrozenClock
) -> None:
    # As the file of a year looks before it is announced.
    data = real_year(2027) or b'{"year": 2027, "papers": [], "days": []}'
    for dry in (True, False):
        answer = upload(login, data, "application/json", dry=dry)
        assert (answer.status_code, answer.json["code"]) == (422, "calendar_not_announced")
        assert answer.json["title"] == "The holidays of 2027 are not announced yet"
    listed: Any = login("office").get("/api/v1/office/calendars")
    [year] = [one for one in listed.json["items"] if one["year"] == 2027]
    assert (year["known"], year["source"]) == (False, None)
    # One that was taken in before gives way once the program knows the year.
    session.add(OfficeCalendar(year=2026, days=[], source="upload", at=clock.now()))
    session.commit()
    assert 2026 in set_up(session, clock)
    assert load_holidays(session).off(date(2026, 10, 1)) is True


def upload(login: Login, data: bytes, kind: str = "text/csv", *, dry: bool = False) -> Any:
    query = "?dry_run=true" if dry else ""
    return login("office").post(
        f"/api/v1/office/calendars{query}",
        data=data,
        headers={"Content-Type": kind, "Accept-Language": "en"},
    )


GOOD = "name,date,isOffDay\n元旦,2027-01-01,true\n元旦,2027-01-02,True\n元旦,2027-01-09,false\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_any_usual_encoding(login: Login, encoding: str) -> None:
    trial = upload(login, GOOD.encode(encoding), dry=True)
    assert (trial.status_code, trial.json["saved"], trial.json["added"]) == (200, False, 3)
    listed: Any = login("office").get("/api/v1/office/calendars")
    assert not any(one["known"] for one in listed.json["items"] if one["year"] == 2027)
    saved = upload(login, GOOD.encode(encoding))
    assert saved.json["days"][0] == {"date": "2027-01-01", "name": "元旦", "off": True}
    listed = login("office").get("/api/v1/office/calendars")
    assert [one["known"] for one in listed.json["items"] if one["year"] == 2027] == [True]


def test_the_real_file_can_be_uploaded_as_it_is(login: Login, session: Session) -> None:
    data = real_year(2026)
    if data is None:
        return
    answer = upload(login, data, "application/json")
    assert (answer.status_code, len(answer.json["days"])) == (200, 39)
    assert load_holidays(session).off(date(2026, 9, 20)) is False


# what stands in a row, the field and code of its fault
@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("元旦,2027-13-01,true", "date", "date_invalid"),
        ("元旦,1.1.2027,true", "date", "date_invalid"),
        ("元旦,2026-01-01,true", "date", "year_other"),
        ("元旦,2027-01-01,true", "date", "date_twice"),
        ("元旦,2027-01-03,maybe", "isOffDay", "off_invalid"),
        (",2027-01-03,true", "name", "name_invalid"),
        (f"{'长' * 41},2027-01-03,true", "name", "name_invalid"),
        ("元旦,2027-01-04,false", "isOffDay", "weekday_worked"),
    ],
)
def test_faults_are_named_by_row_and_save_nothing(
    login: Login, row: str, field: str, code: str
) -> None:
    data = (GOOD + row + "\n").encode()
    trial = upload(login, data, dry=True)
    assert trial.status_code == 200
    [fault] = trial.json["errors"]
    assert (fault["row"], fault["field"], fault["code"]) == (4, field, code)
    assert fault["message"].isascii()
    refused = upload(login, data)
    assert (refused.status_code, refused.json["code"]) == (422, "calendar_rows_bad")
    assert refused.json["errors"] == trial.json["errors"]
    listed: Any = login("office").get("/api/v1/office/calendars")
    assert not any(one["known"] for one in listed.json["items"])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "text/csv"),
        (b"\xff\xfe\x00", "text/csv"),
        (b"a,b,c\n1,2,3\n", "text/csv"),
        (b"name,date,isOffDay\n", "text/csv"),
        (b'name,date,isOffDay\n"x', "text/csv"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"year": 2027}', "application/json"),
        (b'{"year": "2027", "days": []}', "application/json"),
        (b'{"year": 20270, "days": []}', "application/json"),
        (b'{"year": true, "days": []}', "application/json"),
        (json.dumps({"year": 2027, "days": [{}] * 2_001}).encode(), "application/json"),
    ],
)
def test_what_is_no_calendar(login: Login, data: bytes, kind: str) -> None:
    for dry in (True, False):
        answer = upload(login, data, kind, dry=dry)
        assert (answer.status_code, answer.json["code"]) == (422, "calendar_unreadable")


def test_a_calendar_of_another_type(login: Login) -> None:
    answer = upload(login, GOOD.encode(), "application/pdf")
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")


def test_rows_that_are_no_objects_are_faults(login: Login) -> None:
    body = {"year": 2027, "days": ["2027-01-01", {"date": 1, "isOffDay": "x", "name": 2}, None]}
    answer = upload(login, json.dumps(body).encode(), "application/json", dry=True)
    assert answer.status_code == 200
    assert [one["row"] for one in answer.json["errors"]] == [1, 2, 2, 2, 3]


def test_an_uploaded_year_changes_the_board(
    login: Login, clock: FrozenClock, world: World, east: str
) -> None:
    clock.at = datetime(2027, 2, 12, 1, 0, tzinfo=UTC)
    path = "/api/v1/office/weeks/2027-W06"
    before: Any = login("office").get(path)
    assert before.json["weeks"][-1]["calendar_missing"] is True
    assert before.json["counts"]["open"] == 3
    days = [f"春节,2027-02-{day:02},true" for day in range(8, 15)]
    upload(login, ("name,date,isOffDay\n" + "\n".join(days) + "\n").encode())
    after: Any = login("office").get(path)
    assert after.json["weeks"][-1] == {
        "week": "2027-W06",
        "holiday": True,
        "calendar_missing": False,
    }
    assert after.json["counts"]["exempt"] == 3


def test_the_rule_is_changed_from_a_week_on(login: Login, session: Session, east: str) -> None:
    office = login("office")
    shown: Any = office.get("/api/v1/office/rule")
    assert shown.json["versions"] == [Rule().as_dict()]
    path, tag = "/api/v1/office/rule", {"If-Match": shown.headers["ETag"]}
    assert office.patch(path, json=RULE).status_code == 428
    assert office.patch(path, json=RULE, headers={"If-Match": '"9"'}).status_code == 412
    done: Any = office.patch(path, json=RULE, headers=tag)
    assert done.json["versions"] == [Rule().as_dict(), {"from_week": "2026-W48"} | RULE]
    # A second thought replaces what has not begun before it.
    later = RULE | {"need": 1, "from_week": "2026-W50"}
    tag = {"If-Match": done.headers["ETag"]}
    done = office.patch(path, json=later, headers=tag)
    tag = {"If-Match": done.headers["ETag"]}
    done = office.patch(path, json=RULE | {"from_week": "2026-W49"}, headers=tag)
    assert [one["from_week"] for one in done.json["versions"]] == [
        "2000-W01",
        "2026-W48",
        "2026-W49",
    ]
    entries = journal.for_subject(session, "office_rule", "rule")
    assert [one["data"]["after"]["from_week"] for one in entries] == [
        "2026-W48",
        "2026-W50",
        "2026-W49",
    ]
    history: Any = office.get("/api/v1/office/rule/history")
    assert [one["after"]["from_week"] for one in history.json["items"]] == [
        "2026-W49",
        "2026-W50",
        "2026-W48",
    ]
    assert history.json["items"][0]["by"] == "office"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"need": 0}, "validation_failed"),
        ({"need": 8}, "validation_failed"),
        ({"need": "1"}, "validation_failed"),
        ({"days": []}, "validation_failed"),
        ({"days": [0]}, "validation_failed"),
        ({"days": [8]}, "validation_failed"),
        ({"grace_hours": 25}, "validation_failed"),
        ({"from_week": "2026-W47"}, "rule_week_past"),
        ({"from_week": "2026-W99"}, "week_invalid"),
        ({"from_week": "soon"}, "week_invalid"),
    ],
)
def test_bad_rules(login: Login, east: str, change: dict[str, Any], code: str) -> None:
    answer: Any = login("office").patch(
        "/api/v1/office/rule", json=RULE | change, headers={"If-Match": "*"}
    )
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_duties(login: Login, world: World, session: Session, east: str) -> None:
    office = login("office")
    path = f"/api/v1/office/duties/{world.people['rep_a']}"
    shown: Any = office.get(path)
    assert shown.json == {
        "id": world.people["rep_a"],
        "office_id": None,
        "since": None,
        "rev": 0,
    }
    tag = {"If-Match": '"0"'}
    bad: Any = office.patch(path, json={"office_id": new_id()}, headers=tag)
    assert (bad.status_code, bad.json["code"]) == (404, "office_unknown")
    done: Any = office.patch(path, json={"office_id": east, "since": "2026-09-01"}, headers=tag)
    assert (done.json["office_id"], done.json["since"], done.json["rev"]) == (east, "2026-09-01", 1)
    told = READERS["office_duty"](session, world.actors["rep_a"], [world.people["rep_a"]])
    assert told == {world.people["rep_a"]: done.json}
    mine = [world.people["rep_a"]]
    assert READERS["office_duty"](session, world.actors["rep_b"], mine) == {}
    other: Any = office.get(f"/api/v1/office/duties/{world.people['sup_east']}")
    assert (other.status_code, other.json["code"]) == (422, "person_no_rep")
    assert office.get(f"/api/v1/office/duties/{new_id()}").status_code == 404


def test_nobody_is_bound_to_an_office_that_is_switched_off(
    login: Login, world: World, session: Session, east: str
) -> None:
    session.get_one(Office, east).active = False
    session.commit()
    path = f"/api/v1/office/duties/{world.people['rep_a']}"
    headers = {"If-Match": '"0"', "Accept-Language": "en"}
    bad: Any = login("office").patch(path, json={"office_id": east}, headers=headers)
    assert (bad.status_code, bad.json["code"]) == (422, "office_switched_off")
    assert "办公点E" in bad.json["title"]
    assert bad.json["field"] == "office_id"
    shown: Any = login("office").get(path)
    assert (shown.json["office_id"], shown.json["rev"]) == (None, 0)


def test_only_the_office_sets(login: Login, world: World) -> None:
    duty = f"/api/v1/office/duties/{world.people['rep_a']}"
    for who in ("rep_a", "sup_east"):
        client = login(who)
        assert client.patch("/api/v1/office/rule", json=RULE).status_code == 403
        assert client.post("/api/v1/office/calendars", json={}).status_code == 403
        assert client.patch(duty, json={}).status_code == 403
        assert client.get("/api/v1/office/rule").status_code == 200
