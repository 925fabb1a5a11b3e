"""The team, what the counter hands over, who waits, and who speaks: the repositories behind the people in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from commerce.domain.collecting import CollectingRules, PickUp, PickUpDetails, PickUpRef, Stage
from commerce.domain.conversation import CannedReply, Conversation, StaffAnswer, Touch
from commerce.domain.customer import Contact
from commerce.domain.mail import ThreadEntry
from commerce.domain.offering import Offer, OfferState
from commerce.domain.team import StaffMember, StaffSession
from commerce.domain.waiting import StockWaiter, WaitState


class PasswordHasher(Protocol):
    """Argon2id. Slow on purpose: never inside a transaction."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, hashed: str) -> bool:
        """Takes as long for an unknown login's '' as for a known one."""
        ...

    def needs_rehash(self, hashed: str) -> bool: ...


class TeamRepository(Protocol):
    def add(self, member: StaffMember) -> bool:
        """False when the login is taken."""
        ...

    def get(self, staff_id: str) -> StaffMember | None: ...

    def by_login(self, login: str) -> StaffMember | None: ...

    def all(self) -> list[StaffMember]:
        """By name; those who are inactive too."""
        ...

    def update(self, member: StaffMember) -> StaffMember:
        """Writes it if the stored version is `member.version`, with the next version; else raises StaleVersion. Login
        and second factor are not written."""
        ...

    def password_hash(self, staff_id: str) -> str:
        """'' where none was chosen yet."""
        ...

    def set_password_hash(self, staff_id: str, hashed: str) -> None: ...

    def totp_secret(self, staff_id: str) -> str:
        """'' without a second factor."""
        ...

    def set_totp_secret(self, staff_id: str, secret: str) -> None: ...

    def use_totp_step(self, staff_id: str, step: int) -> bool:
        """A code counts once: True for a step larger than every one before."""
        ...

    def add_session(self, session: StaffSession) -> None: ...

    def session(self, digest: str) -> StaffSession | None: ...

    def sessions_of(self, staff_id: str) -> list[StaffSession]:
        """The one used last comes first."""
        ...

    def touch_session(self, digest: str, at: datetime) -> None: ...

    def end_session(self, digest: str) -> bool: ...

    def end_sessions_of(self, staff_id: str, *, but: str = "") -> int: ...

    def sweep(self, now: datetime) -> int:
        """Deletes sessions that are over."""
        ...


class PickUpRepository(Protocol):
    """The board, read from reservations, orders and what the counter knows of them."""

    def details(self, ref: PickUpRef) -> PickUpDetails | None:
        """None while the counter knows nothing beside the thing itself."""
        ...

    def hold_details(self, ref: PickUpRef) -> PickUpDetails | None:
        """The same for whoever is about to change it: nobody else does until this work is done. Begins with nothing
        known; None for what does not exist."""
        ...

    def put_details(self, details: PickUpDetails) -> None: ...

    def arrived(self, ref: PickUpRef, at: datetime) -> bool:
        """Once: of two taps one gets True."""
        ...

    def get(self, ref: PickUpRef) -> PickUp | None: ...

    def find(
        self, *, store_ids: Collection[str] | None = None, stages: Collection[Stage], limit: int = 200
    ) -> list[PickUp]:
        """Open ones oldest first, those that are over newest first. `store_ids` None: every store."""
        ...

    def count(self, *, store_ids: Collection[str] | None = None, stages: Collection[Stage], limit: int) -> int:
        """How many `find` finds, without reading them."""
        ...

    def open_of(self, customer_id: str) -> list[PickUp]:
        """What this customer has to collect, newest first."""
        ...

    def ready_until(self, before: datetime, limit: int, *, unreminded: str) -> list[PickUp]:
        """Ready ones whose time is over by then, soonest first, whose shopper is neither on the way nor there and
        was not sent this reminder."""
        ...

    def rules(self, store_id: str) -> CollectingRules:
        """The defaults where nothing was said."""
        ...

    def put_rules(self, rules: CollectingRules) -> None: ...

    def take_slot(self, ref: PickUpRef, store_id: str, slot_at: datetime, *, capacity: int) -> bool:
        """One guarded statement: False when that slot is full. A former slot of the same thing is given back."""
        ...

    def leave_slot(self, ref: PickUpRef) -> bool:
        """Gives its slot back; False when it has none."""
        ...

    def free_slots(self, now: datetime) -> int:
        """Gives back coming slots of what nobody comes for any more. How many."""
        ...

    def slots_taken(self, store_id: str, since: datetime, until: datetime) -> dict[datetime, int]: ...

    def no_shows(self, customer_id: str, since: datetime) -> int:
        """Reservations that were ready and that nobody came for, since then and since they were last forgiven."""
        ...

    def forgive_no_shows(self, customer_id: str, at: datetime) -> None: ...

    def last_mark(self) -> str:
        """Changes with every event of a reservation or an order: whoever looks again knows whether to read on."""
        ...


class OfferRepository(Protocol):
    def add(self, offer: Offer) -> None: ...

    def get(self, offer_id: str) -> Offer | None: ...

    def open_of(self, customer_id: str) -> list[Offer]:
        """Newest first."""
        ...

    def open_instead_of(self, ref: PickUpRef) -> Offer | None:
        """The open offer that was made in place of that thing."""
        ...

    def lock(self, offer_id: str) -> bool:
        """Whether it is open; nobody else ends it or chooses from it until the caller's transaction ends."""
        ...

    def choose(self, offer_id: str, position: int) -> bool:
        """Once, by a guarded statement, while it is open: the others are no longer to be had. It stays open."""
        ...

    def end(self, offer_id: str, state: OfferState, taken: int | None = None) -> bool:
        """Once, by a guarded statement. `taken` None leaves what was chosen as it is; another choice than the one that
        was made cannot be taken any more."""
        ...

    def due(self, now: datetime, limit: int) -> list[Offer]:
        """Open ones whose time is over, oldest first."""
        ...


