"""Catalogues, what readers do with them, posts and short links; where an order came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lookbook",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("published_at_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name=op.f("ck_lookbook_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookbook")),
        sa.UniqueConstraint("slug", name=op.f("uq_lookbook_slug")),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("picture_key", sa.String(length=128), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("product_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("shown", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("external_id", sa.String(length=128), server_default="", nullable=False),
        sa.Column("external_url", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_external_id"), "post", ["external_id"], unique=False)

    op.create_table(
        "reading_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("did", sa.String(length=8), nullable=False),
        sa.Column("lookbook_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("page", sa.Integer(), server_default="0", nullable=False),
        sa.Column("product_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dwell_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("visitor", sa.String(length=64), server_default="", nullable=False),
        sa.Column("customer_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("source", sa.String(length=128), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "did IN ('opened', 'page', 'hotspot', 'cart', 'chat', 'post', 'link')", name=op.f("ck_reading_event_did")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_reading_event_event_id")),
    )
    op.create_index(op.f("ix_reading_event_customer_id_at_us"), "reading_event", ["customer_id", "at_us"], unique=False)
    op.create_index(op.f("ix_reading_event_lookbook_id_at_us"), "reading_event", ["lookbook_id", "at_us"], unique=False)
    op.create_index(op.f("ix_reading_event_visitor_at_us"), "reading_event", ["visitor", "at_us"], unique=False)

    op.create_table(
        "short_link",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=128), server_default="", nullable=False),
        sa.Column("post_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("lookbook_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("clicks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_short_link")),
    )
    op.create_table(
        "hotspot",
        sa.Column("lookbook_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("x_frac", sa.Float(), nullable=False),
        sa.Column("y_frac", sa.Float(), nullable=False),
        sa.Column("width_frac", sa.Float(), nullable=False),
        sa.Column("height_frac", sa.Float(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("found_by", sa.String(length=8), nullable=False),
        sa.Column("review", sa.String(length=16), nullable=False),
        sa.Column("printed", sa.Text(), server_default="", nullable=False),
        sa.Column("printed_price_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("doubts", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["lookbook_id"], ["lookbook.id"], name=op.f("fk_hotspot_lookbook_id")),
        sa.PrimaryKeyConstraint("lookbook_id", "version", "id", name=op.f("pk_hotspot")),
    )
    op.create_index(op.f("ix_hotspot_product_id"), "hotspot", ["product_id"], unique=False)

    op.create_table(
        "lookbook_version",
        sa.Column("lookbook_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lookbook_id"], ["lookbook.id"], name=op.f("fk_lookbook_version_lookbook_id")),
        sa.PrimaryKeyConstraint("lookbook_id", "version", name=op.f("pk_lookbook_version")),
    )
    op.add_column("customer", sa.Column("came_from", sa.String(length=128), server_default="", nullable=False))

    op.add_column("shop_order", sa.Column("came_from", sa.String(length=128), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
