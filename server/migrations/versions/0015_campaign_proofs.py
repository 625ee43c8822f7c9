"""Handouts whose entry was reversed

Revision: 0015_campaign_proofs, after: 0013_campaign_seen
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_campaign_proofs"
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


def upgrade() -> None:
    op.add_column("handout", sa.Column("reversed_at", sa.DateTime()))
    op.execute(_REVERSED)


def downgrade() -> None:
    with op.batch_alter_table("handout") as table:
        table.drop_column("reversed_at")
