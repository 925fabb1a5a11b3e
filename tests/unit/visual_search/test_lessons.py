"""What a lesson says belongs together."""

from __future__ import annotations

import pytest

from tests.unit.visual_search.made_lessons import KINDS, made_corpus, made_lexicon

torch = pytest.importorskip("torch", reason="training needs the extra [clip]")

from visual_search.training.captions import Lexicon  # noqa: E402 after the skip
from visual_search.training.corpus import TRAIN, Corpus  # noqa: E402
from visual_search.training.lessons import Lesson, Teacher  # noqa: E402


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return made_lexicon(tmp_path_factory.mktemp("lexicon"))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return made_corpus()


@pytest.fixture(scope="module")
def teacher(corpus: Corpus, lexicon: Lexicon) -> Teacher:
    return Teacher(corpus, lexicon, torch.device("cpu"), 7)


@pytest.fixture(scope="module")
def lesson(teacher: Teacher) -> Lesson:
    return teacher.lesson(3, 60, 8, 30)


def row(teacher: Teacher, corpus: Corpus, place: int) -> dict[str, str]:
    return corpus.rows[teacher.rows[place]]


def test_what_is_for_choosing_is_never_taught(teacher: Teacher, corpus: Corpus) -> None:
    products = teacher.rows[: len(teacher.rows) - teacher.photos]
    assert len(products) == len(corpus.rows) - 2 * len(KINDS)
    assert (corpus.part[products] == TRAIN).all()


def test_products_are_alike_by_kind_and_then_by_colour(teacher: Teacher, corpus: Corpus, lesson: Lesson) -> None:
    rows = [row(teacher, corpus, place) for place in lesson.products]
    kinds, colours = (signs[: len(rows), : len(rows)].numpy() for signs in lesson.alike)
    for at, one in enumerate(rows):
        for other_at, other in enumerate(rows):
            same_kind = one["article_type"] == other["article_type"]
            assert kinds[at, other_at] == (1 if same_kind else -1)
            same_colour = one["base_colour"] == other["base_colour"]
            assert colours[at, other_at] == ((1 if same_colour else -1) if same_kind else 0)


@pytest.mark.parametrize(
    ("label", "kind", "photo_answers", "product_answers"),
    [
        ("Shirt", "Shirts", 1, 1),
        ("Shirt", "Caps", -1, -1),
        ("Blouse", "Tops", 1, 1),  # the first of several kinds that a blouse may be
        ("Blouse", "Shirts", 0, 1),  # nobody knows whether this blouse is a shirt; a shirt does for who asks for one
        ("Hat", "Hat", 0, 1),
    ],
)
def test_a_photo_is_surely_only_of_its_first_kind(
    teacher: Teacher, corpus: Corpus, lesson: Lesson, label: str, kind: str, photo_answers: int, product_answers: int
) -> None:
    """alike[asked, shown]: the picture that is shown answers what the other one asks for."""
    signs = lesson.alike[0]
    count = len(lesson.products)
    labels = [corpus.photo_labels[teacher.rows[place] - len(corpus.rows)] for place in lesson.photos]
    products = [at for at, place in enumerate(lesson.products) if row(teacher, corpus, place)["article_type"] == kind]
    photos = [count + at for at, of in enumerate(labels) if of == label]
    assert products and photos
    assert {int(signs[product, photo]) for product in products for photo in photos} == {photo_answers}
    assert {int(signs[photo, product]) for product in products for photo in photos} == {product_answers}


def test_labels_that_share_a_kind_are_neither_alike_nor_different(
    teacher: Teacher, corpus: Corpus, lesson: Lesson
) -> None:
    count = len(lesson.products)
    labels = [corpus.photo_labels[teacher.rows[place] - len(corpus.rows)] for place in lesson.photos]
    signs = lesson.alike[0][count:, count:].numpy()
    for at, one in enumerate(labels):
        for other_at, other in enumerate(labels):
            wanted = 1 if one == other else 0 if {one, other} <= {"Shirt", "Blouse", "Top"} and (one, other) in (
                ("Shirt", "Blouse"), ("Blouse", "Shirt"), ("Blouse", "Top"), ("Top", "Blouse"),
            ) else -1  # fmt: skip
            assert signs[at, other_at] == wanted, (one, other)


def test_the_same_name_counts_for_every_product_that_has_it_but_the_own(
    teacher: Teacher, corpus: Corpus, lesson: Lesson
) -> None:
    count = len(lesson.products)
    titles = [row(teacher, corpus, place)["title"] for place in lesson.products]
    same, kin = lesson.same_name[:, :count], lesson.kin[:, :count]
    assert not same.diagonal().any() and not kin.diagonal().any()
    for at in range(count):
        for other in range(count):
            if at != other:
                assert bool(same[at, other]) == (titles[at] == titles[other])
    assert bool(kin.any()) and bool((kin & ~same).any()), "kin are more than those of the very same name"


def test_a_caption_fits_its_own_picture_and_none_of_another_kind(
    teacher: Teacher, corpus: Corpus, lesson: Lesson
) -> None:
    count = len(lesson.products)
    fits = lesson.caption_fits
    assert len(fits) == len(lesson.captions) == count + len(lesson.photos)
    assert (fits.diagonal() == 1).all()
    kinds = [row(teacher, corpus, place)["article_type"] for place in lesson.products]
    assert all(fits[at, other] == -1 for at in range(count) for other in range(count) if kinds[at] != kinds[other])


def test_a_name_says_its_words_and_a_caption_values_of_what_it_describes(
    teacher: Teacher, corpus: Corpus, lesson: Lesson
) -> None:
    words = {number: word for word, number in teacher.things.words.items()}
    values = {number: (kind, value) for kind, of in teacher.things.values.items() for value, number in of.items()}
    labels = {number: label for label, number in teacher.things.labels.items()}
    for at, place in enumerate(lesson.products):
        of = row(teacher, corpus, place)
        said = {words[number] for number in lesson.names[at].tolist() if number}
        assert said == {word for word in of["title"].casefold().split() if word in teacher.things.words}
        described = dict(values[number] for number in lesson.captions[at].tolist() if number)
        assert described == {kind: of[kind] for kind in described} and described["article_type"]
    for at, place in enumerate(lesson.photos):
        (number,) = (number for number in lesson.captions[len(lesson.products) + at].tolist() if number)
        assert labels[number] == corpus.photo_labels[teacher.rows[place] - len(corpus.rows)]


def test_every_value_is_asked_for(teacher: Teacher, corpus: Corpus, lesson: Lesson) -> None:
    starts = lesson.prompt_kinds
    assert starts[-1] == len(lesson.prompts) == len(lesson.prompt_fits)
    colours = lesson.prompts[starts[1] : starts[2], 0].tolist()
    assert colours == [teacher.things.values["base_colour"][colour] for colour in teacher.values["base_colour"]]
    rows = [row(teacher, corpus, place) for place in lesson.products]
    fits = lesson.prompt_fits[starts[1] : starts[2], : len(rows)].numpy()
    wanted = [[1 if one["base_colour"] == colour else -1 for one in rows] for colour in teacher.values["base_colour"]]
    assert (fits == wanted).all()


def test_the_same_step_is_the_same_lesson(teacher: Teacher, lesson: Lesson) -> None:
    again, other = teacher.lesson(3, 60, 8, 30), teacher.lesson(4, 60, 8, 30)
    assert (again.products == lesson.products).all() and torch.equal(again.names, lesson.names)
    assert not (other.products == lesson.products).all()
