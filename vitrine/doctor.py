"""Looks the shop over without touching it: every invariant that can be read from the outside, one finding each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from commerce.domain.money import Money
from commerce.i18n import format_money
from commerce.ports import Storage, UnitOfWork
from commerce.storage import audit_queries as audit
from commerce.storage import money_queries as money
from commerce.storage.audit_queries import Breaches
from vitrine.opening import words

if TYPE_CHECKING:
    from commerce.wiring import Shop

INBOX_PATIENCE = timedelta(seconds=60)
OUTBOX_PATIENCE = timedelta(minutes=5)
PAYMENT_PATIENCE = timedelta(minutes=15)
PROMISE_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: whether it holds, and what was seen."""

    name: str
    ok: bool
    detail: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class IndexedPictures:
    """What the visual index on disk holds. `covers`: the number of the last change of the catalogue that it knows."""

    ids: Collection[int]
    covers: int


def check(
    storage: Storage, now: datetime, indexed: IndexedPictures | None = None, language: str = "en"
) -> list[Finding]:
    """All findings on one consistent view. `indexed` None: there is no visual index to compare with. What somebody has
    to do with a provider is said in `language`."""
    with storage.read() as uow:
        schema = _schema(uow)
        if not schema.ok:  # nothing else can be asked of tables that are not there
            return [schema]
        return [
            _rule("held stock is what active holds promise", audit.stock_against_holds, uow),
            _rule("open reservations have their holds, others none", audit.holds_against_reservations, uow),
            _rule("open exchanges have their holds, others none", audit.holds_against_exchanges, uow),
            _rule("what is offered is held while the offer lasts", audit.holds_against_offers, uow),
            _rule("what came back is held for whoever was told", audit.holds_against_waiters, uow),
            _rule("a slot is taken as often as it was chosen", audit.slots_against_pick_ups, uow),
            _finding("no promise is stuck", audit.promises_stuck(uow, now, PROMISE_PATIENCE)),
            _rule("stock is the sum of its movements", audit.stock_against_movements, uow),
            _rule("what is paid is sold, what is over holds nothing", money.holds_against_orders, uow),
            _rule("what was sold left the shelf once", money.sales_moved_once, uow),
            _rule("money is what the ledger says", money.money_against_ledger, uow),
            _counted_twice(uow, language),
            _lost(uow, language),
            _rule("no money without goods or a way back", money.money_without_goods, uow),
            _rule("promotions count the orders that use them", money.promotions_against_uses, uow),
            _finding("no payment is stuck", money.payments_stuck(uow, now, PAYMENT_PATIENCE)),
            _rule("whoever was joined to somebody has nothing left", audit.joined_customers, uow),
            _rule("every event took effect once", audit.inbox_contradictions, uow),
            _finding("no event is stuck", audit.inbox_stuck(uow, now, INBOX_PATIENCE)),
            _rule("messages left in order", audit.outbox_out_of_order, uow),
            _finding("no message is stuck", audit.outbox_stuck(uow, now, OUTBOX_PATIENCE)),
            _letters(uow),
            _rule("the catalogue is whole", audit.imports_half_done, uow),
            _pictures(uow, indexed),
            _rule("the database is sound", audit.database_damage, uow),
            schema,
        ]


def examine(shop: Shop) -> list[Finding]:
    """The same for a shop with its visual index."""
    from commerce.image_matching import picture_index_folder
    from commerce.storage import open_picture_index
    from visual_search.errors import SnapshotDamaged
    from visual_search.stores import FileIndexStore

    settings = shop.settings
    store = open_picture_index(settings.url_of_database, settings.vector_store) or FileIndexStore(
        picture_index_folder(settings.data_dir / "index")
    )
    try:
        stored = store.load()
        ids = stored.gallery.index.ids().tolist() if stored else []
        if stored:
            stored.gallery.index.close()
    except SnapshotDamaged as damaged:
        broken = Finding("the visual index is readable", False, damaged.reason)
        return [*check(shop.storage, shop.clock.now(), language=settings.default_language), broken]
    finally:
        store.close()
    indexed = None if stored is None else IndexedPictures(ids, stored.manifest.change_seq)
    return [*check(shop.storage, shop.clock.now(), indexed, settings.default_language), _eyes(shop)]


