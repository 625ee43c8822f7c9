"""The contact with the server that a visit's and a photo's clock offset comes from

Revision: 0016_contact_at, after: 0015_closings
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_contact_at"
down_revision = "0015_closings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("contact_at", sa.DateTime(), nullable=True))
    op.add_column("photo", sa.Column("contact_at", sa.DateTime(), nullable=True))
    op.add_column("photo", sa.Column("monotonic_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_column("monotonic_ms")
        batch_op.drop_column("contact_at")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_column("contact_at")
