"""Pages for people: the shop front, products, stores, the chat. Plain HTML first; scripts only add comfort."""

from __future__ import annotations

from flask import Flask

from shoppable.pages import chat, frame, front, photo, product, stores

__all__ = ["install"]


def install(app: Flask) -> None:
    frame.install(app)
    for room in (front, photo, product, stores, chat):
        app.register_blueprint(room.blueprint)