def _eyes(shop: Shop) -> Finding:
    """Being without photo search, or with yesterday's encoder, breaks no promise; whoever runs the shop must see it."""
    eyes = shop.image_matcher.describe()
    detail = f"{eyes['encoder'] or 'none'}, {eyes['state']}"
    if eyes["revision"]:
        detail += f", revision {eyes['revision']}"
    if eyes["next_encoder"]:
        detail += f"; {eyes['next_encoder']} follows once its index is built (while the shop runs, or index rebuild)"
    if eyes["why"]:  # of the one that is wanted: the next one, where there is one
        detail += f", {eyes['why']}"
    return Finding("what looks at pictures", True, f"{detail}: {eyes['reason']}" if eyes["reason"] else detail)


def _counted_twice(uow: UnitOfWork, language: str) -> Finding:
    """Nobody but whoever looks at the provider's pages knows what is right."""
    t = partial(words, language)
    orders = [
        t(
            "order {number}: {amount} more than {provider} had said (payment {reference})",
            number=each.order_number,
            amount=format_money(each.too_much, language),
            provider=each.provider,
            reference=each.payment_ref,
        )
        for each in money.refunds_counted_twice(uow)
    ]
    to_do = t(
        "Look these payments up on the provider’s pages. Give what is still owed back there: the books have it as gone."
    )
    return _to_be_done("what went back is counted once", orders, to_do, language)


def _lost(uow: UnitOfWork, language: str) -> Finding:
    t = partial(words, language)
    orders = []
    for each in uow.disputes.not_in_the_books():
        order = uow.orders.get(each.order_id)
        left = Money(each.amount.minor - each.lost_minor, each.amount.currency)
        orders.append(
            t(
                "order {number}: {amount} of the dispute {reference} at {provider}",
                number=order.number if order else 0,
                amount=format_money(left, language),
                provider=each.provider,
                reference=each.reference,
            )
        )
    to_do = t("The banks have this money: give none of it back. The daily comparison of the running shop books it.")
    return _to_be_done("what banks took is in the books", orders, to_do, language)


def _to_be_done(name: str, orders: Sequence[str], to_do: str, language: str) -> Finding:
    if not orders:
        return Finding(name, True, "yes")
    named = "; ".join(orders[: audit.EXAMPLES])
    if len(orders) > audit.EXAMPLES:
        named = words(language, "{named} and {count} more", named=named, count=len(orders) - audit.EXAMPLES)
    return Finding(name, False, f"{named}. {to_do}")


def _finding(name: str, breaches: Breaches) -> Finding:
    if not breaches:
        return Finding(name, True, "yes")
    more = f" and {breaches.count - len(breaches.examples)} more" if breaches.count > len(breaches.examples) else ""
    return Finding(name, False, "; ".join(breaches.examples) + more)


def _rule(name: str, question: Callable[[UnitOfWork], Breaches], uow: UnitOfWork) -> Finding:
    return _finding(name, question(uow))


def _letters(uow: UnitOfWork) -> Finding:
    """Dead letters break no promise; somebody should look at them."""
    letters = audit.waiting_for_a_person(uow) | {"calls of providers": money.dead_calls(uow)}
    waiting = {what: count for what, count in letters.items() if count}
    told = ", ".join(f"{count} {what}" for what, count in waiting.items())
    return Finding("dead letters", True, f"{told}: see dead-letter list" if told else "none")


def _pictures(uow: UnitOfWork, indexed: IndexedPictures | None) -> Finding:
    name = "the visual index knows live pictures only"
    if indexed is None:
        return Finding(name, True, "no index on disk")
    dead = audit.dead_pictures(uow, indexed.ids)
    if dead and audit.has_changed_since(uow, indexed.covers):
        return Finding(name, True, f"{len(dead)} are gone since it was saved; it follows when the shop runs")
    if dead:
        return Finding(name, False, f"{len(dead)} of {len(indexed.ids)} are gone: {', '.join(map(str, dead[:5]))}")
    return Finding(name, True, f"{len(indexed.ids)} pictures")


def _schema(uow: UnitOfWork) -> Finding:
    found, wanted = audit.schema_revision(uow)
    return Finding("the tables are up to date", found == wanted, f"at {found or 'nothing'}, should be at {wanted}")
