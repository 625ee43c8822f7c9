"""A visit knows its closing's place among the phone's records; flags of closings are numbered

Revision: 0015_closings, after: 0014_campaign_proofs
"""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0015_closings"
down_revision = "0014_campaign_proofs"
branch_labels = None
depends_on = None

_VISIT = sa.table(
    "visit",
    sa.column("id", sa.String(36)),
    sa.column("state", sa.String(16)),
    sa.column("flags", sa.LargeBinary()),
    sa.column("flag_bits", sa.Integer()),
    sa.column("checked_in_at", sa.DateTime()),
    sa.column("device_id", sa.String(64)),
    sa.column("close_seq", sa.BigInteger()),
)
_JOURNAL = sa.table(
    "journal",
    sa.column("id", sa.BigInteger()),
    sa.column("at", sa.DateTime()),
    sa.column("event", sa.String(40)),
    sa.column("subject_id", sa.String(64)),
    sa.column("data", sa.LargeBinary()),
)
_ANSWERED_FOR = timedelta(days=30)
_CHANGE = sa.table("visit_day_change", sa.column("day", sa.Date()))
# The flag that calling a visit off may set, and its bit.
_CODE, _BIT = "clock_moved", 16
_AT_ONCE = 5_000
_PLACE = (
    sa.update(_VISIT)
    .where(_VISIT.c.id == sa.bindparam("visit"), _VISIT.c.device_id == sa.bindparam("phone"))
    .values(close_seq=sa.bindparam("seq"))
)


def upgrade() -> None:
    op.add_column("visit", sa.Column("close_seq", sa.BigInteger(), nullable=True))
    number_the_flags()
    place_the_closings()


def number_the_flags() -> None:
    """Calling a visit off wrote its flags and not their number."""
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


def place_the_closings() -> None:
    """Of the last weeks, which are the ones that answers still come to; the journal knows it."""
    connection = op.get_bind()
    last = connection.execute(sa.select(sa.func.max(_JOURNAL.c.at))).scalar()
    if last is None:
        return
    number, since = 0, last - _ANSWERED_FOR
    while True:
        query = (
            sa.select(_JOURNAL.c.id, _JOURNAL.c.subject_id, _JOURNAL.c.data)
            .where(
                _JOURNAL.c.id > number,
                _JOURNAL.c.at >= since,
                _JOURNAL.c.event.in_(["visit.checked_out", "visit.cancelled"]),
            )
            .order_by(_JOURNAL.c.id)
            .limit(_AT_ONCE)
        )
        rows = connection.execute(query).fetchall()
        if not rows:
            return
        number = rows[-1].id
        told = [(row.subject_id, json.loads(bytes(row.data))) for row in rows]
        places = [
            {"visit": visit_id, "phone": data["device_id"], "seq": data["device_seq"]}
            for visit_id, data in told
            if "device_id" in data and "device_seq" in data
        ]
        if places:
            connection.execute(_PLACE, places)


def downgrade() -> None:
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_column("close_seq")
