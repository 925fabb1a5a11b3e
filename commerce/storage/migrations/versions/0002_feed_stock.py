"""What the last feed said of each shelf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_stock",
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_feed_stock_store_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_feed_stock_variant_id")),
        sa.PrimaryKeyConstraint("variant_id", "store_id", name=op.f("pk_feed_stock")),
    )


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
