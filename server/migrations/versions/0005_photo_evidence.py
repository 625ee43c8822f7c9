"""What photos are recognised by, what was found about them, what their EXIF block says

Revision: 0005_photo_evidence, after: 0004_verdict
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_photo_evidence"
down_revision = "0004_verdict"
branch_labels = None
depends_on = None

_NOT_COMPARED = sa.text("compared_by IS NULL AND state = 'complete'")
_ID = sa.String(36)


def upgrade() -> None:
    op.add_column("photo", sa.Column("exif", sa.LargeBinary(), nullable=True))
    op.add_column("photo", sa.Column("compared_by", sa.Integer(), nullable=True))
    op.create_index("ix_photo_sha256", "photo", ["sha256"])
    op.create_index(
        "ix_photo_not_compared",
        "photo",
        ["id"],
        sqlite_where=_NOT_COMPARED,
        postgresql_where=_NOT_COMPARED,
    )
    op.create_table(
        "photo_print",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("band_a", sa.Integer(), nullable=False),
        sa.Column("band_b", sa.Integer(), nullable=False),
        sa.Column("band_c", sa.Integer(), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_photo_print_photo_id_photo"),
        sa.PrimaryKeyConstraint("id", name="pk_photo_print"),
        sa.UniqueConstraint("photo_id", name="uq_photo_print_photo_id"),
    )
    for band in ("band_a", "band_b", "band_c"):
        op.create_index(f"ix_photo_print_{band}_hash_id", "photo_print", [band, "hash", "id"])
    op.create_table(
        "photo_finding",
        sa.Column("id", _ID, nullable=False),
        sa.Column("photo_id", _ID, nullable=False),
        sa.Column("other_photo_id", _ID, nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("distance_bits", sa.Integer(), nullable=True),
        sa.Column("likeness", sa.Float(), nullable=True),
        sa.Column("exif_difference_s", sa.Integer(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_photo_finding_photo_id_photo"),
        sa.ForeignKeyConstraint(
            ["other_photo_id"], ["photo.id"], name="fk_photo_finding_other_photo_id_photo"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_photo_finding"),
    )
    for name in ("photo_id", "other_photo_id"):
        op.create_index(f"ix_photo_finding_{name}", "photo_finding", [name])


def downgrade() -> None:
    op.drop_table("photo_finding")
    op.drop_table("photo_print")
    op.drop_index("ix_photo_not_compared", "photo")
    op.drop_index("ix_photo_sha256", "photo")
    with op.batch_alter_table("photo", schema=None) as batch_op:
        for name in ("compared_by", "exif"):
            batch_op.drop_column(name)
