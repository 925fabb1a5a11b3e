"""A shop on each database, and feeds as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commerce.clock import ManualClock
from commerce.ports import ChangeKind
from commerce.settings import Settings
from commerce.wiring import Shop, build_shop
from vitrine.prove._hostile_feeds import STORES


@pytest.fixture
def shop(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Shop]:
    with build_shop(
        Settings(data_dir=tmp_path / "data", database_url=database_url, encoder="none"), clock=clock
    ) as built:
        yield built


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes files of a feed folder (name → text or bytes) and returns its path."""

    def write_files(**files: str | bytes) -> str:
        folder = tmp_path / "winter"
        folder.mkdir(exist_ok=True)
        (folder / "stores.toml").write_text(STORES, "utf-8")
        for name, content in files.items():
            path = folder / name.replace("__", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(folder)

    return write_files


@pytest.fixture
def changes(shop: Shop) -> Callable[[], list[tuple[str, ChangeKind]]]:
    """What followers hear of since the last call: source id and kind."""
    seen = 0

    def read() -> list[tuple[str, ChangeKind]]:
        nonlocal seen
        with shop.storage.read() as uow:
            rows = uow.products.changes_after(seen, 10_000)
            seen = uow.products.last_change()
            products = uow.products.many(row.product_id for row in rows)
        return [(products[r.product_id].source_id if r.product_id in products else "gone", r.what) for r in rows]

    return read
