from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commerce.image_matching import NoImageMatcher
from commerce.media import MemoryMediaStore
from commerce.storage import open_storage
from tests.unit.discovery.shop_of_a_street import Street, open_street


@pytest.fixture
def street(sqlite_url: str) -> Iterator[Street]:
    storage = open_storage(sqlite_url)
    yield open_street(storage, NoImageMatcher("this shop has no eyes"), MemoryMediaStore())
    storage.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where words are kept."""
    return tmp_path / "index" / "words"
