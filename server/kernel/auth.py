"""Who is asking and what they may see. Logging in itself is the accounts feature's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, request

from server.kernel import problems

_ACTOR = "storewalk.actor"
# Whose work a phone sends or asks for. The cookie is one for all tabs of a browser, and may have
# become another person's since the phone last asked who it is.
PERSON = "Storewalk-Person"
F = TypeVar("F", bound=Callable[..., Any])


class Role(StrEnum):
    """The three kinds of user."""

    REP = "rep"
    SUPERVISOR = "supervisor"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Actor:
    """The logged-in person. region_ids is the subtree that they may see."""

    user_id: str
    role: Role
    name: str
    region_id: str
    region_ids: frozenset[str]

    @property
    def is_rep(self) -> bool:
        """True for a rep."""
        return self.role is Role.REP

    @property
    def is_supervisor(self) -> bool:
        """True for a regional supervisor."""
        return self.role is Role.SUPERVISOR

    @property
    def is_office(self) -> bool:
        """True for the office."""
        return self.role is Role.OFFICE

    def sees_region(self, region_id: str) -> bool:
        """True if the region lies in the actor's subtree."""
        return region_id in self.region_ids


def needs(*roles: Role) -> Callable[[F], F]:
    """Let a route be called by these roles only; with none given, by anybody logged in.

    Raises the problems unauthenticated, other_person and forbidden.
    """

    def decorate(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if request.headers.get(PERSON, actor.user_id) != actor.user_id:
                raise problems.OTHER_PERSON.error()
            if roles and actor.role not in roles:
                raise problems.FORBIDDEN.error(roles=", ".join(roles))
            return view(*args, **kwargs)

        guarded.storewalk_roles = roles or tuple(Role)  # type: ignore[attr-defined]  # read by tests
        return guarded  # type: ignore[return-value]  # wraps keeps the signature

    return decorate


def public(view: F) -> F:
    """Mark a route as open to everybody; a test requires this or needs() on each route."""
    view.storewalk_roles = ()  # type: ignore[attr-defined]  # read by tests
    return view


def current_actor() -> Actor:
    """The actor of this request. Raises the problem unauthenticated if there is none."""
    # Kept with the request and not in g, which requests inside one app context share.
    if _ACTOR not in request.environ:
        request.environ[_ACTOR] = current_app.extensions["storewalk.authenticate"]()
    actor: Actor | None = request.environ[_ACTOR]
    if actor is None:
        raise problems.UNAUTHENTICATED.error()
    return actor
