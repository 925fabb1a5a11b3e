"""What every test's own shop and application would make anew, always the same, is made once a process: templates and
routes are compiled once, encoders opened once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from visual_search.encoders import registry


def make_once() -> None:
    """For every shop and application made from now on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
    _compile_routes_once()
    for name, build in registry._ENCODERS.items():
        registry._ENCODERS[name] = cache(build)


class CompiledTemplates(BytecodeCache):
    """In memory, by name and path of the template and by its text."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


def _compile_routes_once() -> None:
    """The functions that write addresses: werkzeug compiles two for each route of an application, which is most of what
    making one costs."""
    compile_one = Rule._compile_builder
    compiled: dict[object, Callable[..., tuple[str, str]]] = {}

    def builder(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_one(self, append_unknown)
        return compiled[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]
