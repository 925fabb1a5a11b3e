"""A process with its indexes over words that are kept on disk."""

from __future__ import annotations

from pathlib import Path

from commerce.domain.search import Filters
from commerce.facets import ColumnFacets
from commerce.image_matching import NoImageMatcher
from commerce.kept_words import WordsOnDisk
from commerce.lexicon import lexicon
from commerce.media import MemoryMediaStore
from commerce.ports import ChangeKind, Storage, UnitOfWork
from commerce.services.index_keeper import IndexKeeper
from commerce.text_index import FuzzyTextIndex
from tests.unit.discovery.shop_of_a_street import Street

QUERIES = ("robe lin", "robe", "dress", "chemize", "jean", "sac a main", "p6", "gants", "maison", "rive robe")
FILTERS = (
    Filters(categories=frozenset({"dress"})),
    Filters(colours=frozenset({"black"}), in_stock=True),
    Filters(price_max_minor=5_000, sizes=frozenset({"m", "38"})),
    Filters(store_ids=frozenset({"bellecour"})),
)


class Process:
    """A shop's indexes as one process has them, over the database and the folder of all."""

    def __init__(self, storage: Storage, folder: Path, revision: str = "") -> None:
        self.text_index, self.facets = FuzzyTextIndex(lexicon()), ColumnFacets()
        self.kept = WordsOnDisk(folder, {"words": self.text_index, "facets": self.facets}, revision)
        self.keeper = IndexKeeper(
            storage, self.text_index, self.facets, NoImageMatcher("no eyes"), MemoryMediaStore(), lexicon(), self.kept
        )

    def answers(self) -> list[object]:
        found: list[object] = [self.text_index.search(words, limit=20) for words in QUERIES]
        allowed = [self.facets.allowed(filters) for filters in FILTERS]
        return [*found, *(None if ids is None else ids.tolist() for ids in allowed), len(self.facets)]


def retire(street: Street, source_id: str) -> None:
    (product_id,) = street.ids(source_id)

    def work(uow: UnitOfWork) -> None:
        from sqlalchemy import update

        from commerce.storage.tables import product
        from commerce.storage.unit_of_work import SqlUnitOfWork

        assert isinstance(uow, SqlUnitOfWork)
        uow.transaction.execute(update(product).where(product.c.id == product_id).values(active=False))
        uow.transaction.note_product(product_id, ChangeKind.REMOVED, 1)

    street.storage.write(work)


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("generation"))


def newest(folder: Path) -> Path:
    return folder / generations(folder)[-1]


def reads_everything(street: Street, folder: Path, revision: str = "") -> bool:
    """Whether a new process has to, checking that it answers right anyhow and leaves good words behind."""
    process = Process(street.storage, folder, revision)
    with street.storage.read() as uow:
        total = uow.products.count()
    count = process.keeper.refresh()
    process.keeper.refresh()
    assert process.answers() == fresh(street)
    assert Process(street.storage, folder, revision).keeper.refresh() == 0
    return count == total


def fresh(street: Street) -> list[object]:
    """What indexes made of the database alone answer."""
    text_index, facets = FuzzyTextIndex(lexicon()), ColumnFacets()
    eyes, media = NoImageMatcher(""), MemoryMediaStore()
    IndexKeeper(street.storage, text_index, facets, eyes, media, lexicon()).refresh()
    made = Process.__new__(Process)
    made.text_index, made.facets = text_index, facets
    return made.answers()
