"""The shop's brand, and campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ink", sa.String(length=7), nullable=False),
        sa.Column("paper", sa.String(length=7), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("logo_key", sa.String(length=128), server_default="", nullable=False),
        sa.Column("tagline", sa.Text(), server_default="{}", nullable=False),
        sa.Column("claim", sa.Text(), server_default="{}", nullable=False),
        sa.Column("claim_until", sa.Date(), nullable=True),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_brand_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), server_default="{}", nullable=False),
        sa.Column("claim_until", sa.Date(), nullable=True),
        sa.Column("links", sa.Text(), server_default="{}", nullable=False),
        sa.Column("came_from", sa.String(length=128), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("read_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
