"""Disputes that banks open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_dispute",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("attempt_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=64), server_default="", nullable=False),
        sa.Column("said_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=True),
        sa.Column("lost_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("lost_minor >= 0 AND lost_minor <= amount_minor", name=op.f("ck_payment_dispute_lost")),
        sa.CheckConstraint(
            "state IN ('inquiry', 'needs_response', 'under_review', 'won', 'lost')",
            name=op.f("ck_payment_dispute_state"),
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_payment_dispute_attempt_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name=op.f("fk_payment_dispute_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_dispute")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_payment_dispute_provider_reference")),
    )
    op.create_index(op.f("ix_payment_dispute_attempt_id"), "payment_dispute", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_payment_dispute_order_id"), "payment_dispute", ["order_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
