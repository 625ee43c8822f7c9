"""Reviews of doubtful visits: decisions, bulks, the blind re-audit

Revision: 0009_reviews, after: 0008_ledger
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_reviews"
down_revision = "0008_ledger"
branch_labels = None
depends_on = None

_DOUBTFUL = sa.text("(flag_bits <> 0 OR verdict <> 'on_site')")
_ID = sa.String(36)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(
        "ix_visit_doubtful",
        "visit",
        ["checked_in_at", "id"],
        sqlite_where=_DOUBTFUL,
        postgresql_where=_DOUBTFUL,
    )
    op.create_table(
        "review_entry",
        sa.Column("seq", _BIG_ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("visit_id", _ID, nullable=False),
        sa.Column("actor_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("flag_bits", sa.Integer(), nullable=False),
        sa.Column("undoes", _ID, nullable=True),
        sa.Column("bulk_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_review_entry_visit_id_visit"),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name="fk_review_entry_actor_id_user_account"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_review_entry"),
        sa.UniqueConstraint("id", name="uq_review_entry_id"),
    )
    op.create_index("ix_review_entry_visit_id_seq", "review_entry", ["visit_id", "seq"])
    op.create_index("ix_review_entry_bulk_id", "review_entry", ["bulk_id"])
    op.create_table(
        "visit_review",
        sa.Column("visit_id", _ID, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("store_id", _ID, nullable=False),
        sa.Column("region_id", _ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("entry_id", _ID, nullable=True),
        sa.Column("actor_id", _ID, nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("flag_bits", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_visit_review_visit_id_visit"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_visit_review"),
    )
    for columns in (
        ["state", "decided_at"],
        ["author_id", "state", "decided_at"],
        ["store_id", "state"],
    ):
        op.create_index(f"ix_visit_review_{'_'.join(columns)}", "visit_review", columns)
    op.create_table(
        "review_bulk",
        sa.Column("id", _ID, nullable=False),
        sa.Column("actor_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("filters", sa.LargeBinary(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("by_flag", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("kept", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name="fk_review_bulk_actor_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_bulk"),
    )
    op.create_index("ix_review_bulk_actor_id", "review_bulk", ["actor_id"])
    op.create_table(
        "reaudit_sample",
        sa.Column("id", _ID, nullable=False),
        sa.Column("actor_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("region_id", _ID, nullable=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name="fk_reaudit_sample_actor_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reaudit_sample"),
    )
    op.create_table(
        "reaudit_case",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sample_id", _ID, nullable=False),
        sa.Column("visit_id", _ID, nullable=False),
        sa.Column("region_id", _ID, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("first_entry_id", _ID, nullable=False),
        sa.Column("first_actor_id", _ID, nullable=False),
        sa.Column("first_state", sa.String(16), nullable=False),
        sa.Column("second_actor_id", _ID, nullable=True),
        sa.Column("second_state", sa.String(16), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["reaudit_sample.id"], name="fk_reaudit_case_sample_id_reaudit_sample"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_reaudit_case_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_reaudit_case"),
        sa.UniqueConstraint("first_entry_id", name="uq_reaudit_case_first_entry_id"),
    )
    op.create_index("ix_reaudit_case_sample_id", "reaudit_case", ["sample_id"])
    op.create_index("ix_reaudit_case_visit_id", "reaudit_case", ["visit_id"])
    op.create_index(
        "ix_reaudit_case_closed_at_region_id", "reaudit_case", ["closed_at", "region_id"]
    )


def downgrade() -> None:
    for name in ("reaudit_case", "reaudit_sample", "review_bulk", "visit_review", "review_entry"):
        op.drop_table(name)
    op.drop_index("ix_visit_doubtful", "visit")
