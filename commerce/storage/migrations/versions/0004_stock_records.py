"""Who moved stock and why, and what tills say of the shelves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stock_movement", sa.Column("actor", sa.String(length=64), server_default="", nullable=False))
    op.add_column("stock_movement", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "till_count",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("counted_at_us", sa.BigInteger(), nullable=False),
        sa.Column("after_movement", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_till_count_store_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_till_count_variant_id")),
        sa.PrimaryKeyConstraint("source", "variant_id", "store_id", name=op.f("pk_till_count")),
    )
    op.create_table(
        "till_name",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("theirs", sa.String(length=128), nullable=False),
        sa.Column("ours", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "theirs", name=op.f("pk_till_name")),
    )


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
