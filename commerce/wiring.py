"""The only place where adapters meet services. Nothing runs at import; `build_shop` builds a shop from settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from commerce.clock import SystemClock
from commerce.domain.geo import GeoPoint
from commerce.gazetteer import FileGazetteer
from commerce.ids import RandomIds
from commerce.large_pages import hold_in_large_pages
from commerce.lexicon import Lexicon, lexicon
from commerce.ports import (
    ChannelRules,
    Clock,
    Facets,
    Gazetteer,
    Ids,
    ImageMatcher,
    MediaStore,
    PaymentProvider,
    Storage,
    TextIndex,
    WebFetcher,
)
from commerce.ports.publishing import SheetDrawer
from commerce.rules import import_rules, reservation_rules, selling_rules, session_rules
from commerce.services.after_sales import build_after_sales
from commerce.services.alerting import Alerting
from commerce.services.asking import Asking
from commerce.services.branding import Branding
from commerce.services.calling_back import CallingBack
from commerce.services.campaigning import Campaigning
from commerce.services.canned import Canned
from commerce.services.carts import Carts
from commerce.services.catalog import Catalog
from commerce.services.checkout import Checkout
from commerce.services.choosing_eyes import ChoosingEyes, encoder_to_open
from commerce.services.collecting import Collecting
from commerce.services.coming import Coming
from commerce.services.customers import Customers
from commerce.services.discovery import Discovery
from commerce.services.forgetting import Forgetting
from commerce.services.giving_way import GivingWay
from commerce.services.handing_over import HandingOver
from commerce.services.handoff import Handoff
from commerce.services.importing import Importing
from commerce.services.inbox import Inbox
from commerce.services.index_keeper import IndexKeeper
from commerce.services.laying_out import LayingOut
from commerce.services.linking import Linking
from commerce.services.offering import Offering
from commerce.services.one_time_links import OneTimeLinks
from commerce.services.order_links import OrderLinks
from commerce.services.orders import Orders
from commerce.services.own_account import OwnAccount
from commerce.services.pausing import Pausing
from commerce.services.paying import Paying
from commerce.services.photos import Photos
from commerce.services.posting import Posting
from commerce.services.promotions import Promotions
from commerce.services.proposing import Proposing
from commerce.services.publishing import Publishing
from commerce.services.quoting import Quoting
from commerce.services.recognising import Recognising
from commerce.services.recommending import Recommending
from commerce.services.refunding import Refunding
from commerce.services.reminding import Reminding
from commerce.services.renditions import Renditions
from commerce.services.reserving import Reserving
from commerce.services.returns import Returns
from commerce.services.routing import Routing
from commerce.services.second_choices import build_alternatives, build_second_choices
from commerce.services.selling import build_selling, offline_of
from commerce.services.short_links import ShortLinks
from commerce.services.signing_in import SigningIn
from commerce.services.slots import Slots
from commerce.services.staff_binding import StaffBinding
from commerce.services.staff_refunds import StaffRefunds
from commerce.services.stocktaking import Stocktaking
from commerce.services.summing_up import SummingUp
from commerce.services.taking_back import TakingBack
from commerce.services.teaching import Teaching
from commerce.services.team import Team
from commerce.services.waiting import Waiting
from commerce.services.withdrawing import Withdrawing
from commerce.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop: its adapters and the verbs built upon them. Close it, or use it in a `with` statement."""

    settings: Settings
    clock: Clock
    ids: Ids
    storage: Storage
    lexicon: Lexicon
    media: MediaStore
    fetcher: WebFetcher
    gazetteer: Gazetteer
    text_index: TextIndex
    facets: Facets
    image_matcher: ImageMatcher
    catalog: Catalog
    asking: Asking
    discovery: Discovery
    recommending: Recommending
    photos: Photos
    customers: Customers
    reserving: Reserving
    stocktaking: Stocktaking
    pausing: Pausing
    promotions: Promotions
    carts: Carts
    linking: Linking
    recognising: Recognising
    order_links: OrderLinks
    providers: Mapping[str, PaymentProvider]
    quoting: Quoting
    checkout: Checkout
    paying: Paying
    refunding: Refunding
    orders: Orders
    alerting: Alerting
    handing_over: HandingOver
    collecting: Collecting
    coming: Coming
    reminding: Reminding
    slots: Slots
    returns: Returns
    withdrawing: Withdrawing
    taking_back: TakingBack
    offering: Offering
    waiting: Waiting
    routing: Routing
    handoff: Handoff
    calling_back: CallingBack
    forgetting: Forgetting
    publishing: Publishing
    laying_out: LayingOut
    drawer: SheetDrawer
    renditions: Renditions
    short_links: ShortLinks
    posting: Posting
    importing: Importing
    branding: Branding
    campaigning: Campaigning
    index_keeper: IndexKeeper
    choosing_eyes: ChoosingEyes
    teaching: Teaching
    canned: Canned
    inbox: Inbox
    team: Team
    links: OneTimeLinks
    staff_binding: StaffBinding
    signing_in: SigningIn
    own_account: OwnAccount
    staff_refunds: StaffRefunds

    def close(self) -> None:
        self.index_keeper.stop()
        self.choosing_eyes.rest()
        self.image_matcher.close()
        self.storage.close()

    def __enter__(self) -> Shop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build_shop(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    channels: Mapping[str, ChannelRules] | None = None,
) -> Shop:
    """Opens the database (bringing its tables up to date), the indexes and the files of the shop.

    The indexes are still empty: `shop.index_keeper.refresh()` fills them once, from the disk where it can; `start()`
    keeps them in step. `channels`: those through which staff can write to people, by name; without them nobody is
    written to. Raises SettingsError or StorageError.
    """
    from commerce.drawing import Limits, PillowDrawer
    from commerce.facets import ColumnFacets
    from commerce.image_matching import open_image_matcher
    from commerce.instagram import open_instagram
    from commerce.kept_words import WordsOnDisk
    from commerce.media import FileMediaStore
    from commerce.passwords import Argon2Passwords
    from commerce.payments import open_providers
    from commerce.payments.till_counts import TILLS
    from commerce.pdf import PdfReader
    from commerce.storage import migrate, open_picture_index, open_storage
    from commerce.text_index import FuzzyTextIndex
    from commerce.web_fetcher import SafeWebFetcher

    clock, ids = clock or SystemClock(), ids or RandomIds()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.url_of_database)
    storage = open_storage(settings.url_of_database)
    words = lexicon()
    text_index = FuzzyTextIndex(words)
    facets = ColumnFacets()
    media = FileMediaStore(settings.data_dir / "media")
    image_matcher = open_image_matcher(
        settings.data_dir / "index",
        encoder_to_open(settings.encoder, storage, clock),
        open_picture_index(settings.url_of_database, settings.vector_store),
    )
    choosing_eyes = ChoosingEyes(storage, media, clock, image_matcher, settings.encoder)
    choosing_eyes.follow()
    kept_words = WordsOnDisk(settings.data_dir / "index" / "words", {"words": text_index, "facets": facets})
    rules = reservation_rules(settings)
    customers, promotions = Customers(clock, ids), Promotions(clock)
    carts = Carts(clock, ids, promotions)
    reserving = Reserving(storage, clock, ids, rules)
    order_links = OrderLinks(settings.base_url, settings.signing_key, clock)
    providers = open_providers(settings, clock)
    alternatives = build_alternatives(settings, clock, ids, rules)
    giving_way = GivingWay(clock, reserving, alternatives, offline_of(providers))
    stocktaking = Stocktaking(clock, ids, giving_way, TILLS)
    selling = build_selling(
        storage=storage,
        clock=clock,
        ids=ids,
        rules=selling_rules(settings),
        providers=providers,
        customers=customers,
        links=order_links,
        shop_name=settings.shop_name,
        take_stock=stocktaking.take_count_callback,
    )
    after = build_after_sales(
        settings,
        storage=storage,
        clock=clock,
        ids=ids,
        selling=selling,
        at_counter=offline_of(providers),
    )
    fetcher = SafeWebFetcher(allow_hosts=settings.fetch_allow_hosts)
    drawer = PillowDrawer()
    posting = Posting(storage, clock, ids, media, image_matcher, drawer)
    discovery = Discovery(storage, text_index, facets, image_matcher, words)
    second = build_second_choices(
        settings,
        storage=storage,
        clock=clock,
        ids=ids,
        rules=rules,
        alternatives=alternatives,
        discovery=discovery,
        stocktaking=stocktaking,
        reserving=reserving,
        orders=selling.orders,
        carts=carts,
    )
    canned = Canned(clock, ids, settings.languages)
    proposing = Proposing(storage, ids, image_matcher, text_index, settings.currency)
    publishing = Publishing(storage, clock, ids, media, PdfReader(), proposing)
    short_links = ShortLinks(clock, ids, settings.base_url)
    links, passwords = OneTimeLinks(clock, ids), Argon2Passwords()
    signing_in = SigningIn(storage, clock, ids, passwords, links, session_rules(settings))
    alerting, routing = after.alerting, Routing(clock)
    handoff = Handoff(
        storage, clock, routing, alerting, SummingUp(settings.languages[0]), timedelta(hours=settings.bot_resumes_h)
    )
    return Shop(
        settings=settings,
        clock=clock,
        ids=ids,
        storage=storage,
        lexicon=words,
        media=media,
        fetcher=fetcher,
        gazetteer=FileGazetteer(extra=settings.data_dir / "places", home=_home(storage)),
        text_index=text_index,
        facets=facets,
        image_matcher=image_matcher,
        catalog=Catalog(storage, clock),
        asking=Asking(words, text_index, settings.currency),
        discovery=discovery,
        recommending=Recommending(storage, clock, words, customers, discovery),
        photos=Photos(storage, media, clock, timedelta(hours=settings.photo_keep_h)),
        customers=customers,
        reserving=reserving,
        stocktaking=stocktaking,
        pausing=Pausing(storage, clock),
        promotions=promotions,
        carts=carts,
        linking=Linking(clock, ids, customers, carts, settings.signing_key.encode()),
        recognising=Recognising(clock),
        order_links=order_links,
        providers=providers,
        quoting=selling.quoting,
        checkout=selling.checkout,
        paying=selling.paying,
        refunding=selling.refunding,
        orders=selling.orders,
        alerting=alerting,
        handing_over=after.handing_over,
        collecting=after.collecting,
        coming=after.coming,
        reminding=after.reminding,
        slots=after.slots,
        returns=after.returns,
        withdrawing=after.withdrawing,
        taking_back=after.taking_back,
        offering=second.offering,
        waiting=second.waiting,
        routing=routing,
        handoff=handoff,
        forgetting=Forgetting(clock),
        calling_back=CallingBack(storage, clock, ids, alerting, timedelta(minutes=settings.callback_after_min)),
        publishing=publishing,
        laying_out=LayingOut(storage, ids, media, drawer, publishing, settings.shop_name),
        drawer=drawer,
        # People wait for these: given up sooner than a sheet of a catalogue.
        renditions=Renditions(
            media, PillowDrawer(Limits(memory_bytes=512 << 20, quality=80, thins_colour=True, sheet_s=5.0))
        ),
        posting=posting,
        importing=Importing(
            storage,
            clock,
            ids,
            media,
            fetcher,
            words,
            posting,
            open_instagram(settings, clock),
            import_rules(settings),
        ),
        short_links=short_links,
        branding=Branding(storage, clock, media, image_matcher),
        campaigning=Campaigning(clock, ids, short_links, settings.timezone),
        index_keeper=IndexKeeper(
            storage, text_index, facets, image_matcher, media, words, kept_words, hold_in_large_pages, choosing_eyes
        ),
        choosing_eyes=choosing_eyes,
        teaching=Teaching(storage, media, words, image_matcher),
        canned=canned,
        inbox=Inbox(clock, canned, handoff, alerting, media, channels or {}, timedelta(days=settings.staff_photo_days)),
        team=Team(clock, ids, links, settings.languages),
        links=links,
        staff_binding=StaffBinding(clock, links),
        signing_in=signing_in,
        own_account=OwnAccount(storage, clock, ids, passwords, links, signing_in, settings.shop_name),
        staff_refunds=StaffRefunds(clock, ids, selling.refunding, settings.refund_limit_minor),
    )


def _home(storage: Storage) -> GeoPoint | None:
    """Where the first store stands: of two towns of one name, shoppers mean the nearer one."""
    with storage.read() as uow:
        return next((store.point for store in uow.stores.all() if store.point), None)
