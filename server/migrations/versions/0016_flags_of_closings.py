"""Visits called off have the number of the flags that they got then

Revision: 0016_flags_of_closings, after: 0013_campaign_seen
"""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0016_flags_of_closings"
down_revision = "0013_campaign_seen"
branch_labels = None
depends_on = None

_VISIT = sa.table(
    "visit",
    sa.column("id", sa.String(36)),
    sa.column("state", sa.String(16)),
    sa.column("flags", sa.LargeBinary()),
    sa.column("flag_bits", sa.Integer()),
    sa.column("checked_in_at", sa.DateTime()),
)
_CHANGE = sa.table("visit_day_change", sa.column("day", sa.Date()))
# The flag that calling a visit off may set, and its bit.
_CODE, _BIT = "clock_moved", 16
_AT_ONCE = 5_000


def upgrade() -> None:
    connection = op.get_bind()
    days = set()
    last = ""
    while True:
        query = (
            sa.select(_VISIT.c.id, _VISIT.c.flags, _VISIT.c.flag_bits, _VISIT.c.checked_in_at)
            .where(_VISIT.c.id > last, _VISIT.c.state == "cancelled")
            .order_by(_VISIT.c.id)
            .limit(_AT_ONCE)
        )
        rows = connection.execute(query).fetchall()
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            codes = {flag["code"] for flag in json.loads(bytes(row.flags))}
            if _CODE not in codes or row.flag_bits & _BIT:
                continue
            mended = sa.update(_VISIT).where(_VISIT.c.id == row.id)
            connection.execute(mended.values(flag_bits=row.flag_bits | _BIT))
            # Whatever the organisation's zone is, its day is one of these.
            days |= {(row.checked_in_at + timedelta(days=shift)).date() for shift in (-1, 0, 1)}
    if days:
        connection.execute(sa.insert(_CHANGE), [{"day": day} for day in sorted(days)])


def downgrade() -> None:
    """The numbers are right: nothing is taken back."""
