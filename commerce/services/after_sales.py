"""Everything after the sale, wired: collecting, handing over, returns, exchanges, withdrawals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from commerce.domain.coming_back import ReturnRules
from commerce.ports import Clock, Ids, Storage
from commerce.services.alerting import Alerting
from commerce.services.codes import CodeGuard
from commerce.services.collecting import Collecting
from commerce.services.coming import Coming
from commerce.services.handing_over import HandingOver
from commerce.services.reminding import Reminding
from commerce.services.returns import ExchangeTimes, Returns
from commerce.services.selling import Selling
from commerce.services.slots import Slots
from commerce.services.taking_back import TakingBack
from commerce.services.withdrawing import Withdrawing
from commerce.settings import Settings


@dataclass(frozen=True, slots=True)
class AfterSales:
    """The verbs that follow a sale."""

    alerting: Alerting
    handing_over: HandingOver
    collecting: Collecting
    coming: Coming
    reminding: Reminding
    slots: Slots
    returns: Returns
    withdrawing: Withdrawing
    taking_back: TakingBack


def build_after_sales(
    settings: Settings, *, storage: Storage, clock: Clock, ids: Ids, selling: Selling, at_counter: Collection[str]
) -> AfterSales:
    """`at_counter`: providers through which nobody pays at a distance."""
    codes = CodeGuard(clock)
    rules = ReturnRules(settings.withdrawal_days, settings.return_days, settings.problem_days)
    times = ExchangeTimes(
        store=timedelta(days=settings.exchange_hold_days), parcel=timedelta(days=settings.exchange_parcel_days)
    )
    returns = Returns(storage, clock, ids, rules, times, at_counter)
    alerting = Alerting(clock)
    handing_over = HandingOver(clock, codes, selling.orders, selling.paying)
    return AfterSales(
        alerting=alerting,
        handing_over=handing_over,
        collecting=Collecting(clock, selling.orders, handing_over),
        coming=Coming(clock, alerting),
        reminding=Reminding(storage, clock),
        slots=Slots(storage, clock),
        returns=returns,
        withdrawing=Withdrawing(clock, ids, returns, selling.refunding, shop_name=settings.shop_name),
        taking_back=TakingBack(clock, ids, returns, selling.refunding, codes),
    )
