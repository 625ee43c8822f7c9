"""Judging again: counted first, then written; after a pin by itself, after rules by command."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.accounts import organisation
from server.kernel import jobs, journal
from server.kernel.clock import FrozenClock
from server.stores import domain as stores
from server.stores.models import Store
from server.visits import rejudge
from server.visits.domain import judge_photos
from server.visits.flags import FindingKind, PhotoFinding
from server.visits.models import RejudgeDue, Visit, VisitJudgement
from server.visits.verdict import RULE_VERSION
from tests.server.conftest import World
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import PIN, Hand, applied, fix


def set_rules(session: Session, world: World, clock: FrozenClock, **values: float) -> None:
    organisation.change_rules(session, world.actors["office"], clock, values)
    session.commit()


def codes(session: Session, visit_id: str) -> list[str]:
    session.expire_all()
    return [flag["code"] for flag in session.get_one(Visit, visit_id).flags]


def test_the_rules_count_for_what_comes(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    set_rules(session, world, clock, radius_m=600, short_visit_s=60)
    visit = rep.check_in(store_id, seconds_ago=200, fix=fix(500))
    record = rep.check_out(visit, seconds_ago=100)
    assert record["verdict"] == "on_site"
    assert record["flags"] == []


def test_the_command_says_first_and_does_then(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock, app: Flask
) -> None:
    off = rep.check_in(store_id, seconds_ago=900, fix=fix(500))
    rep.check_out(off, seconds_ago=800)
    # A store with a radius of its own is not touched by the organisation's.
    own = add_store(session, world, clock, "OWN", "rep_a", radius_m=200.0)
    near = rep.check_in(own)
    session.execute(update(Visit).values(rule_version=1))
    session.commit()
    set_rules(session, world, clock, radius_m=600, short_visit_s=60)
    runner = app.test_cli_runner()
    said = runner.invoke(args=["storewalk", "rejudge"])
    assert said.exit_code == 0, said.output
    lines = [line.strip() for line in said.output.splitlines()]
    assert "Visits: 2, of which 1 change." in lines
    assert "off_site -> on_site: 1" in lines
    assert "off_site cleared: 1" in lines
    assert "short_visit cleared: 1" in lines
    assert "--apply" in lines[-1]
    assert codes(session, off) == ["off_site", "short_visit"]
    session.commit()
    done = runner.invoke(args=["storewalk", "rejudge", "--apply"])
    assert done.output.splitlines()[0] == "Visits: 2, of which 1 change."
    assert codes(session, off) == []
    old = session.scalars(select(VisitJudgement)).one()
    assert (old.visit_id, old.cause, old.rule_version) == (off, "rule_changed", 1)
    # Where nothing changed, it is known all the same that the newer rules said so.
    assert session.get_one(Visit, near).rule_version == RULE_VERSION
    entry = journal.for_subject(session, "organisation", "visits")[-1]
    assert entry["event"] == "visits.judged_again"
    assert entry["data"]["changed"] == 1
    session.commit()
    again = runner.invoke(args=["storewalk", "rejudge", "--apply"])
    assert again.output.splitlines()[0] == "Visits: 2, of which 0 change."


def test_the_command_takes_days(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock, app: Flask
) -> None:
    rep.check_in(store_id, seconds_ago=3 * 86_400, fix=fix(500))
    rep.check_in(store_id, fix=fix(500))
    set_rules(session, world, clock, radius_m=600)
    days = ["--from", "2026-11-23", "--to", "2026-11-23"]
    said = app.test_cli_runner().invoke(args=["storewalk", "rejudge", *days])
    assert said.output.splitlines()[0] == "Visits: 1, of which 1 change."


def test_judged_anew_is_what_was_judged_at_first(
    rep: Hand, session: Session, world: World, clock: FrozenClock
) -> None:
    near = add_store(session, world, clock, "N", "rep_a")
    far = add_store(session, world, clock, "F", "rep_a", lat=PIN[0] + 0.5)
    rep.check_in(near, seconds_ago=7_000, fix=fix(5))
    rep.check_in(far, seconds_ago=6_000, fix=fix(0.5 * 110_860))
    rep.check_in(far, seconds_ago=5_000, fix=fix(5))
    rep.check_in(near, seconds_ago=4_000, fix=fix(205))
    before = {row.id: (row.verdict, row.flags) for row in session.scalars(select(Visit))}
    assert sum(len(flags) for _, flags in before.values()) >= 4
    found = rejudge.rejudge_all(session, clock, write=True)
    assert (found.visits, found.changed) == (4, 0)
    session.expire_all()
    after = {row.id: (row.verdict, row.flags) for row in session.scalars(select(Visit))}
    assert after == before


def test_a_moved_pin_tells_also_on_the_neighbours(
    rep: Hand, session: Session, world: World, clock: FrozenClock
) -> None:
    near = add_store(session, world, clock, "N", "rep_a")
    # Its pin is wrong by 60 km: the fix made at its door fits it not, and so may be a glitch.
    wrong = add_store(session, world, clock, "W", "rep_a", lat=PIN[0] + 1.2)
    rep.check_in(wrong, seconds_ago=4_000, fix=fix(0.6 * 110_860))
    second = rep.check_in(near, seconds_ago=3_400, fix=fix(0))
    assert codes(session, second) == []
    office = world.actors["office"]
    store = session.get_one(Store, wrong)
    stores.change_store(session, office, clock, store, {"lat": PIN[0] + 0.6})
    session.commit()
    jobs.run_now(rejudge.REJUDGE)
    # It was no glitch, so nobody can have come from there in ten minutes.
    assert codes(session, second) == ["impossible_travel"]
    assert journal.for_subject(session, "visit", second)[-1]["actor_id"] == office.user_id


def test_a_lost_job_is_found_again(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    visit = rep.check_in(store_id, fix=fix(500))
    for radius in (300.0, 600.0):
        store = session.get_one(Store, store_id)
        stores.change_store(session, world.actors["office"], clock, store, {"radius_m": radius})
        session.commit()
    # Asked twice, due once.
    assert session.scalars(select(RejudgeDue.store_id)).all() == [store_id]
    session.commit()
    jobs.run_now(rejudge.REJUDGE)
    assert codes(session, visit) == []
    jobs.run_now(rejudge.REJUDGE)
    assert len(session.scalars(select(VisitJudgement)).all()) == 1


REUSED = PhotoFinding(FindingKind.REUSED, "p1", "v9", "p9", distance=3)
OLD = PhotoFinding(FindingKind.OLD, "p2", exif_gap_s=-200_000)


def closed(rep: Hand, store_id: str, photos: int | None) -> str:
    visit = rep.check_in(store_id, seconds_ago=1_000)
    payload = {"at": rep.ago(100), "fix": None} | ({} if photos is None else {"photos": photos})
    applied(rep.run(rep.op("visit.check_out", payload, visit))[0])
    return visit


@pytest.mark.parametrize(("photos", "expected"), [(None, []), (0, ["no_photo"]), (1, []), (5, [])])
def test_no_photo(
    rep: Hand, store_id: str, session: Session, photos: int | None, expected: list[str]
) -> None:
    assert codes(session, closed(rep, store_id, photos)) == expected


def test_an_organisation_that_wants_no_photos(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    set_rules(session, world, clock, photos_min=0)
    assert codes(session, closed(rep, store_id, 0)) == []


def test_findings_of_photos_are_flags(
    rep: Hand, store_id: str, session: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = closed(rep, store_id, 3)
    assert judge_photos(session, None, clock, {visit: [REUSED, OLD]}) == 1
    assert codes(session, visit) == ["photo_reused", "photo_old"]
    reused, old = session.get_one(Visit, visit).flags
    assert reused["refs"] == {"photo_id": "p1"}
    assert reused["numbers"] == {"photos": 1, "distance": 3}
    assert reused["words"]["zh-CN"] == "1 张照片与别处已有的几乎相同"
    assert old["numbers"] == {"photos": 1, "gap_s": 200_000, "limit_s": 86_400}
    # The same again is nothing new; the history has one judgement.
    assert judge_photos(session, None, clock, {visit: [REUSED, OLD]}) == 0
    assert [one.cause for one in session.scalars(select(VisitJudgement))] == ["photos"]
    # They outlive a new judgement of the position.
    with monkeypatch.context() as patched:
        patched.setattr(rejudge, "known_findings", lambda *_: {visit: [REUSED, OLD]})
        assert rejudge.rejudge_all(session, clock, write=True).changed == 0
    assert codes(session, visit) == ["photo_reused", "photo_old"]
    # What is no longer found is taken back.
    assert judge_photos(session, None, clock, {visit: []}) == 1
    assert codes(session, visit) == []


@pytest.mark.parametrize(
    ("distances", "words"),
    [((0,), "完全相同"), ((3, 5), "几乎相同"), ((0, 3), "相同或几乎相同")],
)
def test_no_photo_is_called_the_same_that_is_only_alike(
    rep: Hand, store_id: str, session: Session, clock: FrozenClock,
    distances: tuple[int, ...], words: str,
) -> None:  # fmt: skip
    visit = closed(rep, store_id, 3)
    found = [
        PhotoFinding(FindingKind.REUSED, f"p{number}", "v9", "p9", distance)
        for number, distance in enumerate(distances)
    ]
    judge_photos(session, None, clock, {visit: found})
    [flag] = session.get_one(Visit, visit, populate_existing=True).flags
    photos = len(distances)
    assert flag["words"]["zh-CN"] == f"{photos} 张照片与别处已有的{words}"


def test_a_gap_of_hours_is_a_time_zone_and_no_old_photo(
    rep: Hand, store_id: str, session: Session, clock: FrozenClock
) -> None:
    visit = closed(rep, store_id, 3)
    near = PhotoFinding(FindingKind.OLD, "p2", exif_gap_s=8 * 3_600)
    assert judge_photos(session, None, clock, {visit: [near]}) == 0


def test_who_knows_the_photos_is_asked_when_judging_again(
    rep: Hand, store_id: str, session: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = closed(rep, store_id, 3)
    with monkeypatch.context() as patched:
        patched.setattr(rejudge, "known_findings", lambda _, ids: {one: [REUSED] for one in ids})
        assert rejudge.rejudge_all(session, clock, write=True).raised == {"photo_reused": 1}
    assert codes(session, visit) == ["photo_reused"]
    # What nobody finds any more is taken back.
    assert rejudge.rejudge_all(session, clock, write=True).cleared == {"photo_reused": 1}
