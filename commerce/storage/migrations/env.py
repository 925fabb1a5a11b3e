"""Run by Alembic, on the connection that `commerce.storage.migrating` has opened and locked."""

from __future__ import annotations

from alembic import context

from commerce.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction is around everything, on both databases
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by making it anew
)
context.run_migrations()
