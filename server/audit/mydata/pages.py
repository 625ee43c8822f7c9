"""The pages of My data: how much there is of each kind, and the records themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts import retention
from server.audit.mydata import words
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.held import Section, sections


def overview(session: Session, actor: Actor) -> dict[str, Any]:
    """{sections: [{name, columns, total, oldest, newest}], retention: days by kind}."""
    found = [
        section.count(session, actor.user_id) | {"columns": list(section.columns)}
        for section in in_order()
    ]
    return {"sections": found, "retention": retention.page(session)["days"]}


def in_order() -> list[Section]:
    """Every kind of record, what matters most to people first; kinds without words come last."""
    places = {name: place for place, name in enumerate(words.SECTIONS)}
    return sorted(sections().values(), key=lambda one: places.get(one.name, len(places)))


def find_section(name: str) -> Section:
    """A kind of record by its name. Raises the problem not_found."""
    section = sections().get(name)
    if section is None:
        raise problems.NOT_FOUND.error(field="section")
    return section
