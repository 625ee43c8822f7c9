"""The week rule, its calendar, exemptions, make-ups, reminders, and what a check-in tells of a week

Revision: 0007_office_weeks, after: 0006_map_sums
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007_office_weeks"
down_revision = "0006_map_sums"
branch_labels = None
depends_on = None

_WIDE = "ix_office_check_in_week_author_id_at_accepted_declined"
_TABLES = (
    "office_feed",
    "push_subscription",
    "office_notice",
    "office_make_up",
    "office_exemption",
    "office_duty",
    "office_calendar",
    "office_rule",
)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(36), nullable=nullable)


def _decision() -> list[sa.Column[Any]]:
    return [
        _id("decided_by", nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("payload_digest", sa.LargeBinary(16), nullable=True),
    ]


def upgrade() -> None:
    # Yesterday's code goes on inserting rows without these: each is empty by itself.
    op.add_column("office", sa.Column("hours", sa.LargeBinary(), nullable=True))
    declined: sa.Column[Any] = sa.Column(
        "declined", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    for column in (
        sa.Column("summary", sa.LargeBinary(), nullable=True),
        declined,
        sa.Column("review_note", sa.Text(), nullable=True),
        _id("reviewed_by", nullable=True),
        sa.Column("reviewed_at", sa.DateTime(), nullable=True),
    ):
        op.add_column("office_check_in", column)
    op.drop_index("ix_office_check_in_week_author_id", "office_check_in")
    columns = ["week", "author_id", "at", "accepted", "declined"]
    op.create_index(_WIDE, "office_check_in", columns)
    _settings()
    _requests()
    _reminders()


def _settings() -> None:
    op.create_table(
        "office_rule",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("versions", sa.LargeBinary(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        _key("office_rule", "id"),
    )
    op.create_table(
        "office_calendar",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        _key("office_calendar", "year"),
    )
    op.create_table(
        "office_duty",
        _id("person_id"),
        _id("office_id", nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        _key("office_duty", "person_id"),
        _refers("office_duty", "person_id", "user_account"),
        _refers("office_duty", "office_id", "office"),
    )


def _requests() -> None:
    op.create_table(
        "office_exemption",
        _id("id"),
        _id("person_id"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _id("asked_by"),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        *_decision(),
        _key("office_exemption", "id"),
        _refers("office_exemption", "person_id", "user_account"),
        _refers("office_exemption", "asked_by", "user_account"),
        _refers("office_exemption", "decided_by", "user_account"),
    )
    op.create_index(
        "ix_office_exemption_person_id_last_day", "office_exemption", ["person_id", "last_day"]
    )
    op.create_index("ix_office_exemption_state", "office_exemption", ["state"])
    op.create_table(
        "office_make_up",
        _id("id"),
        _id("person_id"),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        *_decision(),
        _key("office_make_up", "id"),
        _refers("office_make_up", "person_id", "user_account"),
        _refers("office_make_up", "decided_by", "user_account"),
    )
    op.create_index("ix_office_make_up_person_id_week", "office_make_up", ["person_id", "week"])
    op.create_index("ix_office_make_up_state", "office_make_up", ["state"])


def _reminders() -> None:
    op.create_table(
        "office_notice",
        _id("id"),
        _id("person_id"),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _id("sent_by", nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _key("office_notice", "id"),
        _refers("office_notice", "person_id", "user_account"),
        _refers("office_notice", "sent_by", "user_account"),
        sa.UniqueConstraint("person_id", "week", "day", name="uq_office_notice_person_id_week_day"),
    )
    op.create_index("ix_office_notice_pushed_at_at", "office_notice", ["pushed_at", "at"])
    op.create_table(
        "push_subscription",
        _id("id"),
        _id("person_id"),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("endpoint_hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(120), nullable=False),
        sa.Column("auth", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        _key("push_subscription", "id"),
        _refers("push_subscription", "person_id", "user_account"),
        sa.UniqueConstraint("endpoint_hash", name="uq_push_subscription_endpoint_hash"),
    )
    op.create_index("ix_push_subscription_person_id", "push_subscription", ["person_id"])
    op.create_table(
        "office_feed",
        _id("person_id"),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        _key("office_feed", "person_id"),
        _refers("office_feed", "person_id", "user_account"),
        sa.UniqueConstraint("token_hash", name="uq_office_feed_token_hash"),
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    op.drop_index(_WIDE, "office_check_in")
    op.create_index("ix_office_check_in_week_author_id", "office_check_in", ["week", "author_id"])
    with op.batch_alter_table("office_check_in", schema=None) as batch_op:
        for name in ("reviewed_at", "reviewed_by", "review_note", "declined", "summary"):
            batch_op.drop_column(name)
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_column("hours")
