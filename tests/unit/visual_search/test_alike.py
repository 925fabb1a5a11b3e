"""Readers of features, and likeness by what they tell."""

from __future__ import annotations

import copy

import pytest

from tests.unit.visual_search.made_lessons import made_corpus, made_lexicon

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from torch.nn import functional  # noqa: E402 after the skip

from visual_search.training import alike  # noqa: E402
from visual_search.training.alike import learn, scores_moved, told_of, wanted  # noqa: E402
from visual_search.training.features import Features  # noqa: E402
from visual_search.training.lessons import ATTRIBUTES, MAKER, Teacher  # noqa: E402
from visual_search.training.losses import relations  # noqa: E402
from visual_search.training.readers import Readers, Told, taught, words_in  # noqa: E402
from visual_search.training.towers import EMBEDDING, FEATURES, TOLD, Projection  # noqa: E402


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    return Teacher(made_corpus(), made_lexicon(tmp_path_factory.mktemp("words")), torch.device("cpu"), 7)


def test_what_is_told_of_a_product_is_what_the_shop_knows(teacher: Teacher) -> None:
    corpus = made_corpus()
    told = told_of(teacher, corpus)
    row = corpus.rows[teacher.rows[0]]
    known = [(attribute, value) for attribute in ATTRIBUTES for value in teacher.values[attribute]]
    said = {known[start + int(value)] for start, value in zip(told.starts, told.known[0], strict=False) if value >= 0}
    assert said == {(attribute, row[attribute]) for attribute in ATTRIBUTES if attribute != MAKER} | {
        (MAKER, row["title"].split()[0].casefold())
    }
    labels = [corpus.photo_labels[at - len(corpus.rows)] for at in teacher.rows if at >= len(corpus.rows)]
    blouse = told.photo_kinds[labels.index("Blouse")]
    assert {kind for kind, fits in zip(teacher.values[ATTRIBUTES[0]], blouse, strict=True) if fits} == {
        "Tops", "Shirts", "Tunics",
    }  # fmt: skip


def test_likeness_moves_towards_what_is_shown_and_words_keep_their_scores(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    told = told_of(teacher, made_corpus())
    middles = torch.randn(told.starts[2], FEATURES)
    kinds, colours = told.known[:, 0], told.known[:, 1]

    def view() -> torch.Tensor:
        noise = 3 * torch.randn(len(kinds), FEATURES)
        return (middles[kinds] + middles[told.starts[1] + colours] + noise).half()

    photos = told.photo_kinds.int().argmax(1)
    seen = Features([view(), view()], [(middles[photos] + 0.5 * torch.randn(len(photos), FEATURES)).half()] * 2)
    readers = taught(seen, told, seed=5)
    projection = Projection()
    projection.standardise(seen.products[0])
    texts = functional.normalize(torch.randn(200, TOLD), dim=1)
    fresh = view()
    before, roots = wanted(projection, readers, told, fresh)
    assert before.shape == (len(kinds), EMBEDDING) and roots.shape[1] == told.starts[2]
    assert torch.allclose(roots.square().sum(1), torch.full((len(roots),), 0.9), atol=1e-4)
    likeness = (before @ before.T + roots @ roots.T) / 1.9
    same = (kinds[:, None] == kinds) & (colours[:, None] == colours)

    def shown(by: Projection) -> torch.Tensor:
        with torch.no_grad():
            return functional.normalize(by(fresh.float()), dim=1)

    def apart(vectors: torch.Tensor) -> float:
        cosines = vectors @ vectors.T
        return float(cosines[same].mean() - cosines[~same].mean())

    careless = copy.deepcopy(projection)
    learn(projection, readers, told, seen, texts, steps=60)
    now = shown(projection)
    assert float(relations(now, likeness)) < 0.7 * float(relations(before, likeness))
    assert apart(now) > apart(before)

    monkeypatch.setattr(alike, "_KEEP", 0.0)
    learn(careless, readers, told, seen, texts, steps=60)
    assert float(scores_moved(now, before, texts)) < 0.3 * float(scores_moved(shown(careless), before, texts))


def test_words_that_enough_names_hold() -> None:
    words, held = words_in(["Ava Été Dress", "Bo dress", "ava dress", "Bo shirt"], fewest=2)
    assert words == ["ava", "bo", "dress"]
    assert held.tolist() == [[True, False, True], [False, True, True], [True, False, True], [False, True, False]]


def test_a_reader_learns_what_it_was_told_and_what_it_was_not_told_teaches_nothing() -> None:
    torch.manual_seed(2)
    count, kinds = 600, 3
    kind = torch.randint(0, kinds, (count,))
    colour = torch.randint(0, 2, (count,))
    middle = torch.randn(kinds + 2, FEATURES)
    products = [(middle[kind] + middle[kinds + colour] + torch.randn(count, FEATURES)).half() for _ in range(2)]
    photos = [(middle[kind] + torch.randn(count, FEATURES)).half()]
    words = torch.stack([kind == 0, kind > 0], 1)
    known = torch.stack([kind, torch.where(torch.arange(count) % 2 == 0, colour, -1)], 1)
    told = Told([0, kinds, kinds + 2, kinds + 4], known, words, functional.one_hot(kind, kinds).bool())
    assert told.bags.sum(1).tolist() == [3.0 if row % 2 == 0 else 2.0 for row in range(count)]
    readers = taught(Features(products, photos), told, seed=3)
    fresh = (middle[kind] + middle[kinds + colour] + torch.randn(count, FEATURES)).half()
    read = readers(fresh)
    assert read.shape == (count, kinds + 4)
    for start, end in ((0, kinds), (kinds, kinds + 2), (kinds + 2, kinds + 4)):
        assert torch.allclose(read[:, start:end].exp().sum(1), torch.ones(count), atol=0.25)  # a mean of logarithms
    assert float((read[:, :kinds].argmax(1) == kind).float().mean()) > 0.95
    assert float((read[:, kinds : kinds + 2].argmax(1) == colour).float().mean()) > 0.95
    assert float((read[:, kinds + 2 :].argmax(1) == (kind > 0).long()).float().mean()) > 0.95
    untaught = Readers(told.starts)
    assert float((untaught(fresh)[:, :kinds].argmax(1) == kind).float().mean()) < 0.8
