"""Runs the benchmarks and gathers their tables: `python -m benchmarks [NAME …] [--small]`.

Below var/bench: one Markdown file, figures as JSON and a plot for each; benchmarks.md with all of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec

from benchmarks.tables import OUT

NAMES = ("search_quality", "text", "vectors", "feeds", "orders", "pages", "replies", "catalogues")
_SMALL = {"text": ["--small"], "orders": ["--rounds", "2", "--seconds", "1", "--attempts", "5000"]}
_FULL = {"vectors": ["--full"]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all when none is named")
    parser.add_argument("--small", action="store_true", help="without the million names and the million vectors")
    options = parser.parse_args()
    failed = []
    for name in options.names or NAMES:
        if find_spec(f"benchmarks.{name}") is None:
            parser.error(f"there is no benchmark named {name}")
        arguments = _SMALL.get(name, []) if options.small else _FULL.get(name, [])
        print(f"\n== {name}", flush=True)
        # Each in a process of its own, on one core's worth of threads: no memory or cache of the one before.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], env={**os.environ, **threads})
        if done.returncode:
            failed.append(name)
    parts = [path.read_text("utf-8") for path in sorted(OUT.glob("*.md")) if path.name != "benchmarks.md"]
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "benchmarks.md").write_text("# Benchmarks\n\n" + "\n".join(parts), "utf-8")
    print(f"\nTables and plots: {OUT}")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
