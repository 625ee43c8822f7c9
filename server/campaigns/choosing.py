"""Which campaign a handout counts for, and whose phones hear of a campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.campaigns.models import Campaign, CampaignMaterial, CampaignStore, State
from server.kernel import changes
from server.kernel.bulk import Lookup
from server.kernel.clock import org_day
from server.kernel.turns import one_side_at_a_time
from server.stores.queries import current_reps

ENTITY = "campaign"
# Who gives a rep a store looks for its campaigns; who changes a campaign looks for the reps of its
# stores. At the same moment, neither would find the other's.
_WHO_HEARS = "campaigns and reps"
# Phones are told of these; what is closed leaves them.
TOLD = (State.RUNNING.value, State.ENDED.value)


@dataclass(frozen=True, slots=True)
class Fit:
    """A campaign that plans a material at a store in a period."""

    campaign_id: str
    code: str
    first: date
    last: date


Fits = Mapping[tuple[str, str], list[Fit]]


def fits_for(session: Session, store_ids: Collection[str], material_ids: Collection[str]) -> Fits:
    """The campaigns by (store id, material id), in one query. Drafts are not among them."""
    if not store_ids or not material_ids:
        return {}
    rows = session.execute(
        select(
            CampaignStore.store_id,
            CampaignMaterial.material_id,
            Campaign.id,
            Campaign.code,
            Campaign.first_day,
            Campaign.last_day,
        )
        .join(Campaign, Campaign.id == CampaignStore.campaign_id)
        .join(CampaignMaterial, CampaignMaterial.campaign_id == Campaign.id)
        .where(
            CampaignStore.store_id.in_(set(store_ids)),
            CampaignMaterial.material_id.in_(set(material_ids)),
            Campaign.state != State.DRAFT.value,
        )
    )
    found: dict[tuple[str, str], list[Fit]] = {}
    for store_id, material_id, *rest in rows:
        found.setdefault((store_id, material_id), []).append(Fit(*rest))
    return found


def names_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Code and name of campaigns in one text, by id."""
    if not ids:
        return {}
    rows = session.execute(
        select(Campaign.id, Campaign.code, Campaign.name).where(Campaign.id.in_(ids))
    )
    return {row[0]: f"{row[1]} {row[2]}" for row in rows}


def chosen(fits: Iterable[Fit], at: datetime, *, said: bool, wanted: str | None) -> str | None:
    """The campaign that a handout of that moment counts for.

    What the rep said is taken where it fits, and so is that it counts for none (said, and wanted
    None). Otherwise the one that ends first: its days are the scarcer ones.
    """
    if said and wanted is None:
        return None
    day = org_day(at)
    fitting = sorted(
        (one for one in fits if one.first <= day <= one.last), key=lambda one: (one.last, one.code)
    )
    if any(one.campaign_id == wanted for one in fitting):
        return wanted
    return fitting[0].campaign_id if fitting else None


_STORES: Table = CampaignStore.__table__  # type: ignore[assignment]  # declared wider than it is
_CAMPAIGN: Table = Campaign.__table__  # type: ignore[assignment]  # likewise
_AT_STORES = Lookup(_STORES.c.store_id, [_STORES.c.store_id, _STORES.c.campaign_id])
_STATES = Lookup(_CAMPAIGN.c.id, [_CAMPAIGN.c.id, _CAMPAIGN.c.state])


def _there(session: Session, store_ids: Iterable[str]) -> list[tuple[str, str]]:
    """(store id, campaign id) of what phones are told of. Each photo that arrives asks this."""
    rows = [(row[0], row[1]) for row in _AT_STORES.rows(session, set(store_ids))]
    states = {row[0]: row[1] for row in _STATES.rows(session, {row[1] for row in rows})}
    return [row for row in rows if states[row[1]] in TOLD]


def tell_of_stores(session: Session, store_ids: Collection[str], also: Iterable[str] = ()) -> None:
    """Something was done at stores: their reps' phones (and also's) fetch the campaigns again."""
    rows = _there(session, store_ids)
    if not rows:
        return
    reps = current_reps(session, {row[0] for row in rows})
    told: dict[str, set[str]] = {}
    for store_id, campaign_id in rows:
        for user_id in reps.get(store_id, set()) | set(also):
            told.setdefault(user_id, set()).add(campaign_id)
    for user_id, ids in told.items():
        changes.touch(session, changes.user_scope(user_id), ENTITY, sorted(ids))


def assignments_changed(session: Session, pairs: Collection[tuple[str, str]]) -> None:
    """Reps gained or lost stores, (store id, user id): their campaigns may have come or gone."""
    if not pairs:
        return
    one_side_at_a_time(session, _WHO_HEARS, together=True)
    at_store: dict[str, set[str]] = {}
    for store_id, campaign_id in _there(session, {pair[0] for pair in pairs}):
        at_store.setdefault(store_id, set()).add(campaign_id)
    for store_id, user_id in pairs:
        if store_id in at_store:
            ids = sorted(at_store[store_id])
            changes.touch(session, changes.user_scope(user_id), ENTITY, ids)


def tell_reps(session: Session, campaign_id: str, store_ids: Iterable[str]) -> None:
    """The campaign changed for these stores: the phones of their reps fetch it again."""
    one_side_at_a_time(session, _WHO_HEARS, together=False)
    reps = current_reps(session, store_ids)
    for user_id in sorted({user for users in reps.values() for user in users}):
        changes.touch(session, changes.user_scope(user_id), ENTITY, [campaign_id])
