"""Alembic's folder: `env.py`, a template, and one file a change of the tables in `versions/`."""

# The newest revision, so that an up-to-date database is recognised without loading Alembic. A test compares.
HEAD = "0014"
