"""Reading people and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm import Session

from server.accounts.models import Region, User
from server.kernel import problems
from server.kernel.auth import Actor, Role
from server.kernel.bulk import Lookup
from server.kernel.clock import wire_time
from server.kernel.prepared import Prepared

_SUBTREE = Prepared(
    select(Region.id).where(
        Region.path.startswith(
            select(Region.path).where(Region.id == bindparam("region")).scalar_subquery()
        )
    )
)
_REGION_NAMES = Prepared(select(Region.id, Region.name))
_USER: Table = User.__table__  # type: ignore[assignment]  # declared wider than it is
_SHORT: Final = ("id", "name", "username", "role", "region_id")
_PEOPLE = Lookup(_USER.c.id, [_USER.c[name] for name in _SHORT])


def region_subtree(session: Session, region_id: str) -> frozenset[str]:
    """The region and all below it; empty if there is no such region."""
    return frozenset(row[0] for row in _SUBTREE(session, region=region_id))


def region_names(session: Session) -> dict[str, str]:
    """Name of every region by id."""
    return {row[0]: row[1] for row in _REGION_NAMES(session)}


def region_record(region: Region) -> dict[str, Any]:
    """A region as the API writes it."""
    return {
        "id": region.id,
        "parent_id": region.parent_id,
        "code": region.code,
        "name": region.name,
        "active": region.active,
        "rev": region.rev,
    }


def regions(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The regions that the actor sees, parents before children."""
    rows = session.scalars(
        select(Region).where(Region.id.in_(actor.region_ids)).order_by(Region.path)
    ).all()
    return sorted((region_record(row) for row in rows), key=_depth(rows))


def _depth(rows: Sequence[Region]) -> Any:
    depth = {row.id: (row.path.count("/"), row.code) for row in rows}
    return lambda record: depth[record["id"]]


def scope_regions(session: Session, actor: Actor, region_id: str | None) -> frozenset[str]:
    """The regions a list covers: the actor's own, narrowed to the subtree asked for.

    Raises the problem not_found if the region asked for lies outside.
    """
    if region_id is None:
        return actor.region_ids
    if not actor.sees_region(region_id):
        raise problems.NOT_FOUND.error(field="region")
    return region_subtree(session, region_id) & actor.region_ids


def anybody(session: Session) -> bool:
    """True once there is any person: the database is in use."""
    return session.scalar(select(User.id).limit(1)) is not None


def user_record(user: User, names: dict[str, str]) -> dict[str, Any]:
    """A person as the console sees them."""
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "role": user.role,
        "region_id": user.region_id,
        "region_name": names.get(user.region_id, ""),
        "phone": user.phone,
        "locale": user.locale,
        "active": user.active,
        "rev": user.rev,
    }


def own_record(session: Session, user_id: str) -> dict[str, Any]:
    """The logged-in person."""
    user = session.get_one(User, user_id)
    return user_record(user, region_names(session))


def people(
    session: Session,
    actor: Actor,
    *,
    region_id: str | None = None,
    role: str | None = None,
    q: str | None = None,
    active: bool | None = None,
) -> list[dict[str, Any]]:
    """People in the actor's scope by name. A rep sees only themselves."""
    query = select(User).where(User.region_id.in_(scope_regions(session, actor, region_id)))
    if actor.is_rep:
        query = query.where(User.id == actor.user_id)
    if role:
        query = query.where(User.role == role)
    if active is not None:
        query = query.where(User.active == active)
    if q:
        query = query.where(
            User.name.icontains(q, autoescape=True) | User.username.icontains(q, autoescape=True)
        )
    names = region_names(session)
    return [user_record(user, names) for user in session.scalars(query.order_by(User.username))]


def people_by_ids(session: Session, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Short records {id, name, username, role, region_id} by id, whatever the scope."""
    return {row["id"]: row for row in _PEOPLE(session, set(ids))}


def reps_in(session: Session, region_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Active reps of these regions, by name: {id, name, username, role, region_id}."""
    ids = session.scalars(
        select(User.id).where(
            User.region_id.in_(set(region_ids)), User.role == Role.REP, User.active
        )
    )
    return sorted(people_by_ids(session, ids).values(), key=lambda row: row["username"])


def rep_ids_in(region_ids: Iterable[str]) -> Select[tuple[str]]:
    """A subquery of the ids of all who are or were reps of these regions, also those who left."""
    return select(User.id).where(User.region_id.in_(set(region_ids)), User.role == Role.REP)


class RepRow(NamedTuple):
    """A rep as a list of thousands needs them."""

    id: str
    name: str
    username: str
    region_id: str


def rep_rows(
    session: Session, region_ids: Iterable[str], *, person_id: str | None = None
) -> list[RepRow]:
    """Active reps of these regions by user name, without an object for each; or one of them."""
    table = User.__table__.c
    query = select(table.id, table.name, table.username, table.region_id)
    query = query.where(
        table.region_id.in_(set(region_ids)), table.role == Role.REP.value, table.active
    )
    if person_id is not None:
        query = query.where(table.id == person_id)
    return [RepRow(*row) for row in session.execute(query.order_by(table.username)).tuples()]


def created_at(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """When these people's accounts were made, by id."""
    query = select(User.id, User.created_at).where(User.id.in_(ids))
    return dict(session.execute(query).tuples().all())


def locales(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """The languages that people have chosen, by id."""
    rows = session.execute(select(User.id, User.locale).where(User.id.in_(set(ids))))
    return {row[0]: row[1] for row in rows}


def supervisors_above(session: Session, region_id: str) -> list[User]:
    """Active supervisors of the region and of those above it."""
    path = session.scalar(select(Region.path).where(Region.id == region_id)) or ""
    above = [part for part in path.split("/") if part]
    return list(
        session.scalars(
            select(User).where(User.region_id.in_(above), User.role == Role.SUPERVISOR, User.active)
        )
    )


def colleagues(session: Session, region_id: str) -> list[str]:
    """Ids of the active reps whose own region this is."""
    query = select(User.id).where(User.region_id == region_id, User.role == Role.REP, User.active)
    return list(session.scalars(query.order_by(User.id)))


def read_people(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person, the supervisors above, the reps beside them."""
    visible = {actor.user_id} | {user.id for user in supervisors_above(session, actor.region_id)}
    if actor.is_rep:
        visible |= set(colleagues(session, actor.region_id))
    names = region_names(session)
    found = {}
    rows = session.scalars(select(User).where(User.id.in_(visible & set(ids))))
    for user in rows:
        found[user.id] = {
            "id": user.id,
            "name": user.name,
            "username": user.username,
            "role": user.role,
            "region_id": user.region_id,
            "region_name": names.get(user.region_id, ""),
            # Since when weeks count for them; what others have done is not told.
            "since": wire_time(user.created_at) if user.id == actor.user_id else None,
        }
    return found


READERS = {"person": read_people}
