"""When a visit became whole, and how many photos its phone announced

Revision: 0003_visit_complete, after: 0002_sync_health
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_visit_complete"
down_revision = "0002_sync_health"
branch_labels = None
depends_on = None

_OPEN = sa.text("complete_at IS NULL AND state = 'completed'")


def upgrade() -> None:
    op.add_column("visit", sa.Column("photos_said", sa.Integer(), nullable=True))
    op.add_column("visit", sa.Column("complete_at", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_visit_incomplete", "visit", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    op.drop_index("ix_visit_incomplete", "visit")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        for name in ("complete_at", "photos_said"):
            batch_op.drop_column(name)
