"""Tasks that supervisors give to reps

Revision: 0012_tasks, after: 0011_campaigns
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_tasks"
down_revision = "0011_campaigns"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)
_INDEXES = (
    ["rep_id", "state", "due_on"],
    ["given_at", "id"],
    ["state", "due_on"],
    ["store_id"],
    ["from_visit_id"],
    ["done_received_at"],
)
_NAMED = (
    ("rep_id", "user_account"),
    ("store_id", "store"),
    ("from_visit_id", "visit"),
    ("given_by", "user_account"),
    ("closed_by", "user_account"),
    ("done_visit_id", "visit"),
)


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", _ID, nullable=False),
        sa.Column("rep_id", _ID, nullable=False),
        sa.Column("store_id", _ID, nullable=True),
        sa.Column("from_visit_id", _ID, nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("given_by", _ID, nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_note", sa.String(length=500), nullable=False),
        sa.Column("closed_by", _ID, nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_received_at", sa.DateTime(), nullable=True),
        sa.Column("done_device_id", sa.String(length=64), nullable=True),
        sa.Column("done_device_at", sa.DateTime(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=False),
        sa.Column("done_visit_id", _ID, nullable=True),
        sa.Column("done_digest", sa.LargeBinary(length=16), nullable=True),
        sa.Column("erased_at", sa.DateTime(), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_task_{column}_{table}")
            for column, table in _NAMED
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    for columns in _INDEXES:
        op.create_index(f"ix_task_{'_'.join(columns)}", "task", columns)


def downgrade() -> None:
    op.drop_table("task")
