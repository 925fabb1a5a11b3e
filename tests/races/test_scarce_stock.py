"""The races of `vitrine prove`, a few rounds of each; and the last unit between processes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from commerce.domain.stock import MovementReason
from commerce.storage import open_storage
from tests.contracts.storage_values import NOW, put_stock
from vitrine.doctor import check

BUYERS = """
import datetime, json, sys
from concurrent.futures import ThreadPoolExecutor
from commerce.storage import open_storage

url, process, variant = sys.argv[1], sys.argv[2], int(sys.argv[3])
storage = open_storage(url)
later = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
print("ready", flush=True)
sys.stdin.readline()  # until all are

def buy(number):
    hold_id = f"{process}-{number}"
    try:
        taken = storage.write(lambda uow: uow.stock.take(hold_id, [(variant, 1)], "bellecour", hold_id, later, later))
    except Exception as error:
        return repr(error)
    return "won" if taken else "sold out"

with ThreadPoolExecutor(40) as pool:
    print(json.dumps(list(pool.map(buy, range(40)))))
"""


@pytest.mark.parametrize(("name", "n"), [("last_unit", 3), ("two_lines", 300), ("hold_churn", 600), ("staff_race", 12)])
def test_a_few_rounds_of_each_promise(name: str, n: int, tmp_path: Path) -> None:
    proof = importlib.import_module(f"vitrine.prove.{name}")
    lines: list[str] = []
    result = proof.run(n, 20260310, tmp_path, lines.append)
    # How long it took says more about this machine's other work than about the shop: `vitrine prove` judges that.
    whole = result.kept or all(details.get("whole") for details in result.details.values())
    assert whole, (result.figure, result.details)
    assert "SQLite" in result.details


def test_the_last_units_between_five_processes(database_url: str) -> None:
    storage = open_storage(database_url)
    (variant,) = put_stock(storage, {"38": 3})
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BUYERS, database_url, str(number), str(variant)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(5)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers: list[str] = []
    for process in processes:
        output, _ = process.communicate(timeout=90)
        assert process.returncode == 0
        answers += json.loads(output)
    assert sorted(set(answers)) == ["sold out", "won"]
    assert (len(answers), answers.count("won")) == (200, 3)
    with storage.read() as uow:
        (level,) = uow.stock.levels([variant])
        assert (level.on_hand, level.held) == (3, 3)
    storage.write(lambda uow: uow.stock.set_on_hand(variant, "bellecour", 0, MovementReason.COUNT, NOW))
    assert [found.name for found in check(storage, NOW) if not found.ok] == []
    storage.close()
