"""Warehouses, batches, running balances, movements to confirm, counts and corrections

Revision: 0008_ledger, after: 0007_office_weeks
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0008_ledger"
down_revision = "0007_office_weeks"
branch_labels = None
depends_on = None

_ID = sa.String(length=36)


def upgrade() -> None:
    _new_tables()
    with op.batch_alter_table("material", schema=None) as batch_op:
        batch_op.add_column(sa.Column("value_cents", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("tracks_batches", sa.Boolean(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("photo_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("photo_by", _ID, nullable=True))
        batch_op.add_column(sa.Column("campaign_id", _ID, nullable=True))
    for name in ("batch_id", "photo_id", "campaign_id"):
        op.add_column("handout", sa.Column(name, _ID, nullable=True))
    for name in ("batch_id", "movement_id", "adjustment_id", "reverses_id"):
        op.add_column("ledger_entry", sa.Column(name, _ID, nullable=True))
    op.add_column("ledger_entry", sa.Column("evidence_sha256", sa.String(64), nullable=True))
    op.add_column("ledger_entry", sa.Column("booked_at", sa.DateTime(), nullable=True))
    _indexes()
    bind = op.get_bind()
    bind.execute(
        sa.text(
            "INSERT INTO warehouse (id, code, name, region_id, active, rev) "
            "VALUES ('main', 'MAIN', '总仓', NULL, true, 1)"
        )
    )
    # The signatures of earlier handouts prove their entries, too.
    bind.execute(
        sa.text(
            "UPDATE ledger_entry SET evidence_sha256 = (SELECT signature_sha256 FROM handout "
            "WHERE handout.id = ledger_entry.handout_id) WHERE handout_id IS NOT NULL"
        )
    )
    _run_up_balances(bind)
    _tell_phones(bind)


def _new_tables() -> None:
    op.create_table(
        "warehouse",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("region_id", _ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name="fk_warehouse_region_id_region"),
        sa.PrimaryKeyConstraint("id", name="pk_warehouse"),
        sa.UniqueConstraint("code", name="uq_warehouse_code"),
    )
    op.create_index("ix_warehouse_region_id", "warehouse", ["region_id"])
    op.create_table(
        "material_batch",
        sa.Column("id", _ID, nullable=False),
        sa.Column("material_id", _ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name="fk_material_batch_material_id_material"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_material_batch"),
        sa.UniqueConstraint("material_id", "code", name="uq_material_batch_material_id_code"),
    )
    op.create_table(
        "stock_balance",
        sa.Column("place", sa.String(length=48), nullable=False),
        sa.Column("material_id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("sort", sa.String(length=12), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", "material_id", "batch_id", name="pk_stock_balance"),
    )
    op.create_index(
        "ix_stock_balance_sort_material_id_quantity",
        "stock_balance",
        ["sort", "material_id", "quantity"],
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("material_id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("from_place", sa.String(length=48), nullable=False),
        sa.Column("to_place", sa.String(length=48), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=True),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("confirmed_by", _ID, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("confirm_note", sa.String(length=200), nullable=False),
        sa.Column("settled_by", _ID, nullable=True),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("settled_how", sa.String(length=16), nullable=True),
        sa.Column("payload_digest", sa.LargeBinary(length=16), nullable=True),
        sa.Column("confirm_digest", sa.LargeBinary(length=16), nullable=True),
        sa.CheckConstraint("quantity > 0", name="ck_stock_movement_quantity_positive"),
        *_references("stock_movement", "author_id", "confirmed_by", "settled_by"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movement"),
    )
    for columns in (["state", "at"], ["from_place"], ["to_place"]):
        op.create_index(f"ix_stock_movement_{'_'.join(columns)}", "stock_movement", columns)
    op.create_table(
        "stock_adjustment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=48), nullable=False),
        sa.Column("material_id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", _ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decision_note", sa.String(length=200), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(length=16), nullable=True),
        *_references("stock_adjustment", "author_id", "decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_adjustment"),
    )
    for columns in (["state", "at"], ["place", "material_id", "at"]):
        op.create_index(f"ix_stock_adjustment_{'_'.join(columns)}", "stock_adjustment", columns)


def _references(table: str, *people: str) -> list[sa.ForeignKeyConstraint]:
    targets = {"material_id": "material", "batch_id": "material_batch"}
    targets |= dict.fromkeys(people, "user_account")
    return [
        sa.ForeignKeyConstraint([name], [f"{to}.id"], name=f"fk_{table}_{name}_{to}")
        for name, to in targets.items()
    ]


def _indexes() -> None:
    for end in ("from_place", "to_place"):
        op.drop_index(f"ix_ledger_entry_{end}_material_id_quantity", "ledger_entry")
        columns = [end, "material_id", "at", "batch_id", "quantity"]
        op.create_index(f"ix_ledger_entry_{'_'.join(columns)}", "ledger_entry", columns)
    op.create_index("ix_ledger_entry_at_id", "ledger_entry", ["at", "id"])
    for name in ("movement_id", "adjustment_id"):
        op.create_index(f"ix_ledger_entry_{name}", "ledger_entry", [name])
    op.create_index("ix_ledger_entry_reverses_id", "ledger_entry", ["reverses_id"], unique=True)


def _run_up_balances(bind: sa.Connection) -> None:
    """The running balances of what the books hold already."""
    sums: Counter[tuple[str, str]] = Counter()
    for end, sign in (("to_place", 1), ("from_place", -1)):
        rows = bind.execute(
            sa.text(
                f"SELECT {end}, material_id, SUM(quantity) FROM ledger_entry "  # noqa: S608 -- two names of our own
                f"GROUP BY {end}, material_id"
            )
        )
        for place, material_id, quantity in rows:
            sums[(place, material_id)] += sign * int(quantity)
    values = [
        {"p": place, "m": material_id, "s": place.partition(":")[0], "q": quantity}
        for (place, material_id), quantity in sorted(sums.items())
    ]
    if values:
        bind.execute(
            sa.text(
                "INSERT INTO stock_balance (place, material_id, batch_id, sort, quantity) "
                "VALUES (:p, :m, '', :s, :q)"
            ),
            values,
        )


def _tell_phones(bind: sa.Connection) -> None:
    """Phones are told of the first warehouse, and each rep of the colleagues beside them."""
    told: dict[str, list[tuple[str, str]]] = {"org": [("warehouse", "main")]}
    by_region: dict[str, list[str]] = {}
    rows = bind.execute(
        sa.text("SELECT id, region_id FROM user_account WHERE role = 'rep' AND active")
    )
    for user_id, region_id in rows:
        by_region.setdefault(region_id, []).append(user_id)
    for reps in by_region.values():
        for one in reps:
            told[f"user:{one}"] = [("person", other) for other in reps if other != one]
    for scope, records in told.items():
        seq = bind.execute(
            sa.text("SELECT seq FROM change_counter WHERE scope = :s"), {"s": scope}
        ).scalar()
        if not records:
            continue
        if seq is None:
            bind.execute(
                sa.text("INSERT INTO change_counter (scope, seq) VALUES (:s, 0)"), {"s": scope}
            )
        for number, (entity, record_id) in enumerate(records, start=int(seq or 0) + 1):
            key = {"s": scope, "e": entity, "r": record_id}
            bind.execute(
                sa.text("DELETE FROM change WHERE scope = :s AND entity = :e AND record_id = :r"),
                key,
            )
            bind.execute(
                sa.text(
                    "INSERT INTO change (scope, entity, record_id, seq, deleted) "
                    "VALUES (:s, :e, :r, :n, false)"
                ),
                key | {"n": number},
            )
        last = int(seq or 0) + len(records)
        bind.execute(
            sa.text("UPDATE change_counter SET seq = :n WHERE scope = :s"),
            {"n": last, "s": scope},
        )


def downgrade() -> None:
    for end in ("from_place", "to_place"):
        op.drop_index(f"ix_ledger_entry_{end}_material_id_at_batch_id_quantity", "ledger_entry")
        op.create_index(
            f"ix_ledger_entry_{end}_material_id_quantity",
            "ledger_entry",
            [end, "material_id", "quantity"],
        )
    for name in ("at_id", "movement_id", "adjustment_id", "reverses_id"):
        op.drop_index(f"ix_ledger_entry_{name}", "ledger_entry")
    columns = {
        "ledger_entry": (
            "batch_id",
            "movement_id",
            "adjustment_id",
            "reverses_id",
            "evidence_sha256",
            "booked_at",
        ),
        "handout": ("batch_id", "photo_id", "campaign_id"),
        "material": ("value_cents", "tracks_batches", "photo_sha256", "photo_by", "campaign_id"),
    }
    for table, names in columns.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
    for table in (
        "stock_adjustment",
        "stock_movement",
        "stock_balance",
        "material_batch",
        "warehouse",
    ):
        op.drop_table(table)
