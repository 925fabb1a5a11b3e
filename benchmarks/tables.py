"""Figures as tables for people, and as Markdown and a plot for the documentation."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from types import TracebackType

import numpy as np

OUT = Path("var/bench")


@dataclass(slots=True)
class Table:
    """Rows of text under a heading. `notes` say how it was measured and what it does not show."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bars: list[tuple[str, float]] = field(default_factory=list)  # what the plot shows: name, milliseconds
    of: str = "a query"  # what those milliseconds are needed for

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", "| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines + [""] + [f"- {note}" for note in self.notes]) + "\n"

    def show(self) -> None:
        widths = [max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))]
        print(f"\n{self.title}")
        for row in (self.columns, *self.rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for note in self.notes:
            print(f"  {note}")


class Stopwatch:
    """CPU of this process and wall time of a block, in seconds."""

    cpu_s = 0.0
    wall_s = 0.0

    def __enter__(self) -> Stopwatch:
        self._cpu, self._wall = process_time(), perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu_s, self.wall_s = process_time() - self._cpu, perf_counter() - self._wall


def ms(seconds: Sequence[float], percentile: float) -> float:
    return float(np.percentile(np.array(seconds), percentile) * 1e3)


def machine() -> str:
    """Processor, cores and Python, in words."""
    try:
        info = Path("/proc/cpuinfo").read_text()
        model = re.search(r"model name\s*: (.+)", info)
        cores = info.count("processor\t")
        name = model.group(1).strip() if model else platform.processor()
    except OSError:
        name, cores = platform.processor(), 0
    return f"{name}, {cores} cores, Python {platform.python_version()}"


def keep(name: str, tables: Sequence[Table]) -> None:
    """Writes the tables of one benchmark below var/bench: Markdown, figures and a plot."""
    OUT.mkdir(parents=True, exist_ok=True)
    when = datetime.now(UTC).date().isoformat()
    text = "\n".join(table.markdown() for table in tables)
    (OUT / f"{name}.md").write_text(f"{text}\nMeasured {when} on {machine()}.\n", "utf-8")
    figures = {table.title: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in tables}
    (OUT / f"{name}.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
    _plot(name, [table for table in tables if table.bars])


def _plot(name: str, tables: Sequence[Table]) -> None:
    if not tables:
        return
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed (extra: bench)")
        return
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(tables), 1, figsize=(8, 0.6 + sum(0.6 + 0.35 * len(t.bars) for t in tables)))
    for axis, table in zip(np.atleast_1d(axes), tables, strict=True):
        labels, values = zip(*reversed(table.bars), strict=True)
        axis.barh(labels, values, color=["#1f6f5c" if label.startswith("Vitrine") else "#b8b4aa" for label in labels])
        axis.set_xscale("log")
        axis.set_title(table.title, loc="left", fontsize=10)
        axis.set_xlabel(f"ms of CPU {table.of}, median (log scale)", fontsize=8)
        axis.bar_label(axis.containers[0], fmt="%.2g", padding=3, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(OUT / f"{name}.svg")
    pyplot.close(figure)
