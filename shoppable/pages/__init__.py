"""Pages for people: the shop front, products, stores, the chat. Plain HTML first; scripts only add comfort."""

from __future__ import annotations

from flask import Flask

from shoppable.pages import (
    buy,
    campaign,
    cart,
    chat,
    checkout,
    fake_payment,
    for_you,
    frame,
    front,
    link,
    lookbook,
    orders,
    photo,
    posts,
    prices_in_mail,
    product,
    returns,
    share,
    short,
    stores,
)
from shoppable.site import site_of

__all__ = ["install"]


def install(app: Flask) -> None:
    frame.install(app)
    rooms = (
        front, for_you, photo, product, lookbook, short, posts, stores, chat, cart, buy, link, checkout, orders,
        campaign, share, prices_in_mail,
    )  # fmt: skip
    for room in rooms:
        app.register_blueprint(room.blueprint)
    returns.install(app)
    if fake_payment.NAME in site_of(app).shop.providers:
        app.register_blueprint(fake_payment.blueprint)
