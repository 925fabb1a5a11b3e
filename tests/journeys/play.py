"""Plays J1 and J2 against a shop on disk and prints what was said.

    python -m tests.journeys.play DATA_DIR [J1|J2] [--lang fr|en] [--photo FILE]

It reserves for real in that shop: play in one that was made for it.
"""

from __future__ import annotations

import argparse
import uuid
from pathlib import Path

from bot.channels.recorder.send import Recorder
from bot.worker import Worker
from commerce.settings import load_settings
from commerce.wiring import build_shop
from tests.journeys.drivers.memory import MemoryDriver
from tests.journeys.transcript import JOURNEYS, transcript


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("journey", nargs="?", choices=sorted(JOURNEYS))
    parser.add_argument("--lang", choices=("fr", "en"))
    parser.add_argument("--photo", type=Path, help="the photo that J2 sends")
    asked = parser.parse_args()
    with build_shop(load_settings(data_dir=asked.data_dir)) as shop:
        shop.index_keeper.refresh()
        recorder = Recorder(shop.media)
        worker = Worker(shop, [recorder])
        for journey in [asked.journey] if asked.journey else sorted(JOURNEYS):
            for language in [asked.lang] if asked.lang else ("fr", "en"):
                print(f"=== {journey} · {language}\n")
                driver = MemoryDriver(shop, recorder, worker, uuid.uuid4().hex, language=language)
                for line in transcript(journey, language, driver, asked.photo):
                    print(line)


if __name__ == "__main__":
    main()
