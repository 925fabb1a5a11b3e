"""How the make-believe provider fails, in the shop's three words, and what a key is answered ever after."""

from __future__ import annotations

from commerce.errors import PaymentRefused, PaymentUnknown, RetryLater
from commerce.payments.fake.behaviours import Fault
from commerce.payments.fake.books import Answer, Pages
from commerce.payments.proofs import same


def never_arrived(fault: Fault | None) -> bool:
    return fault in (Fault.UNREACHABLE, Fault.BUSY, Fault.TIMEOUT)


def keep(books: Pages, key: str, asked: str, fault: Fault | None, ref: str) -> None:
    """The first answer to a key is the answer for good, be it an error; a lost one was an answer all the same."""
    error = fault if fault in (Fault.DECLINED, Fault.ERROR_500, Fault.ERROR_500_DONE) else ""
    books.keep_answer(key, asked, error=error or "", ref=ref)


def raise_what_was_kept(kept: Answer | None, asked: str) -> None:
    if kept is None:
        return
    if not same(kept.asked, asked):
        raise PaymentUnknown("the key was used for something else: look up what became of it")
    raise_fault(Fault(kept.error) if kept.error else None)


def raise_fault(fault: Fault | None) -> None:
    match fault:
        case None:
            return
        case Fault.UNREACHABLE:
            raise RetryLater(1, "the fake provider cannot be reached")
        case Fault.BUSY:
            raise RetryLater(2, "the fake provider is busy")
        case Fault.DECLINED:
            raise PaymentRefused("card_declined")
        case Fault.TIMEOUT | Fault.TIMEOUT_DONE:
            raise PaymentUnknown("the fake provider did not answer")
        case _:
            raise PaymentUnknown("the fake provider answered 500")