class WaitRepository(Protocol):
    def add(self, waiter: StockWaiter) -> bool:
        """False when this customer waits for the same already."""
        ...

    def get(self, waiter_id: str) -> StockWaiter | None: ...

    def of_customer(self, customer_id: str) -> list[StockWaiter]:
        """Those whose wait is not over, newest first."""
        ...

    def ready(self, store_ids: Collection[str], limit: int) -> list[StockWaiter]:
        """Those who wait for something that is free for online shoppers now at one of these stores (and at theirs, if
        they named one), in the order in which they came."""
        ...

    def due(self, now: datetime, limit: int) -> list[StockWaiter]:
        """Told ones whose time is over, oldest first."""
        ...

    def move(self, waiter: StockWaiter, to_state: WaitState) -> bool:
        """Writes `waiter` in its new state if the stored state is still `waiter.state`, and for one that was told the
        unit still the same; one that waits again has no unit."""
        ...


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A line of the inbox. `last` is the newest entry of the thread, `heard_at` when the customer was last there.

    A conversation that nobody of the shop was ever needed in has version 0: `add` makes it.
    """

    conversation: Conversation
    customer_name: str
    last: ThreadEntry | None
    channels: tuple[str, ...]
    heard_at: datetime


class ConversationRepository(Protocol):
    def forget(self, customer_ids: Iterable[str]) -> int:
        """Who spoke with these, of what, with its summary: gone. How many conversations. Answers of the team go on
        being counted, of nobody."""
        ...

    def get(self, customer_id: str) -> Conversation | None:
        """None: nobody of the shop was ever needed, the bot answers."""
        ...

    def add(self, conversation: Conversation) -> bool:
        """False when there is one already."""
        ...

    def update(self, conversation: Conversation) -> Conversation:
        """Writes it if the stored version is `conversation.version`, with the next version; else StaleVersion."""
        ...

    def heard(self, customer_id: str, at: datetime) -> None:
        """The shopper wrote while the bot was silent: unanswered since then, if nothing was before. No new version."""
        ...

    def lines(
        self,
        *,
        silent_bot: bool | None = None,
        assigned_to: str | None = None,
        store_ids: Collection[str] | None = None,
        customer_ids: Sequence[str] | None = None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> list[ConversationLine]:
        """The inbox: those that wait longest first where the bot is silent, else those heard from last first, heard
        from `before` then. `silent_bot` False: those that were given back to the bot; None: also customers who only
        ever spoke with the bot. `store_ids`: what is about no store is in it. `customer_ids`: of these alone, also of
        those who never said a word."""
        ...

    def search(self, words: str, limit: int) -> list[str]:
        """Customer ids by name, address of a contact (telephone, e-mail), order number, code or SKU they have ordered
        or reserved, or words of the thread; best first."""
        ...

    def unanswered_since(self, before: datetime, limit: int) -> list[Conversation]:
        """Those whose shopper waits since then or longer and was not offered a call-back, longest first."""
        ...

    def forgotten_since(self, before: datetime, limit: int) -> list[Conversation]:
        """Those that a person holds and in which nobody of the shop has said anything since then."""
        ...

    def open_count_of(self, staff_id: str) -> int: ...

    def waiting_for(self, staff_id: str, limit: int) -> int:
        """In how many conversations of the inbox somebody waits for this member: those that nobody has taken over, and
        their own with words that nobody has answered. Counted up to `limit`."""
        ...

    def thread(self, customer_id: str, *, before_id: int | None = None, limit: int = 50) -> list[ThreadEntry]:
        """Of all their contacts, newest first."""
        ...

    def touches(self, customer_id: str, *, before: datetime | None = None, limit: int = 100) -> list[Touch]:
        """The timeline, newest first."""
        ...

    def last_mark(self) -> int:
        """Grows when anybody says anything, and when a conversation goes from one hand to another."""
        ...

    # --- canned replies and how staff answer

    def canned(self) -> list[CannedReply]: ...

    def put_canned(self, reply: CannedReply) -> None: ...

    def delete_canned(self, canned_id: str) -> bool: ...

    def answered(self, answer: StaffAnswer) -> None: ...

    def answers(self, since: datetime) -> list[StaffAnswer]: ...

    def sent_untouched(self, customer_id: str, canned_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class StaffChat:
    """A chat of the staff bot. Of a member: `staff_id` is set. Of a group: `store_id` is what it is about ('' all)."""

    contact: Contact
    staff_id: str
    store_id: str
    has_topics: bool


class StaffChatRepository(Protocol):
    def put(self, chat: StaffChat) -> None: ...

    def get(self, contact: Contact) -> StaffChat | None: ...

    def of_staff(self, staff_id: str) -> StaffChat | None: ...

    def remove(self, contact: Contact) -> bool: ...

    def for_store(self, store_id: str) -> list[StaffChat]:
        """Who is to hear of something at that store: its groups, or its members' own chats where it has no group."""
        ...

    def topic(self, contact: Contact, customer_id: str) -> str:
        """The group's topic about that customer; '' while there is none."""
        ...

    def set_topic(self, contact: Contact, customer_id: str, topic_id: str) -> None: ...

    def customer_of(self, contact: Contact, topic_id: str) -> str:
        """'' for a topic that is not about a customer."""
        ...
