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

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.accounts.queries import locales
from server.config import Settings, settings
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.jobs import periodic
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


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one browser."""

    notice_id: str
    subscription_id: str
    endpoint: str
    p256dh: str
    auth: str
    body: bytes


def claim(session: Session, now: datetime) -> list[Letter]:
    """Take the reminders that wait, so that no other worker sends them, and write their letters."""
    waiting = (
        select(OfficeNotice.id)
        .where(
            OfficeNotice.pushed_at.is_(None),
            OfficeNotice.at > now - FRESH,
            OfficeNotice.tries < TRIES_MAX,
        )
        .order_by(OfficeNotice.at)
        .limit(AT_ONCE)
    )
    rows = session.execute(
        update(OfficeNotice)
        .where(OfficeNotice.id.in_(waiting), OfficeNotice.pushed_at.is_(None))
        .values(pushed_at=now, tries=OfficeNotice.tries + 1)
        .returning(OfficeNotice.id, OfficeNotice.person_id, OfficeNotice.week)
    ).all()
    if not rows:
        return []
    people = {row.person_id for row in rows}
    short = load_short(session, people, {row.week for row in rows}, now)
    spoken = locales(session, people)
    browsers: dict[str, list[PushSubscription]] = {}
    found = session.scalars(select(PushSubscription).where(PushSubscription.person_id.in_(people)))
    for one in found:
        browsers.setdefault(one.person_id, []).append(one)
    return [
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


def deliver(letters: Sequence[Letter], rules: Settings) -> tuple[set[str], set[str]]:
    """Send them; (subscriptions that are gone, notices to be tried again)."""
    from pywebpush import WebPushException, webpush
    from requests import RequestException
    from requests import Session as HttpSession

    gone: set[str] = set()
    again: set[str] = set()
    with HttpSession() as http:
        # A push service answers by itself: a redirect could lead anywhere.
        http.max_redirects = 0
        http.trust_env = False
        for letter in letters:
            if letter.subscription_id in gone or not host_allowed(letter.endpoint, hosts(rules)):
                gone.add(letter.subscription_id)
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
                log.info("a push could not be delivered: %s", type(error).__name__)
                again.add(letter.notice_id)
    return gone, again


def hosts(rules: Settings) -> list[str]:
    """The push services that are known here."""
    return [one.strip() for one in rules.push_hosts.split(",") if one.strip()]


def push_waiting(session: Session, clock: Clock, rules: Settings) -> dict[str, Any]:
    """Send what waits: {letters, gone, again}. Nobody waits for our lock while we are sending."""
    letters = claim(session, clock.now())
    session.commit()
    gone, again = deliver(letters, rules) if letters else (set(), set())
    if gone:
        session.execute(delete(PushSubscription).where(PushSubscription.id.in_(gone)))
    if again:
        waits = OfficeNotice.id.in_(again)
        session.execute(update(OfficeNotice).where(waits).values(pushed_at=None))
    session.commit()
    return {"letters": len(letters), "gone": len(gone), "again": len(again)}


@periodic(PUSH_JOB, SWEEP_S)
def push_job() -> None:
    """Hand waiting reminders to the browsers."""
    push_waiting(db.session(), Clock(), settings())
