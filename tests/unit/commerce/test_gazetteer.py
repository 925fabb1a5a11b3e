"""Towns and postcodes, as people say them."""

from pathlib import Path

import pytest

from commerce.domain.geo import GeoPoint
from commerce.gazetteer import FileGazetteer, import_places

LYON = GeoPoint(45.76, 4.84)


@pytest.fixture(scope="module")
def towns():
    return FileGazetteer(home=LYON)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Lyon", "Lyon"),
        ("je suis à Grenoble", "Grenoble"),
        ("grenobel", "Grenoble"),
        ("st etienne", "Saint-Étienne"),
        ("SAINT ÉTIENNE", "Saint-Étienne"),
        ("in Paris please", "Paris"),
        ("montreal", "Montréal"),
        ("69002", "Lyon"),
        ("près de 38000", "Grenoble"),
        ("H2X 1Y4", "Montréal"),
        ("aix en provence", "Aix-en-Provence"),
    ],
)
def test_found(towns, words, name):
    place = towns.find(words)
    assert place is not None
    assert place.name == name


@pytest.mark.parametrize("words", ["", "robe rouge", "99999", "roses", "x" * 5000, "; DROP TABLE store"])
def test_not_a_place(towns, words):
    assert towns.find(words) is None


def test_country_decides_between_namesakes(towns):
    assert towns.find("1000", country="BE").name == "Bruxelles"
    assert towns.find("1000", country="CH").name == "Lausanne"


def test_a_public_list_is_imported_and_finer_than_the_bundled_one(tmp_path):
    communes = tmp_path / "communes.csv"
    communes.write_text(
        '"ID","NAME","ZIP_CODES","LATITUDE","LONGITUDE"\n'
        '"1","Saint-Genis-les-Ollières","69290","45.7573","4.7264"\n'
        '"2","Sans-Lieu","","",""\n',
        "utf-8",
    )
    assert import_places(communes, tmp_path / "places") == 1
    finer = FileGazetteer(extra=tmp_path / "places", home=LYON)
    assert finer.find("st genis les ollieres").postcode == ""
    assert finer.find("69290").name == "Saint-Genis-les-Ollières"
    assert finer.find("Lyon").name == "Lyon"


def test_geonames_files_are_known_too(tmp_path):
    file = tmp_path / "CA.txt"
    file.write_text("CA\tH2W\tPlateau Mont-Royal (Est)\tQuébec\tQC\t\t\t\t\t45.518\t-73.581\t6\n", "utf-8")
    assert import_places(file, tmp_path / "places") == 1
    assert FileGazetteer(extra=tmp_path / "places").find("H2W").name == "Plateau Mont-Royal"


def test_another_kind_of_file_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(ValueError, match="not a list of places"):
        import_places(other, tmp_path / "places")
    assert not list(Path(tmp_path / "places").glob("*")) if (tmp_path / "places").exists() else True
