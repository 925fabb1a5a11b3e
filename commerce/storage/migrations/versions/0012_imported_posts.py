"""Posts that were brought in from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_post",
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("gone_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_imported_post")),
    )


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
