"""What every test's own shop and application would make anew, always the same, is made once a process: templates and
routes are compiled once, encoders opened once. And passwords are hashed as quickly as can be: what ships takes long on
purpose, and is tested in `tests/contracts/test_passwords.py`."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from argon2.profiles import CHEAPEST
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from commerce.passwords import Argon2Passwords
from visual_search.encoders import registry


def make_once() -> None:
    """For every shop and application made from now on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
    Flask.url_rule_class = KnownRule
    for name, build in registry._ENCODERS.items():
        registry._ENCODERS[name] = cache(build)
    Argon2Passwords.parameters = CHEAPEST


class CompiledTemplates(BytecodeCache):
    """In memory, by name and path of the template and by its text."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


class KnownRule(Rule):
    """A route that is compiled once a process: what compiling makes of it is most of what an application costs."""

    _compiled: ClassVar[dict[object, dict[str, object]]] = {}

    def compile(self) -> None:
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults))
        if key not in self._compiled:
            before = dict(vars(self))
            self.arguments = set(self.arguments)  # compiling adds to it
            super().compile()
            self._compiled[key] = {name: made for name, made in vars(self).items() if before.get(name) is not made}
        vars(self).update(self._compiled[key])
