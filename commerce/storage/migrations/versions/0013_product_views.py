"""Looking at a product's own page is something that readers do."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NAME = "ck_reading_event_did"
_DID = "did IN ('opened', 'page', 'hotspot', 'cart', 'chat', 'post', 'link', 'view')"


def upgrade() -> None:
    # SQLite changes no check of a table: it gets a new one, whose checks are not read from the old one.
    with op.batch_alter_table("reading_event") as table:
        if op.get_bind().dialect.name == "postgresql":
            table.drop_constraint(op.f(_NAME), type_="check")
        table.create_check_constraint(op.f(_NAME), _DID)


def downgrade() -> None:
    raise NotImplementedError("no way back: restore the backup that was made before the upgrade")
