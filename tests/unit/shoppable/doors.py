"""Everybody who may knock at a door of the shop, and things of theirs to ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from commerce.domain.campaign import Campaign, NotCampaigned, Outlet
from commerce.domain.cart import Fulfilment
from commerce.domain.conversation import CannedReply
from commerce.domain.customer import Contact
from commerce.domain.linking import TokenPurpose
from commerce.domain.localtext import LocalText
from commerce.domain.lookbook import Lookbook, Post, Region, ShortLink
from commerce.domain.mail import Direction
from commerce.domain.order import Order, OrderSource
from commerce.domain.reservation import Refused, Reservation
from commerce.domain.returns import ReturnKind, ReturnLine, ReturnReason, ReturnRequest, ReturnState, ReturnWay
from commerce.domain.team import Role, StaffMember, StaffSession
from commerce.domain.waiting import StockWaiter, WaitState
from commerce.ports import UnitOfWork
from commerce.services.entering import EnteredLine, EnteredOrder
from commerce.services.signing_in import digest_of
from commerce.services.staff_refunds import RefundWaiting
from commerce.wiring import Shop
from shoppable.chat import session
from tests.unit.shoppable.catalogues import publish_catalogue
from tests.unit.shoppable.shopping import BELLECOUR, HOST, ORIGIN, Browser, variant_of
from tests.unit.shoppable.staffing import add_member

SKU = "P2-blue-M"
SAFE = {"GET", "HEAD", "OPTIONS"}
MISSING = "0" * 32


class Visitor(StrEnum):
    NOBODY = "nobody"
    SHOPPER_A = "shopper A"  # whose things are asked for
    SHOPPER_B = "shopper B"
    STAFF_1 = "staff of S1"  # where A's things are
    STAFF_2 = "staff of S2"
    MARKETER = "marketer"
    OWNER = "owner"
    LEFT = "somebody who has left"


ROLES = {
    Visitor.STAFF_1: (Role.STAFF, ("S1",)),
    Visitor.STAFF_2: (Role.STAFF, ("S2",)),
    Visitor.MARKETER: (Role.MARKETER, ()),
    Visitor.OWNER: (Role.OWNER, ()),
    Visitor.LEFT: (Role.STAFF, ("S1",)),
}
# What a door needs to get as far as looking for the thing.
BODIES: dict[str, dict[str, object]] = {
    "api_carts.coupon": {"code": "NONE"},
    "api_carts.line": {"quantity": 1},
    "api_waits.wait": {"sku": "P1-terracotta-38"},
    "staff.move_order": {"state": "preparing"},
    "staff.refund": {"amount": "1"},
    "staff.approve_refund": {"amount_minor": "6500"},
    "staff.note": {"kind": "note", "text": "Called."},
    "studio.show_version": {"version": "1"},
}
# Forms that say which store they are about.
OF_A_STORE: dict[str, dict[str, object]] = {
    "staff.enter_stock": {"sku": SKU, "quantity": "1", "reason": "sale"},
    "staff.enter_order": {"sku": SKU, "quantity": "1", "source": "phone", "phone": "+33 4 00 00 00 00"},
    "staff.receive_return": {},
    "staff.hand_new_unit": {},
}
QUERIES = {"api_products.similar": "id=P1"}


class World:
    """A shop with a team and two shoppers. Things are made when they are asked for, a new one each time."""

    def __init__(self, app: Flask, shop: Shop) -> None:
        self.app, self.shop = app, shop
        self.members: dict[Visitor, StaffMember] = {}
        for visitor, (role, stores) in ROLES.items():
            self.members[visitor] = add_member(shop, f"{visitor.name.lower()}", role, stores)
        # Somebody who has left, with a session that was forgotten: the worst case.
        shop.storage.write(lambda uow: shop.team.deactivate(uow, self.members[Visitor.LEFT].id, actor="test"))
        self.tokens = {Visitor.SHOPPER_A: shop.ids.new_id(), Visitor.SHOPPER_B: shop.ids.new_id()}
        self.contact = self._shopper(Visitor.SHOPPER_A)
        self._shopper(Visitor.SHOPPER_B)

    # --- who knocks

    def client(self, visitor: Visitor) -> FlaskClient:
        client = self.app.test_client()
        if visitor in self.tokens:
            client.set_cookie("chat", self.tokens[visitor], domain="127.0.0.1")
        if visitor in self.members:
            secret, now = self.shop.ids.new_id(), self.shop.clock.now()
            made = StaffSession(digest_of(secret), self.members[visitor].id, now, now, now + timedelta(hours=1))
            self.shop.storage.write(lambda uow: uow.team.add_session(made))
            client.set_cookie("vitrine_staff", secret, domain="127.0.0.1")
            client.environ_base["csrf"] = self._token(made.digest)
        return client

    def knock(
        self,
        client: FlaskClient,
        rule: Rule,
        method: str,
        values: dict[str, str],
        *,
        headers: dict[str, str] | None = None,
        with_token: bool = True,
        address: str = "127.0.0.1",
    ) -> TestResponse:
        in_form = {name.removeprefix("_"): value for name, value in values.items() if name.startswith("_")}
        in_path = {name: value for name, value in values.items() if name in rule.arguments}
        path = self.app.url_map.bind("127.0.0.1:8000").build(rule.endpoint, in_path, method)
        more: dict[str, object] = {}
        if method not in SAFE:
            if rule.rule.startswith("/api/"):
                more["json"] = BODIES.get(rule.endpoint, {})
            else:
                token = client.environ_base.get("csrf", "") if with_token else ""
                form = {**BODIES.get(rule.endpoint, {}), **OF_A_STORE.get(rule.endpoint, {}), **in_form}
                more["data"] = {**form, "csrf": token}
        sent = {"Accept-Language": "en", **(ORIGIN if method not in SAFE else {}), **(headers or {})}
        return client.open(
            path,
            query_string=QUERIES.get(rule.endpoint, ""),
            method=method,
            base_url=HOST,
            headers=sent,
            environ_overrides={"REMOTE_ADDR": address},
            **more,  # type: ignore[arg-type]
        )

    # --- what is asked for

    def own(self, rule: Rule) -> dict[str, str]:
        """Values for the address of a thing of shopper A, at store S1."""
        made: dict[str, str] = {}
        for name in sorted(rule.arguments):
            make = self._things().get(f"{rule.endpoint}:{name}") or self._things().get(name)
            assert make is not None, f"tests/unit/shoppable/doors.py knows no <{name}> for {rule.endpoint}"
            made[name] = make()
        if rule.endpoint in OF_A_STORE:
            made["_store"] = "S1"
        return made

    def missing(self, rule: Rule) -> dict[str, str]:
        """The same address for a thing that is not there; what stands beside it is."""
        real = {"kind", "sku", "filename", "part"}
        own = self.own(rule)
        shaped = {"key": f"{MISSING}.photo", "entry_id": "0"}
        return {name: value if name in real else shaped.get(name, MISSING) for name, value in own.items()}

    def _things(self) -> dict[str, Callable[[], str]]:
        return {
            "address": self.product,
            "product": lambda: "P1",
            "items": lambda: SKU,
            "filename": lambda: "site.css",
            "sku": lambda: SKU,
            "store": lambda: "S1",
            "kind": lambda: "reservation",
            "id": self.reservation,
            "subject": self.reservation,
            "reservation": self.reservation,
            "order": self.order,
            "order_id": self.order,
            "staff.approve_refund:order": self.refund_that_waits,
            "staff.decline_refund:order": self.refund_that_waits,
            "orders.receipt:order_id": self.paid_order,
            "request_id": self.return_request,
            "wait": self.wait,
            "cart": self.cart_of_a_machine,
            "ref": self.payment_session,
            "media.picture:key": self.picture,
            "media.sized:key": self.picture,
            "width_px": lambda: "480",
            "photo.picture:key": self.photo,
            "link.show:token": self.link,
            "link.accept:token": self.link,
            "staff.invitation:token": self.invitation,
            "staff.choose_password:token": self.invitation,
            "staff.one_time_link:token": self.sign_in_link,
            "staff.use_link:token": self.sign_in_link,
            "staff_id": lambda: add_member(self.shop, f"m{self.shop.ids.new_id()[:12]}").id,
            "customer_id": self._a_id,
            "entry_id": self.entry_with_photo,
            "canned_id": self.canned_reply,
            "book": self.catalogue,
            "slug": lambda: self.catalogue_of(self.catalogue()).slug,
            "number": lambda: "1",
            "part": lambda: "pages",
            "code": self.short_link,
            "post": self.post,
            "campaign": self.campaign,
            "studio.campaign_part:part": lambda: "telegram.json",
            "product_id": self.product,
        }

    def short_link(self) -> str:
        made = self.shop.storage.write(lambda uow: self.shop.short_links.make(uow, "/stores", "Test", actor="test"))
        assert isinstance(made, ShortLink), made
        return made.code

    def campaign(self) -> str:
        def work(uow: UnitOfWork) -> Campaign | Refused[NotCampaigned]:
            names = dict.fromkeys(Outlet, "Test")
            return self.shop.campaigning.make(
                uow, LocalText({"en": "Test"}), [int(self.product())], names, actor="test"
            )

        made = self.shop.storage.write(work)
        assert isinstance(made, Campaign), made
        return made.id

    def post(self) -> str:
        """Hidden, with nothing in it."""
        made = Post(self.shop.ids.new_id(), "p.jpg", LocalText({"en": "Test"}), (), 1, False, self.shop.clock.now())
        self.shop.storage.write(lambda uow: uow.posts.put(made))
        return made.id

    def order(self) -> str:
        """On its way to be picked up at S1, to be paid there."""
        entered = EnteredOrder(
            source=OrderSource.PHONE,
            store_id="S1",
            lines=[EnteredLine(variant_of(self.shop, SKU), 1)],
            contact=self.contact,
            language="en",
            customer_id=self._a_id(),
            fulfilment=Fulfilment.PICKUP,
        )
        made = self.shop.storage.write(lambda uow: self.shop.orders.enter(uow, entered, actor="test"))
        assert isinstance(made, Order), made
        return made.id

    def paid_order(self) -> str:
        order_id = self.order()
        self.shop.storage.write(lambda uow: self.shop.paying.paid_at_counter(uow, order_id, "test"))
        return order_id

    def refund_that_waits(self) -> str:
        order_id, asks = self.paid_order(), self.members[Visitor.STAFF_1]
        waiting = self.shop.storage.write(lambda uow: self.shop.staff_refunds.ask(uow, asks, order_id, 6500))
        assert isinstance(waiting, RefundWaiting), waiting
        return order_id

    def reservation(self) -> str:
        line = [(variant_of(self.shop, SKU), 1)]
        made = self.shop.storage.write(
            lambda uow: self.shop.reserving.place(
                uow, customer_id=self._a_id(), contact=self.contact, store_id="S1", lines=line
            )
        )
        assert isinstance(made, Reservation), made
        return made.id

    def return_request(self) -> str:
        made = ReturnRequest(
            id=self.shop.ids.new_id(),
            order_id=self.order(),
            customer_id=self._a_id(),
            kind=ReturnKind.RETURN,
            state=ReturnState.REQUESTED,
            reason=ReturnReason.TOO_SMALL,
            way=ReturnWay.STORE,
            code=self.shop.ids.new_code(),
            lines=(ReturnLine(0, 1),),
            created_at=self.shop.clock.now(),
            store_id="S1",
            refund_minor=6500,
            currency="EUR",
        )
        self.shop.storage.write(lambda uow: uow.returns.add(made))
        return made.id

    def wait(self) -> str:
        made = StockWaiter(
            id=self.shop.ids.new_id(),
            customer_id=self._a_id(),
            contact=self.contact,
            variant_id=variant_of(self.shop, "P1-terracotta-38"),
            store_id="",
            state=WaitState.WAITING,
            created_at=self.shop.clock.now(),
        )

        def work(uow: UnitOfWork) -> str:
            uow.waiters.add(made)  # one waits for a thing once
            return uow.waiters.of_customer(made.customer_id)[0].id

        return self.shop.storage.write(work)

    def cart_of_a_machine(self) -> str:
        return str(self.app.test_client(use_cookies=False).post("/api/v1/carts", base_url=HOST).json["id"])

    def payment_session(self) -> str:
        order = Browser(self.app, self.shop).buy(SKU, do="later", **BELLECOUR)
        with self.shop.storage.read() as uow:
            return uow.payments.of_order(order.id)[-1].session_ref

    def product(self) -> str:
        with self.shop.storage.read() as uow:
            found = uow.products.by_source_id("P1")
        assert found is not None
        return str(found.id)

    def picture(self) -> str:
        with self.shop.storage.read() as uow:
            product = uow.products.by_source_id("P1")
        assert product is not None
        return product.pictures[0].media_key

    def photo(self) -> str:
        return self.shop.photos.put(self.contact, [b"\xff\xd8 not looked at"])[0]

    def entry_with_photo(self) -> str:
        body = json.dumps({"text": "", "photo_key": self.photo()})
        add = Direction.IN, body, self.shop.clock.now()
        return str(self.shop.storage.write(lambda uow: uow.threads.add(self.contact, *add)))

    def link(self) -> str:
        """Of somebody else again, who writes on another channel: whoever takes it becomes one with them."""

        def make(uow: UnitOfWork) -> str:
            contact = Contact("telegram", "shop_bot", self.shop.ids.new_id())
            somebody = self.shop.customers.recognise(uow, contact, language="en")
            return self.shop.linking.offer(uow, somebody.id, contact, TokenPurpose.LINK)

        return self.shop.storage.write(make)

    def canned_reply(self) -> str:
        made = CannedReply(self.shop.ids.new_id(), "Hours", LocalText({"en": "Until seven."}))
        self.shop.storage.write(lambda uow: uow.conversations.put_canned(made))
        return made.id

    def catalogue(self) -> str:
        """Published, with one place that leads to P1."""
        return publish_catalogue(self.shop, [("P1-navy-38", Region(0.1, 0.1, 0.3, 0.3))]).lookbook.id

    def catalogue_of(self, book_id: str) -> Lookbook:
        with self.shop.storage.read() as uow:
            found = uow.lookbooks.get(book_id)
        assert found is not None
        return found

    def invitation(self) -> str:
        member = add_member(self.shop, f"m{self.shop.ids.new_id()[:12]}")
        token = self.shop.storage.write(lambda uow: self.shop.team.invite(uow, member.id, actor="test"))
        assert isinstance(token, str)
        return token

    def sign_in_link(self) -> str:
        member = add_member(self.shop, f"m{self.shop.ids.new_id()[:12]}")
        return self.shop.storage.write(lambda uow: self.shop.signing_in.link_for(uow, member, actor="test"))

    def tidy(self) -> None:
        """What a door has closed is open again."""
        self.shop.storage.write(lambda uow: self.shop.pausing.resume(uow, "S1", actor="test"))

    # --- inside

    def _a_id(self) -> str:
        """Whoever A is by now: links make one person of two."""
        with self.shop.storage.read() as uow:
            found = uow.customers.by_contact(self.contact)
        assert found is not None
        return found.id

    def _shopper(self, visitor: Visitor) -> Contact:
        with self.app.test_request_context(base_url=HOST):
            contact = Contact("webchat", "web", session.sign("chat", self.tokens[visitor]))
        self.shop.storage.write(lambda uow: self.shop.customers.recognise(uow, contact, language="en"))
        return contact

    def _token(self, digest: str) -> str:
        with self.app.test_request_context(base_url=HOST):
            return session.sign("csrf", digest)


def told(answer: TestResponse, values: dict[str, str]) -> tuple[int, str, str]:
    """Status, where it leads and body, without what differs between any two answers: ids that were asked for, the
    request's own id."""
    texts = [answer.text, answer.headers.get("Location", "")]
    for value in sorted(values.values(), key=len, reverse=True):
        texts = [text.replace(value, "·") for text in texts]
    texts = [text.replace(answer.headers["X-Request-Id"], "·") for text in texts]
    texts = [re.sub(r'name="csrf" value="[0-9a-f]*"', "", text) for text in texts]
    return answer.status_code, texts[1], texts[0]
