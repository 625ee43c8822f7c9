"""Pull: what changed since the phone's cursor, in the order in which it was committed.

The cursor is opaque: the generation of the feed, and the last numbers seen in the scope of
everybody and in the person's own. A record that is gone, or has left the person's scope, comes as a
tombstone (record null).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from server.accounts.queries import READERS as PEOPLE_READERS
from server.audit.answers.queries import READERS as ANSWER_READERS
from server.audit.reviews.domain import READERS as REVIEW_READERS
from server.campaigns.queries import READERS as CAMPAIGN_READERS
from server.campaigns.seen.queries import READERS as SEEN_READERS
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.changes import (
    FIRST_GENERATION,
    GENERATION,
    ORG,
    changes_after,
    last_numbers,
    user_scope,
)
from server.kernel.clock import Clock, wire_time
from server.kernel.ops import Reader
from server.kernel.paging import decode_cursor, encode_cursor
from server.materials.queries import READERS as MATERIAL_READERS
from server.materials.stock.feed import READERS as STOCK_READERS
from server.office.queries import READERS as OFFICE_READERS
from server.office.weeks.facts import READERS as WEEK_READERS
from server.photos.queries import READERS as PHOTO_READERS
from server.stores.queries import READERS as STORE_READERS
from server.tasks.queries import READERS as TASK_READERS
from server.visits.queries import READERS as VISIT_READERS

READERS: Final[Mapping[str, Reader]] = (
    PEOPLE_READERS
    | STORE_READERS
    | VISIT_READERS
    | PHOTO_READERS
    | MATERIAL_READERS
    | STOCK_READERS
    | OFFICE_READERS
    | WEEK_READERS
    | REVIEW_READERS
    | ANSWER_READERS
    | CAMPAIGN_READERS
    | SEEN_READERS
    | TASK_READERS
)


def pull(session: Session, actor: Actor, clock: Clock, cursor: str | None, limit: int) -> bytes:
    """The JSON of the next page. Raises validation_failed for a cursor that is not this person's.

    A cursor of another generation, or a number from the future, means that the server was restored
    from a backup: it is then told from the beginning, which brings both sides together again.
    """
    scopes = (ORG, user_scope(actor.user_id))
    last = last_numbers(session, (GENERATION, *scopes))
    generation = last.get(GENERATION, FIRST_GENERATION)
    seen = dict.fromkeys(scopes, 0)
    if cursor is not None:
        told_in, numbers = _read(actor, cursor)
        if told_in == generation:
            known = zip(scopes, numbers, strict=True)
            seen = {scope: one if one <= last.get(scope, 0) else 0 for scope, one in known}
    rows: list[tuple[str, str, bool]] = []
    more = False
    for scope in scopes:
        room = limit - len(rows)
        found = changes_after(session, scope, seen[scope], room + 1)
        if len(found) > room:
            more, found = True, found[:room]
        if found:
            seen[scope] = found[-1][0]
        rows += [(entity, record_id, deleted) for _, entity, record_id, deleted in found]
    return orjson.dumps(
        {
            "cursor": encode_cursor(generation, actor.user_id, *(seen[scope] for scope in scopes)),
            "more": more,
            "server_time": wire_time(clock.now()),
            "changes": _records(session, actor, rows),
        }
    )


def _read(actor: Actor, cursor: str) -> tuple[int, list[int]]:
    """The generation and the numbers of a cursor."""
    generation, user_id, *numbers = decode_cursor(cursor, 4)
    whole = all(type(one) is int for one in (generation, *numbers))
    if user_id != actor.user_id or not whole:
        raise problems.VALIDATION_FAILED.error(field="cursor")
    return generation, numbers


def _records(
    session: Session, actor: Actor, rows: list[tuple[str, str, bool]]
) -> list[dict[str, Any]]:
    wanted: dict[str, list[str]] = {}
    for entity, record_id, deleted in rows:
        if not deleted:
            wanted.setdefault(entity, []).append(record_id)
    found = {entity: READERS[entity](session, actor, ids) for entity, ids in wanted.items()}
    return [
        {
            "entity": entity,
            "id": record_id,
            "record": None if deleted else found[entity].get(record_id),
        }
        for entity, record_id, deleted in rows
    ]
