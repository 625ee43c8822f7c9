"""Rules of the organisation, the bound of a visit's time, learned pins, and what is judged again

Revision: 0004_verdict, after: 0003_visit_complete
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_verdict"
down_revision = "0003_visit_complete"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.add_column("visit", sa.Column("time_error_s", sa.Float(), nullable=True))
    op.add_column("visit", sa.Column("close_step_s", sa.Float(), nullable=True))
    op.create_index("ix_visit_author_id_device_seq", "visit", ["author_id", "device_seq"])
    op.create_table(
        "organisation_rule",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_organisation_rule")),
    )
    op.create_table(
        "rejudge_due",
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.id"], name=op.f("fk_rejudge_due_store_id_store")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_rejudge_due")),
    )
    op.create_table(
        "store_pin",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("quality_m", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.id"], name=op.f("fk_store_pin_store_id_store")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_pin")),
    )
    op.create_index("ix_store_pin_store_id_until", "store_pin", ["store_id", "until"])
    op.create_table(
        "pin_proposal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("quality_m", sa.Float(), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("pin_lat", sa.Float(), nullable=False),
        sa.Column("pin_lon", sa.Float(), nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("reps", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.id"], name=op.f("fk_pin_proposal_store_id_store")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_proposal")),
    )
    op.create_index("ix_pin_proposal_store_id_state", "pin_proposal", ["store_id", "state"])
    op.create_index(
        "uq_pin_proposal_open",
        "pin_proposal",
        ["store_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_pin_proposal_state_distance_m", "pin_proposal", ["state", "distance_m"])


def downgrade() -> None:
    for table in ("pin_proposal", "store_pin", "rejudge_due", "organisation_rule"):
        op.drop_table(table)
    op.drop_index("ix_visit_author_id_device_seq", "visit")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        for name in ("close_step_s", "time_error_s"):
            batch_op.drop_column(name)
