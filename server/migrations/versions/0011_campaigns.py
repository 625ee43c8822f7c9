"""Campaigns: their stores, plan and summaries

Revision: 0011_campaigns, after: 0010_replies
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_campaigns"
down_revision = "0010_replies"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("photo_kinds", sa.LargeBinary(), nullable=False),
        sa.Column("target_kind", sa.String(length=16), nullable=True),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name="ck_campaign_period"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name="fk_campaign_created_by_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
        sa.UniqueConstraint("code", name="uq_campaign_code"),
    )
    op.create_index("ix_campaign_state_last_day", "campaign", ["state", "last_day"])
    op.create_table(
        "campaign_store",
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("store_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_store_campaign_id_campaign"
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.id"], name="fk_campaign_store_store_id_store"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "store_id", name="pk_campaign_store"),
    )
    op.create_index(
        "ix_campaign_store_store_id_campaign_id", "campaign_store", ["store_id", "campaign_id"]
    )
    op.create_table(
        "campaign_material",
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("material_id", _ID, nullable=False),
        sa.Column("per_store", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_store > 0", name="ck_campaign_material_per_store_positive"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_material_campaign_id_campaign"
        ),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name="fk_campaign_material_material_id_material"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "material_id", name="pk_campaign_material"),
    )
    op.create_table(
        "campaign_summary",
        sa.Column("id", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("region_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_summary_campaign_id_campaign"
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name="fk_campaign_summary_region_id_region"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name="fk_campaign_summary_author_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_summary"),
        sa.UniqueConstraint(
            "campaign_id",
            "region_id",
            "version",
            name="uq_campaign_summary_campaign_id_region_id_version",
        ),
    )
    op.create_index("ix_handout_campaign_id_store_id", "handout", ["campaign_id", "store_id"])


def downgrade() -> None:
    op.drop_index("ix_handout_campaign_id_store_id", "handout")
    for table in ("campaign_summary", "campaign_material", "campaign_store", "campaign"):
        op.drop_table(table)
