"""What a phone reports of itself: records that wait for a person, storage, how it was opened

Revision: 0002_sync_health, after: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_sync_health"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Yesterday's code goes on inserting rows without these: each is empty by itself.
    parked = sa.Column("parked", sa.LargeBinary(), server_default="[]", nullable=False)
    op.add_column("device", parked)
    op.add_column("device", sa.Column("storage", sa.LargeBinary(), nullable=True))
    op.add_column("device", sa.Column("standalone", sa.Boolean(), nullable=True))
    op.add_column("device", sa.Column("reported_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        for name in ("reported_at", "standalone", "storage", "parked"):
            batch_op.drop_column(name)
