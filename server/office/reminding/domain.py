"""Reminders, the browsers they are pushed to, and the private calendar feed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.accounts.queries import rep_rows
from server.kernel import changes, jobs, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_day
from server.kernel.ids import new_id
from server.office import problems
from server.office.calendar import parse_week
from server.office.models import OfficeFeed, OfficeNotice, PushSubscription
from server.office.weeks.board import BoardFilters, make_board
from server.office.weeks.rule import WeekState

PUSH_JOB: Final = "office.push"
SUBSCRIPTIONS_MAX: Final = 10
# Who can be reminded at once: those due today, or all whose week is still open.
WHO: Final = ("due", "open")


def remind(
    session: Session,
    actor: Actor,
    clock: Clock,
    week: str,
    *,
    person_id: str | None,
    who: str | None,
    region: str | None = None,
) -> dict[str, int]:
    """Remind one rep, or all who are due or open: {sent, already}.

    Who is due is reminded of the week that is short: on a Monday that may be the one before.
    Nobody is reminded of a week twice a day. Raises week_invalid, and not_found out of scope.
    """
    if person_id is not None:
        if not rep_rows(session, actor.region_ids, person_id=person_id):
            raise common.NOT_FOUND.error(field="person_id")
        by_week = {parse_week(week).name: [person_id]}
    else:
        wanted = BoardFilters(
            region=region,
            due=who == "due",
            state=WeekState.OPEN.value if who == "open" else None,
        )
        board = make_board(session, actor, clock, week, wanted)
        by_week = {}
        for line in board.lines:
            short = line.standing.due_week if who == "due" else None
            by_week.setdefault(short or board.plans[-1].name, []).append(line.rep.id)
    sent = sum(_write(session, actor, clock, name, people) for name, people in by_week.items())
    return {"sent": sent, "already": sum(map(len, by_week.values())) - sent}


def _write(session: Session, actor: Actor, clock: Clock, week: str, people: Sequence[str]) -> int:
    today, now = org_day(clock.now()), clock.now()
    told = set(
        session.scalars(
            select(OfficeNotice.person_id).where(
                OfficeNotice.week == week, OfficeNotice.day == today
            )
        )
    )
    rows = [
        OfficeNotice(
            # The same id for the same reminder: two who press at once write one.
            id=str(uuid5(UUID(one), f"{week} {today}")),
            person_id=one,
            week=week,
            day=today,
            sent_by=actor.user_id,
            at=now,
            tries=0,
        )
        for one in people
        if one not in told
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        changes.touch(session, changes.user_scope(row.person_id), "office_notice", [row.id])
    event = journal.Event.OFFICE_REMINDED
    said = [(event, "person", row.person_id, {"week": week, "notice": row.id}) for row in rows]
    journal.record_many(session, clock, actor, said)
    if rows:
        jobs.enqueue(session, PUSH_JOB)
    return len(rows)


def host_allowed(endpoint: str, hosts: Iterable[str]) -> bool:
    """True for an address of a push service that is known here.

    The server will send requests to it, so a browser may not name just any. A host that begins
    with a dot stands for all below it; http is only for a host of this very machine.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in hosts)
    if parts.scheme == "http":
        return known and host == "127.0.0.1"
    return known and parts.scheme == "https" and port in {None, 443}


def subscribe(
    session: Session,
    actor: Actor,
    clock: Clock,
    hosts: Iterable[str],
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
) -> str:
    """Let a browser be notified; returns the subscription's id, the same for the same browser.

    It belongs to whoever asked last: a phone that changes hands must not tell the one before.
    Raises push_endpoint_refused.
    """
    if not host_allowed(endpoint, hosts):
        host = urlsplit(endpoint).netloc[:80] if "://" in endpoint else endpoint[:80]
        raise problems.PUSH_ENDPOINT_REFUSED.error(field="endpoint", host=host)
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    row = session.scalar(select(PushSubscription).where(PushSubscription.endpoint_hash == digest))
    if row is None:
        row = PushSubscription(id=new_id(), endpoint=endpoint, endpoint_hash=digest)
    row.person_id, row.p256dh, row.auth = actor.user_id, p256dh, auth
    row.created_at = clock.now()
    session.add(row)
    session.flush()
    _drop_oldest(session, actor.user_id)
    journal.record(
        session,
        clock,
        actor,
        journal.Event.PUSH_SUBSCRIBED,
        "person",
        actor.user_id,
        browser=row.id,
    )
    return row.id


def _drop_oldest(session: Session, person_id: str) -> None:
    # Browsers forget to say that they are gone; nobody has so many.
    ids = session.scalars(
        select(PushSubscription.id)
        .where(PushSubscription.person_id == person_id)
        .order_by(PushSubscription.created_at.desc(), PushSubscription.id.desc())
    ).all()
    gone = ids[SUBSCRIPTIONS_MAX:]
    if gone:
        session.execute(delete(PushSubscription).where(PushSubscription.id.in_(gone)))


def unsubscribe(session: Session, actor: Actor, clock: Clock, subscription_id: str) -> None:
    """Stop notifying a browser of the actor's own. Raises not_found."""
    row = session.get(PushSubscription, subscription_id)
    if row is None or row.person_id != actor.user_id:
        raise common.NOT_FOUND.error()
    session.delete(row)
    event = journal.Event.PUSH_UNSUBSCRIBED
    journal.record(session, clock, actor, event, "person", actor.user_id, browser=row.id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_feed(session: Session, actor: Actor, clock: Clock) -> str:
    """Make a new token for the person's calendar; an earlier one is void. It is told only now."""
    token = secrets.token_urlsafe(32)
    row = session.get(OfficeFeed, actor.user_id) or OfficeFeed(person_id=actor.user_id)
    row.token_hash, row.created_at = _hash(token), clock.now()
    session.add(row)
    event = journal.Event.OFFICE_FEED_OPENED
    journal.record(session, clock, actor, event, "person", actor.user_id)
    return token


def close_feed(session: Session, actor: Actor, clock: Clock) -> None:
    """Make the person's calendar address void."""
    row = session.get(OfficeFeed, actor.user_id)
    if row is not None:
        session.delete(row)
        event = journal.Event.OFFICE_FEED_CLOSED
        journal.record(session, clock, actor, event, "person", actor.user_id)


def has_feed(session: Session, actor: Actor) -> bool:
    """True if there is an address that works."""
    return session.get(OfficeFeed, actor.user_id) is not None


def feed_owner(session: Session, token: str) -> str:
    """Whose calendar a token opens. Raises not_found."""
    query = select(OfficeFeed.person_id).where(OfficeFeed.token_hash == _hash(token))
    found = session.scalar(query)
    if found is None:
        raise common.NOT_FOUND.error()
    return found


def subscription_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The browsers of a person that are notified: {id}."""
    rows = session.scalars(
        select(PushSubscription.id).where(PushSubscription.person_id == actor.user_id)
    )
    return [{"id": one} for one in rows]
