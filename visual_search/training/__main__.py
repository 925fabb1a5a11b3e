"""From the shared data to the files that ship, by one command; what was done before is not done again.

pip install '.[train]'
python -m visual_search.training            some hours on two CPU cores; sooner on a GPU
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the built-in encoder and write the files that ship.")
    parser.add_argument("--cache", type=Path, default=Path("var/training"), help="checkpoints and views")
    parser.add_argument("--views", type=int, default=12, help="augmented views of each picture; 550 MB each")
    asked = parser.parse_args()
    cache = ["--cache", str(asked.cache)]
    _run("views", *cache, "--views", str(asked.views))
    for stage in ("head", "tower", "refit", "pictures"):
        _run("train", stage, *cache)
    _run("export", *cache, "--checkpoint", str(asked.cache / "pictures.pt"))
    _run("report", *cache, "--write")
    _run("fit_kinds")


def _run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", f"visual_search.training.{module}", *arguments], check=True)


if __name__ == "__main__":
    main()
