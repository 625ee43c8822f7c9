"""The map's sums by cell and day, a visit's flags as one number

Revision: 0006_map_sums, after: 0005_photo_evidence
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_map_sums"
down_revision = "0005_photo_evidence"
branch_labels = None
depends_on = None

_TIME = ("checked_in_at", "id", "morton", "region_id", "verdict", "flag_bits", "in_lat", "in_lon")
_MAP = (
    "morton",
    "checked_in_at",
    "region_id",
    "author_id",
    "verdict",
    "flag_bits",
    "in_lat",
    "in_lon",
)


def upgrade() -> None:
    op.add_column("visit", sa.Column("flag_bits", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_visit_map", "visit")
    op.create_index("ix_visit_map", "visit", list(_MAP))
    op.drop_index("ix_visit_checked_in_at_id", "visit")
    op.create_index("ix_visit_time", "visit", list(_TIME))
    op.create_table(
        "visit_day_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visit_day_change"),
    )
    op.create_index("ix_visit_day_change_day", "visit_day_change", ["day"])
    op.create_table(
        "map_sum",
        sa.Column("period", sa.SmallInteger(), autoincrement=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False),
        sa.Column("start", sa.Date()),
        sa.Column("cell", sa.BigInteger(), autoincrement=False),
        sa.Column("region_id", sa.String(36)),
        sa.Column("verdict", sa.String(16)),
        sa.Column("flag_bits", sa.Integer(), autoincrement=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("lat_sum", sa.Float(), nullable=False),
        sa.Column("lon_sum", sa.Float(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("morton", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "period",
            "level",
            "start",
            "cell",
            "region_id",
            "verdict",
            "flag_bits",
            name="pk_map_sum",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "map_period",
        sa.Column("period", sa.SmallInteger(), autoincrement=False),
        sa.Column("start", sa.Date()),
        sa.PrimaryKeyConstraint("period", "start", name="pk_map_period"),
    )
    _number_the_flags()


def _number_the_flags() -> None:
    """Flags as they are, as numbers; every day with visits waits to be added up."""
    import json

    bits = {
        "off_site": 1,
        "uncertain": 2,
        "unverifiable": 4,
        "low_accuracy": 8,
        "short_visit": 128,
    }
    connection = op.get_bind()
    last = ""
    while True:
        rows = connection.execute(
            sa.text("SELECT id, flags FROM visit WHERE id > :last ORDER BY id LIMIT 5000"),
            {"last": last},
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        numbers = [
            {"id": row[0], "bits": sum(bits[code] for code in codes)}
            for row in rows
            if (codes := {flag["code"] for flag in json.loads(bytes(row[1]))} & bits.keys())
        ]
        if numbers:
            connection.execute(
                sa.text("UPDATE visit SET flag_bits = :bits WHERE id = :id"), numbers
            )


def downgrade() -> None:
    for name in ("map_period", "map_sum", "visit_day_change"):
        op.drop_table(name)
    op.drop_index("ix_visit_time", "visit")
    op.create_index("ix_visit_checked_in_at_id", "visit", ["checked_in_at", "id"])
    op.drop_index("ix_visit_map", "visit")
    op.create_index("ix_visit_map", "visit", [name for name in _MAP if name != "flag_bits"])
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_column("flag_bits")
