"""From the shared data to the files that ship, by one command; what was done before is not done again.

pip install '.[train]'
python -m visual_search.training            a quarter of an hour with a large GPU, days without
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the built-in encoder and write the files that ship.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"), help="decoded pictures and checkpoints")
    cache = ["--cache", str(parser.parse_args().cache)]
    for step in ("train", "words", "alike", "export"):
        _run(step, *cache)
    _run("report", *cache, "--write")
    _run("fit_kinds")


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", f"visual_search.training.{module}", *arguments], check=True)


if __name__ == "__main__":
    main()
