"""What reps answer, who looked at a visit, the journal by time, erased positions and pictures

Revision: 0010_replies, after: 0009_reviews
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_replies"
down_revision = "0009_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_journal_at_id", "journal", ["at", "id"])
    op.create_index("ix_photo_received_at", "photo", ["received_at"])
    op.create_index("ix_handout_signature_sha256", "handout", ["signature_sha256"])
    op.add_column("visit", sa.Column("erased_at", sa.DateTime(), nullable=True))
    op.add_column("office_check_in", sa.Column("erased_at", sa.DateTime(), nullable=True))
    op.create_table(
        "visit_reply",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.String(length=36), nullable=True),
        sa.Column("erased_at", sa.DateTime(), nullable=True),
        sa.Column("payload_digest", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_visit_reply_visit_id_visit")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_visit_reply_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_reply")),
    )
    for columns in (["visit_id", "received_at"], ["author_id", "received_at"], ["received_at"]):
        op.create_index(f"ix_visit_reply_{'_'.join(columns)}", "visit_reply", columns)
    op.create_table(
        "visit_view",
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("viewer_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_visit_view_visit_id_visit")
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["user_account.id"], name=op.f("fk_visit_view_viewer_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_visit_view_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("visit_id", "viewer_id", "day", name=op.f("pk_visit_view")),
    )
    op.create_index("ix_visit_view_author_id_day", "visit_view", ["author_id", "day"])
    op.create_index("ix_visit_view_day", "visit_view", ["day"])


def downgrade() -> None:
    op.drop_table("visit_view")
    op.drop_table("visit_reply")
    for table in ("office_check_in", "visit"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("erased_at")
    op.drop_index("ix_handout_signature_sha256", "handout")
    op.drop_index("ix_photo_received_at", "photo")
    op.drop_index("ix_journal_at_id", "journal")
