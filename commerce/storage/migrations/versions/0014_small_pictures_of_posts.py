"""A post has a small copy of its picture for tiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("small_key", sa.String(length=128), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
