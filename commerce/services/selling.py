"""Everything from a cart to its money, put together: who needs whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commerce.errors import SettingsError
from commerce.i18n import Translator
from commerce.ports import Clock, Ids, PaymentProvider, SellingRules, Storage
from commerce.services.checkout import Checkout
from commerce.services.customers import Customers
from commerce.services.disputing import Disputing
from commerce.services.entering import Entering
from commerce.services.order_links import OrderLinks
from commerce.services.orders import Orders
from commerce.services.paying import Paying
from commerce.services.payment_calls import PaymentCalls, TakeStock
from commerce.services.payment_watch import PaymentWatch
from commerce.services.quoting import Quoting
from commerce.services.reconciling import Reconciling
from commerce.services.refund_sending import RefundSending
from commerce.services.refunding import Refunding
from commerce.services.settling import Settling
from commerce.services.slots import Slots
from commerce.services.starting import MARGIN, Starting


@dataclass(frozen=True, slots=True)
class Selling:
    quoting: Quoting
    checkout: Checkout
    paying: Paying
    refunding: Refunding
    orders: Orders


def build_selling(
    *,
    storage: Storage,
    clock: Clock,
    ids: Ids,
    rules: SellingRules,
    providers: Mapping[str, PaymentProvider],
    customers: Customers,
    links: OrderLinks,
    shop_name: str,
    take_stock: TakeStock | None = None,
) -> Selling:
    """Raises SettingsError when stock would be free again while a provider still lets somebody pay for it."""
    _check_hold(rules, providers)
    offline = offline_of(providers)
    refunding = Refunding(clock, ids, providers)
    disputing, settling = Disputing(clock, ids, refunding), Settling(clock, ids, refunding, offline)
    words = Translator(Path(__file__).parent.parent)
    starting = Starting(storage, clock, providers, settling, links, words, shop_name)
    quoting = Quoting(clock, rules, providers)
    orders = Orders(clock, refunding, Entering(clock, ids, rules, customers), offline)
    return Selling(
        quoting=quoting,
        checkout=Checkout(clock, ids, rules, providers, quoting, settling, Slots(storage, clock)),
        paying=Paying(
            clock,
            ids,
            settling,
            starting,
            PaymentCalls(storage, clock, providers, settling, disputing, take_stock),
            PaymentWatch(storage, clock, ids, rules, providers, settling, starting),
            RefundSending(storage, clock, ids, providers, disputing),
            Reconciling(storage, clock, ids, providers, settling, disputing),
        ),
        refunding=refunding,
        orders=orders,
    )


def offline_of(providers: Mapping[str, PaymentProvider]) -> frozenset[str]:
    """Names of providers that nobody calls, those that orders of before may have come by among them."""
    offline = {name for name, provider in providers.items() if not provider.is_online}
    return frozenset({*offline, "pay_in_store", "marketplace"})


def _check_hold(rules: SellingRules, providers: Mapping[str, PaymentProvider]) -> None:
    for provider in providers.values():
        if provider.session_s is None:
            continue
        needed_s = provider.session_s + round(MARGIN.total_seconds())
        if rules.payment_hold.total_seconds() < needed_s:
            raise SettingsError(
                f"VITRINE_PAYMENT_HOLD_S: at least {needed_s}, because {provider.name} lets a session be paid for "
                f"{provider.session_s} seconds"
            )
