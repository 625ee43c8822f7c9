"""Choosing stores by region, chain or code, for features that work with many of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.accounts.queries import region_subtree
from server.kernel.auth import Actor
from server.stores.models import Store
from server.stores.queries import StoreRef, _refs, _visible, chunks


def visible_ids(actor: Actor) -> Select[tuple[str]]:
    """A subquery of the ids of the stores that the actor sees."""
    return select(Store.id).where(_visible(actor))


def visible_refs(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, StoreRef]:
    """Those of the stores that the actor sees, by id."""
    return _refs(session, ids, _visible(actor))


def active_in(
    session: Session, *, region_id: str | None = None, chain: str | None = None
) -> set[str]:
    """Ids of the active stores in a region's subtree, of a chain, or of both."""
    query = select(Store.id).where(Store.active)
    if region_id is not None:
        query = query.where(Store.region_id.in_(region_subtree(session, region_id)))
    if chain is not None:
        query = query.where(Store.chain == chain)
    return set(session.scalars(query))


def chains(session: Session) -> list[str]:
    """The names of all chains that have active stores."""
    query = select(Store.chain).where(Store.active, Store.chain != "").distinct()
    return sorted(session.scalars(query))


def ids_by_code(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Store id by code; unknown codes are left out."""
    return {
        row[0]: row[1]
        for part in chunks(codes)
        for row in session.execute(select(Store.code, Store.id).where(Store.code.in_(part)))
    }


def known_ids(session: Session, ids: Iterable[str]) -> set[str]:
    """Those of the ids that stores have."""
    return {
        found
        for part in chunks(ids)
        for found in session.scalars(select(Store.id).where(Store.id.in_(part)))
    }
