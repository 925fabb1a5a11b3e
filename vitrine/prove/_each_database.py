"""The same proof on every database that there is: SQLite always, PostgreSQL where it can be started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vitrine.prove import ProofResult
from vitrine.prove._databases import NoPostgres, postgres_server, sqlite_database


def on_each_database(
    scratch: Path, report: Callable[[str], None], prove: Callable[[str, Path], ProofResult]
) -> ProofResult:
    """`prove` gets the address of a fresh database with all tables and a folder of its own. The promise must be kept on
    each; details are by database."""
    found: dict[str, ProofResult] = {}
    with scratch_databases(scratch, report) as databases:
        for name, url in databases.items():
            folder = scratch / name
            folder.mkdir()
            found[name] = prove(url, folder)
            report(f"{name}: {found[name].figure}")
    return ProofResult(
        all(each.kept for each in found.values()),
        "; ".join(f"{name}: {each.figure}" for name, each in found.items()),
        {name: each.details for name, each in found.items()},
    )


@contextmanager
def scratch_databases(scratch: Path, report: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """Their addresses by name."""
    with ExitStack() as stack:
        databases = {"SQLite": sqlite_database(scratch)}
        try:
            databases["PostgreSQL"] = stack.enter_context(postgres_server()).new_database()
        except NoPostgres as reason:
            report(f"PostgreSQL is left out: {reason}")
        yield databases
