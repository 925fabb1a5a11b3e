"""The house keeps its own rules: rooms explain themselves, nothing is unfinished, nothing is unused."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from commerce.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "catalog_sync", "commerce", "shoppable", "visual_search", "vitrine")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BESIDE = sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
LONGEST_MODULE = 420  # lines: past that there are two ideas in it
ONE_LIST = {"commerce/storage/tables.py"}  # every table, and nothing else


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for(package):
    text = (ROOT / package / "README.md").read_text("utf-8")
    assert len(text.splitlines()) >= 5


def test_every_channel_folder_holds_the_same_names():
    for folder in sorted((ROOT / "bot" / "channels").iterdir()):
        if folder.is_dir() and not folder.name.startswith("_"):
            files = {path.name for path in folder.iterdir()}
            assert {"README.md", "parse.py", "send.py"} <= files, folder.name
            hooked = "hook(" in (folder / "__init__.py").read_text("utf-8")
            assert not hooked or "verify.py" in files, f"{folder.name} has a door without a lock"


def test_every_module_says_what_it_is():
    silent = [
        relative(p) for p in SOURCES if p.stat().st_size > 400 and not p.read_text("utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_no_module_holds_two_ideas():
    modules = [p for p in (*SOURCES, *BESIDE) if relative(p) not in ONE_LIST]
    long = {relative(p): len(p.read_text("utf-8").splitlines()) for p in modules}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_MODULE} == {}


def test_nothing_is_left_for_later():
    # Spelled apart so that this file does not find itself.
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImpl" + "ementedError"]))
    # A migration has no way back, and says so in Alembic's own manner.
    sources = [p for p in SOURCES if "migrations" not in p.parts]
    assert [relative(p) for p in sources if marks.search(p.read_text("utf-8"))] == []


def test_no_setting_is_unused():
    code = "\n".join(p.read_text("utf-8") for p in SOURCES if p.name != "settings.py")
    own = (ROOT / "commerce" / "settings.py").read_text("utf-8")
    unused = [
        name
        for name in Settings.model_fields
        if not re.search(rf"(settings\.{name}\b|secrets_of\(.{name}.\))", code) and f"self.{name}" not in own
    ]
    assert unused == []


def test_the_environment_has_one_reader():
    # Training runs beside the product, never inside it.
    sources = [p for p in SOURCES if "training" not in p.parts]
    readers = [relative(p) for p in sources if re.search(r"os\.environ|os\.getenv|environ\[", p.read_text("utf-8"))]
    assert readers == []


@pytest.mark.parametrize("command", [["--help"], ["search", "--help"], ["prove", "--help"]])
def test_the_command_line_answers_without_heavy_libraries(command):
    script = (
        "import sys\n"
        "from vitrine.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'aiogram', 'telegram', 'torch', 'faiss', 'onnxruntime', 'PIL', 'lxml', 'alembic', 'sqlalchemy'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    assert run.stderr.strip() == "[]"
