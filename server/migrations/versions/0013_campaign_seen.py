"""What was seen of campaigns at their stores

Revision: 0013_campaign_seen, after: 0012_tasks
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_campaign_seen"
down_revision = "0012_tasks"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)


def upgrade() -> None:
    op.create_table(
        "campaign_seen",
        sa.Column("id", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("store_id", _ID, nullable=False),
        sa.Column("visit_id", _ID, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("materials", sa.LargeBinary(), nullable=False),
        sa.Column("photo_kinds", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_seen_campaign_id_campaign"
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_campaign_seen_store_id_store"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_campaign_seen_visit_id_visit"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name="fk_campaign_seen_author_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_seen"),
    )
    for columns in (["campaign_id", "store_id", "at"], ["visit_id"], ["author_id", "at"]):
        op.create_index(f"ix_campaign_seen_{'_'.join(columns)}", "campaign_seen", columns)


def downgrade() -> None:
    op.drop_table("campaign_seen")
