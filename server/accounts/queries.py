"""Reading people and regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Region, User
from server.kernel import problems
from server.kernel.auth import Actor, Role


def region_subtree(session: Session, region_id: str) -> frozenset[str]:
    """The region and all below it; empty if there is no such region."""
    own = select(Region.path).where(Region.id == region_id).scalar_subquery()
    return frozenset(session.scalars(select(Region.id).where(Region.path.startswith(own))))


def region_names(session: Session) -> dict[str, str]:
    """Name of every region by id."""
    return {row.id: row.name for row in session.execute(select(Region.id, Region.name))}


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
    rows = session.scalars(select(User).where(User.id.in_(set(ids))))
    return {
        row.id: {
            "id": row.id,
            "name": row.name,
            "username": row.username,
            "role": row.role,
            "region_id": row.region_id,
        }
        for row in rows
    }


def reps_in(session: Session, region_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Active reps of these regions, by name: {id, name, username, role, region_id}."""
    ids = session.scalars(
        select(User.id).where(
            User.region_id.in_(set(region_ids)), User.role == Role.REP, User.active
        )
    )
    return sorted(people_by_ids(session, ids).values(), key=lambda row: row["username"])


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
    for user_id, row in people_by_ids(session, visible & set(ids)).items():
        found[user_id] = row | {"region_name": names.get(row["region_id"], "")}
    return found


READERS = {"person": read_people}
