"""Changing people and regions: the only write path, for the routes, the CLI and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.accounts import problems
from server.accounts.models import Region, User
from server.accounts.passwords import hash_password
from server.accounts.queries import colleagues, region_subtree, supervisors_above
from server.accounts.sessions import close_all
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ids import new_id


def create_region(
    session: Session, actor: Actor | None, clock: Clock, values: Mapping[str, Any]
) -> Region:
    """Add a region: {code, name, parent_id}. Raises region_code_taken, region_unknown."""
    parent_id = values.get("parent_id")
    parent = session.get(Region, parent_id) if parent_id else None
    if parent is None and (parent_id or session.scalar(select(Region.id).limit(1))):
        raise problems.REGION_UNKNOWN.error(field="parent_id")
    _code_free(session, values["code"], None)
    region_id = values.get("id") or new_id()
    region = Region(
        id=region_id,
        parent_id=parent_id,
        code=values["code"],
        name=values["name"],
        path=(parent.path if parent else "/") + region_id + "/",
        active=True,
        rev=1,
    )
    session.add(region)
    session.flush()
    journal.record(
        session,
        clock,
        actor,
        journal.Event.REGION_CREATED,
        "region",
        region_id,
        code=region.code,
        name=region.name,
    )
    return region


def change_region(
    session: Session, actor: Actor, clock: Clock, region: Region, values: Mapping[str, Any]
) -> Region:
    """Rename, re-code, move or switch off a region. Moving takes its subtree along.

    Raises region_code_taken, region_unknown, region_loop.
    """
    before = {key: getattr(region, key) for key in values}
    if "code" in values:
        _code_free(session, values["code"], region.id)
    if values.get("parent_id", region.parent_id) != region.parent_id:
        parent = session.get(Region, values["parent_id"])
        if parent is None:
            raise problems.REGION_UNKNOWN.error(field="parent_id")
        if parent.path.startswith(region.path):
            raise problems.REGION_LOOP.error(field="parent_id")
        old, new = region.path, f"{parent.path}{region.id}/"
        for row in session.scalars(select(Region).where(Region.path.startswith(old))):
            row.path = new + row.path[len(old) :]
    for key, value in values.items():
        setattr(region, key, value)
    region.rev += 1
    session.flush()
    journal.record(
        session,
        clock,
        actor,
        journal.Event.REGION_CHANGED,
        "region",
        region.id,
        before=before,
        after=dict(values),
    )
    return region


def _code_free(session: Session, code: str, own_id: str | None) -> None:
    taken = session.scalar(select(Region.id).where(Region.code == code))
    if taken is not None and taken != own_id:
        raise problems.REGION_CODE_TAKEN.error(field="code", code=code)


def create_person(
    session: Session,
    actor: Actor | None,
    clock: Clock,
    values: Mapping[str, Any],
    *,
    password_cost: str = "owasp",  # noqa: S107 -- names a profile
    password_hash: str | None = None,
) -> User:
    """Add a person: {username, name, role, region_id, password, phone, locale}.

    A ready hash may be given instead of a password. Raises username_taken, region_unknown,
    password_weak.
    """
    username = values["username"].strip().lower()
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise problems.USERNAME_TAKEN.error(field="username", username=username)
    _region_there(session, values["region_id"])
    user = User(
        id=values.get("id") or new_id(),
        username=username,
        name=values["name"],
        role=Role(values["role"]).value,
        region_id=values["region_id"],
        password_hash=password_hash or hash_password(values["password"], password_cost),
        phone=values.get("phone", ""),
        locale=values.get("locale", "zh-CN"),
        active=True,
        rev=1,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    _tell_phones(session, user)
    journal.record(
        session,
        clock,
        actor,
        journal.Event.PERSON_CREATED,
        "person",
        user.id,
        username=username,
        role=user.role,
        region_id=user.region_id,
    )
    return user


def change_person(
    session: Session,
    actor: Actor,
    clock: Clock,
    user: User,
    values: Mapping[str, Any],
    *,
    password_cost: str = "owasp",  # noqa: S107 -- names a profile
) -> User:
    """Change a person; a new password or switching off ends their log-ins.

    Raises username_taken, region_unknown, password_weak, own_account.
    """
    values = dict(values)
    password = values.pop("password", None)
    if user.id == actor.user_id and (
        values.get("active") is False or values.get("role", user.role) != user.role
    ):
        raise problems.OWN_ACCOUNT.error()
    if "username" in values:
        values["username"] = values["username"].strip().lower()
        taken = session.scalar(select(User.id).where(User.username == values["username"]))
        if taken is not None and taken != user.id:
            raise problems.USERNAME_TAKEN.error(field="username", username=values["username"])
    if "region_id" in values:
        _region_there(session, values["region_id"])
    before = {key: getattr(user, key) for key in values}
    # Those above the old region must forget the person, those above the new one learn of them.
    _tell_phones(session, user)
    for key, value in values.items():
        setattr(user, key, value)
    user.rev += 1
    if password is not None:
        user.password_hash = hash_password(password, password_cost)
        journal.record(session, clock, actor, journal.Event.PASSWORD_CHANGED, "person", user.id)
    session.flush()
    if password is not None or not user.active:
        close_all(session, clock, user.id)
    _tell_phones(session, user)
    if values:
        journal.record(
            session,
            clock,
            actor,
            journal.Event.PERSON_CHANGED,
            "person",
            user.id,
            before=before,
            after=values,
        )
    return user


def _region_there(session: Session, region_id: str) -> None:
    if session.get(Region, region_id) is None:
        raise problems.REGION_UNKNOWN.error(field="region_id")


def _tell_phones(session: Session, user: User) -> None:
    """Let the phones that show this person fetch them again."""
    if user.role == Role.SUPERVISOR:
        below = region_subtree(session, user.region_id)
        reps = session.scalars(
            select(User.id).where(User.region_id.in_(below), User.role == Role.REP)
        )
        for rep_id in reps:
            changes.touch(session, changes.user_scope(rep_id), "person", [user.id])
    scope = changes.user_scope(user.id)
    changes.touch(session, scope, "person", [user.id])
    if user.role == Role.REP:
        # Reps give material to each other, so each knows the names of the region's others.
        others = [one for one in colleagues(session, user.region_id) if one != user.id]
        changes.touch(session, scope, "person", others)
        for rep_id in others:
            changes.touch(session, changes.user_scope(rep_id), "person", [user.id])
    above = [other.id for other in supervisors_above(session, user.region_id)]
    changes.touch(session, scope, "person", above)


def set_locale(session: Session, actor: Actor, locale: str) -> None:
    """Remember the language a person chose. Raises validation_failed for an unknown one."""
    if locale not in common.LANGUAGES:
        raise common.VALIDATION_FAILED.error(field="locale")
    session.execute(update(User).where(User.id == actor.user_id).values(locale=locale))
