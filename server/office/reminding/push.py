"""Handing reminders to people's browsers by Web Push.

The reminder itself stands in our table and reaches the app with the feed; a push only makes the
phone show it earlier. So a push that cannot be delivered is tried a few times and then let be.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from server.accounts.queries import locales
from server.config import Settings, settings
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.http import clock as app_clock
from server.kernel.jobs import enqueue, periodic
from server.office.models import OfficeNotice, PushSubscription
from server.office.reminding.domain import PUSH_JOB, host_allowed
from server.office.reminding.keys import key_file
from server.office.reminding.letters import load_short

log = logging.getLogger(__name__)

TRIES_MAX: Final = 5
AT_ONCE: Final = 100
# Yesterday's reminder would come as a surprise.
FRESH: Final = timedelta(hours=12)
TIMEOUT_S: Final = 10.0
SWEEP_S: Final = 300.0
_GONE: Final = frozenset({404, 410})

# The last reminder of a run: when it was written, and its id.
After = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one browser."""

    notice_id: str
    subscription_id: str
    endpoint: str
    p256dh: str
    auth: str
    body: bytes


def claim(
    session: Session, now: datetime, after: After | None = None
) -> tuple[list[Letter], After | None]:
    """Take some of the reminders that wait, so that no other worker sends them.

    Oldest first, those after the one named; of people who have let a browser be notified. Returns
    their letters, and the last reminder taken where more may wait behind it.
    """
    has_browser = exists().where(PushSubscription.person_id == OfficeNotice.person_id)
    waiting = (
        select(OfficeNotice.id)
        .where(
            OfficeNotice.pushed_at.is_(None),
            OfficeNotice.at > now - FRESH,
            OfficeNotice.tries < TRIES_MAX,
            has_browser,
        )
        .order_by(OfficeNotice.at, OfficeNotice.id)
        .limit(AT_ONCE)
    )
    if after is not None:
        at, last_id = after
        later = and_(OfficeNotice.at == at, OfficeNotice.id > last_id)
        waiting = waiting.where(or_(OfficeNotice.at > at, later))
    rows = session.execute(
        update(OfficeNotice)
        .where(OfficeNotice.id.in_(waiting), OfficeNotice.pushed_at.is_(None))
        .values(pushed_at=now, tries=OfficeNotice.tries + 1)
        .returning(OfficeNotice.id, OfficeNotice.person_id, OfficeNotice.week, OfficeNotice.at)
    ).all()
    if not rows:
        return [], None
    people = {row.person_id for row in rows}
    short = load_short(session, people, {row.week for row in rows}, now)
    spoken = locales(session, people)
    browsers: dict[str, list[PushSubscription]] = {}
    found = session.scalars(select(PushSubscription).where(PushSubscription.person_id.in_(people)))
    for one in found:
        browsers.setdefault(one.person_id, []).append(one)
    letters = [
        Letter(
            row.id,
            one.id,
            one.endpoint,
            one.p256dh,
            one.auth,
            short.body(row.person_id, row.week, spoken.get(row.person_id, "zh-CN")),
        )
        for row in rows
        for one in browsers.get(row.person_id, ())
    ]
    return letters, max((row.at, row.id) for row in rows) if len(rows) == AT_ONCE else None


def deliver(letters: Sequence[Letter], rules: Settings) -> tuple[set[str], set[str]]:
    """Send them; (subscriptions that are gone, notices to be tried again)."""
    from pywebpush import WebPushException, webpush
    from requests import RequestException
    from requests import Session as HttpSession

    gone: set[str] = set()
    again: set[str] = set()
    # Where nobody answers, one is waited for and not a hundred: other jobs wait meanwhile.
    silent: set[str] = set()
    with HttpSession() as http:
        # A push service answers by itself: a redirect could lead anywhere.
        http.max_redirects = 0
        http.trust_env = False
        for letter in letters:
            if letter.subscription_id in gone or not host_allowed(letter.endpoint, hosts(rules)):
                gone.add(letter.subscription_id)
                continue
            host = urlsplit(letter.endpoint).netloc
            if host in silent:
                again.add(letter.notice_id)
                continue
            keys = {"p256dh": letter.p256dh, "auth": letter.auth}
            try:
                webpush(
                    {"endpoint": letter.endpoint, "keys": keys},
                    letter.body,
                    vapid_private_key=str(key_file(rules.data_dir)),
                    vapid_claims={"sub": rules.origin or "mailto:push@storewalk.invalid"},
                    ttl=int(FRESH.total_seconds()),
                    timeout=TIMEOUT_S,
                    requests_session=http,
                )
            except WebPushException as error:
                status = getattr(error.response, "status_code", 0)
                (gone if status in _GONE else again).add(
                    letter.subscription_id if status in _GONE else letter.notice_id
                )
                log.info("a push was answered with %s", status)
            except (RequestException, ValueError, OSError) as error:
                # ValueError: keys that are none; they stay until the service says it is gone.
                if isinstance(error, OSError):
                    silent.add(host)
                log.info("a push could not be delivered: %s", type(error).__name__)
                again.add(letter.notice_id)
    return gone, again


def hosts(rules: Settings) -> list[str]:
    """The push services that are known here."""
    return [one.strip() for one in rules.push_hosts.split(",") if one.strip()]


def push_waiting(
    session: Session, clock: Clock, rules: Settings, after: After | None = None
) -> dict[str, Any]:
    """Send some of what waits: {letters, gone, again}. Nobody waits for our lock meanwhile.

    Where more waits behind them, the job is queued once more to go on there: so requests and other
    jobs come in between. Not where nothing got through; the next sweep tries again.
    """
    letters, last = claim(session, clock.now(), after)
    session.commit()
    gone, again = deliver(letters, rules) if letters else (set(), set())
    if gone:
        session.execute(delete(PushSubscription).where(PushSubscription.id.in_(gone)))
    if again:
        waits = OfficeNotice.id.in_(again)
        session.execute(update(OfficeNotice).where(waits).values(pushed_at=None))
    if last is not None and any(one.notice_id not in again for one in letters):
        at, last_id = last
        enqueue(session, PUSH_JOB, at.isoformat(), last_id)
    session.commit()
    return {"letters": len(letters), "gone": len(gone), "again": len(again)}


@periodic(PUSH_JOB, SWEEP_S)
def push_job(at: str | None = None, last_id: str = "") -> None:
    """Hand waiting reminders to the browsers, those after the one named."""
    after = (datetime.fromisoformat(at), last_id) if at else None
    push_waiting(db.session(), app_clock(), settings(), after)
