"""The lexicon: every key of a real catalogue maps, labels agree, synonyms run both ways, the word files are sound."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from commerce.lexicon import Lexicon, LexiconError, lexicon
from commerce.lexicon.entries import Category, Entry
from commerce.lexicon.loading import FILES, read_entries, read_table
from commerce.lexicon.vocabulary import _forms, _spellings

WORDS = lexicon()


# What a real catalogue calls things


def _column(shared: Path, name: str) -> set[str]:
    with (shared / "data" / "fashion" / "products.tsv").open(encoding="utf-8", newline="") as stream:
        return {row[name] or "" for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)} - {"", "NA"}


def test_every_article_type_has_a_category_of_its_own(shared: Path) -> None:
    types = _column(shared, "article_type")
    found = {name: WORDS.category_of(name, language="en") for name in types}
    assert [name for name, key in found.items() if key is None] == []
    assert len(set(found.values())) == len(types) > 140


def test_every_colour_gender_use_and_season_maps(shared: Path) -> None:
    colours = _column(shared, "base_colour")
    assert len({WORDS.colour_of(name, language="en") for name in colours} - {None}) == len(colours) == 46
    assert {WORDS.gender_of(name) for name in _column(shared, "gender")} == {"men", "women", "boys", "girls", "unisex"}
    assert all(WORDS.key_of("occasion", name, language="en") for name in _column(shared, "usage"))
    assert all(WORDS.key_of("season", name, language="en") for name in _column(shared, "season"))
    for column in ("sub_category", "master_category"):
        assert all(WORDS.category_of(name, language="en") for name in _column(shared, column))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Dresses", "dress"), ("ROBES", "dress"), ("robe", "dress"), ("Robe midi en lin", "dress"),
        ("Apparel & Accessories > Clothing > Dresses", "dress"), ("Apparel & Accessories > Shoes", "shoes"),
        ("Apparel & Accessories > Clothing > Outerwear > Coats & Jackets", "outerwear"),
        ("Chaussures > Bottines", "ankle_boots"),
        ("Women/Shoes/Sneakers", "sneakers"), ("Veste en jean", "jacket"), ("Denim jacket", "jacket"),
        ("manteaux", "coat"),
        ("doudoune", "puffer_jacket"), ("trench", "trench_coat"), ("tuque", "beanie"), ("chandail", "sweater"),
        ("espadrilles", "espadrilles"), ("baskets", "sneakers"), ("tennis", "sneakers"),
        ("boucles d’oreilles", "earrings"),
        ("tee shirt", "tshirt"), ("t-shirts", "tshirt"), ("TSHIRT", "tshirt"), ("sac a dos", "backpack"),
        ("pull over", "sweater"), ("pullover", "sweater"), ("maillot", "swimwear"), ("combinaison", "jumpsuit"),
        ("mocassins", "loafers"), ("bottes", "boots"), ("coats", "coat"), ("hoodies", "hoodie"),
        ("shirt dress", "dress"),
        ("souliers", "shoes"), ("gougounes", "flip_flops"), ("coton ouaté", "sweatshirt"),
    ],
)  # fmt: skip
def test_a_category_is_told_from_any_name(text: str, category: str) -> None:
    assert WORDS.category_of(text) == category


@pytest.mark.parametrize("text", ["", " ", "42", "xyzzy", ">", "a > b", "\ud800", "de la"])
def test_what_names_nothing_is_none(text: str) -> None:
    assert WORDS.category_of(text) is None
    assert WORDS.colour_of(text) is None


def test_a_word_of_two_meanings_follows_the_language() -> None:
    assert WORDS.category_of("robe", language="fr") == "dress"
    assert WORDS.category_of("robe", language="en") == "dressing_gown"
    assert WORDS.category_of("vest", language="fr") == "jacket"
    assert WORDS.category_of("vest", language="en") == "waistcoat"
    assert WORDS.colour_of("rose", language="fr") == "pink"
    assert WORDS.colour_of("rose", language="en") == "rose"


# How we call things


@pytest.mark.parametrize(
    ("colour", "category", "plural", "label"),
    [
        ("navy", None, False, "bleu marine"), ("white", None, False, "blanc"), ("white", "dress", False, "blanche"),
        ("white", "dress", True, "blanches"), ("white", "sneakers", False, "blanches"),
        ("black", "gloves", False, "noirs"),
        ("green", "shorts", True, "verts"), ("burgundy", "dress", True, "bordeaux"),
        ("gold", "earrings", False, "dorées"),
    ],
)  # fmt: skip
def test_a_french_colour_agrees_with_the_thing(colour: str, category: str | None, plural: bool, label: str) -> None:
    assert WORDS.label("colour", colour, "fr", plural=plural, agree_with=category) == label


def test_labels() -> None:
    assert WORDS.label("category", "dress", "fr") == "robe"
    assert WORDS.label("category", "dress", "fr", plural=True) == "robes"
    assert WORDS.label("category", "dress", "en", plural=True) == "dresses"
    assert WORDS.label("category", "sneakers", "fr") == "baskets"
    assert WORDS.label("category", "jeans", "en") == "jeans"
    assert WORDS.label("colour", "white", "en", agree_with="dress") == "white"
    assert WORDS.label("gender", "women", "fr") == "femme"
    assert WORDS.label("pattern", "striped", "fr", agree_with="dress") == "rayée"
    with pytest.raises(KeyError):
        WORDS.label("colour", "no such colour", "fr")


def test_every_label_is_understood_as_what_it_labels() -> None:
    for kind in FILES.values():
        for key in WORDS.keys(kind):
            entry = WORDS.entry(kind, key)
            for language, forms in (("fr", entry.fr), ("en", entry.en)):
                for form in forms:
                    senses = WORDS.senses_of(form)
                    assert WORDS.choose(kind, form, senses, language) == key, (kind, key, form)


# What goes with what


def test_kin() -> None:
    assert {"sneakers", "boots", "heels", "sandals", "formal_shoes"} <= WORDS.kin("shoes")
    assert {"shirt", "tshirt", "blouse", "sweater"} <= WORDS.kin("top")
    assert {"casual_shoes", "sports_shoes"} <= WORDS.kin("sneakers")
    assert "dress" not in WORDS.kin("top")
    assert WORDS.kin("of_this_shop_alone") == {"of_this_shop_alone"}
    assert all(key in WORDS.kin(key) for key in WORDS.keys("category"))


def test_colour_families() -> None:
    assert WORDS.colour_family("navy") == "blue"
    assert WORDS.colour_family("burgundy") == "red"
    assert WORDS.colour_family("black") == "black"
    assert WORDS.colour_family("unknown") == "unknown"
    for key in WORDS.keys("colour"):
        family = WORDS.colour_family(key)
        assert WORDS.colour_family(family) == family, key


def test_search_words_hold_both_languages_and_what_is_wider() -> None:
    navy = WORDS.search_words("colour", "navy")
    assert {"bleu marine", "navy", "bleu", "bleue", "blue"} <= set(navy)
    shoes = WORDS.search_words("category", "casual_shoes")
    assert {"baskets", "sneakers", "chaussures", "shoes"} <= set(shoes)
    assert len(set(navy)) == len(navy)
    assert WORDS.search_words("colour", "no such colour") == ()


def test_synonyms_run_both_ways() -> None:
    synonyms = WORDS.synonyms()
    for one, two in combinations(("baskets", "sneakers", "trainers"), 2):
        assert two in synonyms[one]
        assert one in synonyms[two]
    assert {"sweater", "jumper", "chandail"} <= set(synonyms["pull"])
    assert "navy" in synonyms["bleu marine"]
    assert "bleu marine" in synonyms["navy"]
    assert "dress" in synonyms["robe"]
    assert "robe" not in synonyms["dressing gown"]
    for word, others in synonyms.items():
        assert word not in others


# The word files themselves


def test_a_word_that_means_two_things_is_declared() -> None:
    undecided = {kind: set(table) for kind, table in read_table("ambiguous.toml").items()}
    meanings: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for entry in read_entries():
        for language in ("fr", "en"):
            for form in _forms(entry, language):
                for spelling in _spellings(form):
                    meanings[entry.kind, language, spelling].add(entry.key)
    same_language = {name: keys for name, keys in meanings.items() if len(keys) > 1}
    assert same_language == {}
    for (kind, language, spelling), keys in meanings.items():
        other = meanings.get((kind, "en" if language == "fr" else "fr", spelling), keys)
        declared = spelling in {next(iter(_spellings(word))) for word in undecided.get(kind, ())}
        assert keys == other or declared, (kind, spelling, keys, other)


def test_no_feed_name_is_claimed_twice() -> None:
    claimed: dict[tuple[str, str], str] = {}
    for entry in read_entries():
        for name in entry.feeds:
            assert claimed.setdefault((entry.kind, name.lower()), entry.key) == entry.key, name


def _entry(**changes: object) -> Entry:
    fields: dict[str, object] = {
        "kind": "category", "key": "dress", "fr": ("robe", "robes"), "en": ("dress", "dresses"), "also_fr": (),
        "also_en": (), "feeds": (), "parent": None, "gender": "f", "sizes": "letters", "meant_with": (),
    }  # fmt: skip
    return Category(**(fields | changes))  # type: ignore[arg-type]


def test_a_shop_may_build_a_lexicon_of_its_own() -> None:
    own = Lexicon([_entry(), _entry(key="apron", fr=("tablier", "tabliers"), en=("apron", "aprons"), gender="m")])
    assert own.category_of("Tabliers") == "apron"
    assert own.category_of("manteau") is None


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('[dress]\nsizes = "letters"\ngender = "f"\nfr = ["robe"]\n', "en"),
        ('[Dress]\nsizes = "letters"\ngender = "f"\nfr = ["robe"]\nen = ["dress"]\n', "snake_case"),
        ('[dress]\nsizes = "huge"\ngender = "f"\nfr = ["robe"]\nen = ["dress"]\n', "huge"),
        ('[dress]\nsizes = "letters"\ngender = "x"\nfr = ["robe"]\nen = ["dress"]\n', "none we know"),
        ('[dress]\nsizes = "letters"\ngender = "f"\nfr = ["a", "b", "c"]\nen = ["dress"]\n', "forms"),
        ('[dress]\nsizes = "letters"\ngender = "f"\nfr = ["robe "]\nen = ["dress"]\n', "list of words"),
        ('[dress]\nsizes = "letters"\ngender = "f"\nfr = ["robe"]\nen = ["dress"]\ncolor = "red"\n', "unknown fields"),
        ('[dress]\nparent = "gowns"\nsizes = "letters"\ngender = "f"\nfr = ["robe"]\nen = ["dress"]\n', "gowns"),
    ],
)
def test_a_wrong_word_file_is_refused_with_its_name(
    table: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "words").mkdir()
    for name in FILES:
        (tmp_path / "words" / name).write_text(table if name == "categories.toml" else "", "utf-8")
    monkeypatch.setattr("commerce.lexicon.loading.files", lambda package: tmp_path)
    with pytest.raises(LexiconError, match=reason) as raised:
        read_entries()
    assert "categories.toml" in str(raised.value)
