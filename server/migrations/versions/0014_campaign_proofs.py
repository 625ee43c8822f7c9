"""Handouts whose entry was reversed, photos that were complete before they were erased

Revision: 0014_campaign_proofs, after: 0013_campaign_seen
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_campaign_proofs"
down_revision = "0013_campaign_seen"
branch_labels = None
depends_on = None

# Reversals made until now. They are few, and the entry of a handout is found by its id.
_REVERSED = """
UPDATE handout SET reversed_at = (
    SELECT opposite.at FROM ledger_entry AS entry
    JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
    WHERE entry.handout_id = handout.id
)
WHERE id IN (
    SELECT entry.handout_id FROM ledger_entry AS entry
    JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
    WHERE entry.handout_id IS NOT NULL
)
"""


# Only what could be shown was ever compared with other photos.
_WAS_COMPLETE = """
UPDATE photo SET was_complete = (compared_by IS NOT NULL)
WHERE state = 'unreadable' AND problem = 'photo_erased'
"""


def upgrade() -> None:
    op.add_column("handout", sa.Column("reversed_at", sa.DateTime()))
    op.execute(_REVERSED)
    op.add_column("photo", sa.Column("was_complete", sa.Boolean()))
    op.execute(_WAS_COMPLETE)


def downgrade() -> None:
    with op.batch_alter_table("photo") as table:
        table.drop_column("was_complete")
    with op.batch_alter_table("handout") as table:
        table.drop_column("reversed_at")
