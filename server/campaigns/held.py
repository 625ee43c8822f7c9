"""What this feature holds about a person: what they saw of campaigns at stores."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.campaigns.models import Campaign
from server.campaigns.seen.models import CampaignSeen
from server.kernel.held import Section, tell_of
from server.stores.held import name_stores

_SEEN: Table = CampaignSeen.__table__  # type: ignore[assignment]  # declared wider than it is


def _name_campaigns(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = {item["campaign_id"] for item in items}
    query = select(Campaign.id, Campaign.name).where(Campaign.id.in_(wanted))
    names = {row.id: row.name for row in session.execute(query)}
    for item in items:
        item["campaign_name"] = names.get(item["campaign_id"])
    return name_stores(session, items)


SECTIONS: Final = (
    tell_of(
        Section(
            "campaign_seen",
            lambda user_id: select(_SEEN).where(_SEEN.c.author_id == user_id),
            _SEEN.c.at,
            _SEEN.c.id,
            ("at", "store_name", "campaign_name", "note"),
            _name_campaigns,
        )
    ),
)
