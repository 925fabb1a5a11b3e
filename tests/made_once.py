"""What every test's own shop and application would make anew, always the same, is made once a process: templates and
routes are compiled once, encoders opened once. And passwords are hashed as quickly as can be: what ships takes long on
purpose, and is tested in `tests/contracts/test_passwords.py`.

A new SQLite database gets its tables by copying one that was new, and a picture of the demo shop is drawn once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from argon2.profiles import CHEAPEST
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine, make_url
from werkzeug.routing import Rule

from commerce import storage
from commerce.passwords import Argon2Passwords
from commerce.storage import engine
from visual_search.encoders import registry
from vitrine import demo_shop

if TYPE_CHECKING:
    from PIL.Image import Image


def make_once() -> None:
    """For every shop and application made from now on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
    Flask.url_rule_class = KnownRule
    for name, build in registry._ENCODERS.items():
        registry._ENCODERS[name] = cache(build)
    Argon2Passwords.parameters = CHEAPEST
    storage.migrate = CopiedTables(storage.migrate)
    engine.create_engine = _with_known_statements
    demo_shop.draw = _each_a_copy(cache(demo_shop.draw))


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


class KnownStatements(dict[Any, Any]):
    """Statements as SQL, by all that SQLAlchemy knows them by but the engine: each is put together once a process."""

    MOST = 5_000

    def get(self, key: tuple[object, ...], default: object = None) -> object:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[object, ...], compiled: object) -> None:
        if len(self) >= self.MOST:
            self.clear()
        super().__setitem__(key[1:], compiled)


_known_statements = defaultdict[type[object], KnownStatements](KnownStatements)


def _with_known_statements(*what: Any, **how: Any) -> Engine:
    made = create_engine(*what, **how)
    made.update_execution_options(compiled_cache=_known_statements[type(made.dialect)])
    return made


class CopiedTables:
    """`commerce.storage.migrate`, which finds the tables there where SQLite would have to make them all."""

    def __init__(self, migrate: Callable[[str], None]) -> None:
        self._migrate = migrate

    def __call__(self, database_url: str) -> None:
        url = make_url(database_url)
        path = Path(url.database or "")
        if url.get_backend_name() == "sqlite" and path.parent.is_dir() and not path.exists():
            with suppress(OSError):  # where it cannot be written, the migration says so
                _put(self._empty_shop, path)
        self._migrate(database_url)

    @cached_property
    def _empty_shop(self) -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder, "shop.db")
            self._migrate(f"sqlite:///{path}")
            return path.read_bytes()


def _put(content: bytes, path: Path) -> None:
    """All of it at once, unless somebody was quicker."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-") as whole:
        whole.write(content)
        whole.flush()
        Path(whole.name).chmod(0o644)
        with suppress(FileExistsError):
            os.link(whole.name, path)


def _each_a_copy(draw: Callable[..., Image]) -> Callable[..., Image]:
    def drawn(*what: Any, **how: Any) -> Image:
        return draw(*what, **how).copy()

    return drawn
