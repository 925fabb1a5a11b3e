"""Checks values against a machine-readable description of the Bot API (a file beside the checkout, never in it)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_PRIMITIVES: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
    "True": (bool,),
    "InputFile": (str,),
}


class BotApi:
    def __init__(self, path: Path) -> None:
        self.description: dict[str, Any] = json.loads(path.read_text("utf-8"))
        self.methods = self.description["methods"]
        self.types = self.description["types"]

    def call_problems(self, method: str, arguments: dict[str, Any]) -> list[str]:
        """What is wrong with a call."""
        if method not in self.methods:
            return [f"no method {method}"]
        return self._fields(method, self.methods[method].get("fields", []), arguments)

    def problems(self, kinds: list[str], value: Any, where: str = "$") -> list[str]:
        """What is wrong with a value that should be of one of these kinds."""
        found = [self._problems(kind, value, where) for kind in kinds]
        return [] if any(not problems for problems in found) else min(found, key=len)

    def _problems(self, kind: str, value: Any, where: str) -> list[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [f"{where}: not an array"]
            inner = kind.removeprefix("Array of ")
            return [
                problem for i, item in enumerate(value) for problem in self.problems([inner], item, f"{where}[{i}]")
            ]
        if kind in _PRIMITIVES:
            right = isinstance(value, _PRIMITIVES[kind]) and (isinstance(value, bool) == (bool in _PRIMITIVES[kind]))
            return [] if right else [f"{where}: {value!r} is no {kind}"]
        described = self.types.get(kind)
        if described is None:
            return [f"{where}: unknown type {kind}"]
        if described.get("subtypes"):
            return self.problems(described["subtypes"], value, where)
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no {kind}"]
        return self._fields(where, described.get("fields", []), value)

    def _fields(self, where: str, fields: list[dict[str, Any]], value: dict[str, Any]) -> list[str]:
        known = {field["name"]: field for field in fields}
        problems = [f"{where}: unknown field {name}" for name in value if name not in known]
        problems += [
            f"{where}: {name} is missing" for name, field in known.items() if field["required"] and name not in value
        ]
        for name, inner in value.items():
            if name in known:
                problems += self.problems(known[name]["types"], inner, f"{where}.{name}")
        return problems
