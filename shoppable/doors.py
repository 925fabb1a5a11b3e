"""Every door of the shop and who may go through it: one line an endpoint, or the tests say that it is missing.

A thing of somebody else, or of a store where one does not work, answers exactly like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from commerce.domain.team import PERMISSIONS, STORE_BOUND, Permission, Role


class Who(StrEnum):
    """Who a door is for, when it is not for a permission of the team."""

    ANYBODY = "anybody"
    SELF = "anybody, about themselves alone"  # the browser's own cart, orders, conversation
    ITS_SHOPPER = "the shopper whose it is"
    SHOPPER_OR_MACHINE = "the shopper whose it is, or machines with a key of the shop"
    SECRET = "whoever has its secret address"  # noqa: S105  a link that was made for somebody, or a machine's cart
    MACHINES = "machines with a key of the shop"
    HERE = "this machine, or a key of the shop"
    SIGNED = "whoever signs what they send"
    TEAM = "everybody of the team"


@dataclass(frozen=True, slots=True)
class Door:
    """`who`: a kind of people, or what a member of the team needs."""

    endpoint: str
    who: Who | Permission

    @property
    def is_of_one_store(self) -> bool:
        """Whether a member sees there the things of their own stores alone."""
        return isinstance(self.who, Permission) and self.who in STORE_BOUND

    @property
    def in_words(self) -> str:
        if isinstance(self.who, Who):
            return self.who.value
        roles = [role.value for role in Role if self.who in PERMISSIONS[role]]
        own = ", of their own stores" if self.is_of_one_store else ""
        return f"{' and '.join(roles)} ({self.who.value}){own}"


# Endpoints of one blueprint are written "blueprint: view view view".
_DOORS: tuple[tuple[Who | Permission, str], ...] = (
    (
        Who.ANYBODY,
        """
        : static api_openapi
        front: front | product: product view | stores: stores | chat: chat | media: picture sized | buy: buy
        short: follow | posts: posts | campaign: campaign | prices_in_mail: price
        share: campaign catalogue posts product
        lookbook: lookbook embedded embed_script facts sheet events
        photo: look results
        health: alive ready
        api_products: product search similar similar_to_photo | api_stores: stores slots
        """,
    ),
    (
        Who.SELF,
        """
        cart: add cart coupon line telegram | checkout: checkout details pay where
        orders: orders | for_you: choice for_you
        api_recommendations: recommendations
        api_carts: make mark own own_coupon own_line | api_checkout: checkout
        api_chat: greeting hear leave say upload | api_waits: mine wait
        """,
    ),
    (
        Who.ITS_SHOPPER,
        """
        orders: cancel leave mark order paid pay receipt slot
        returns: ask asking receipt withdraw withdrawal
        photo: picture | api_waits: leave
        """,
    ),
    (Who.SHOPPER_OR_MACHINE, "api_orders: cancel one orders"),
    (
        Who.SECRET,
        """
        link: accept show | fake_payment: play show | api_carts: coupon line one
        staff: choose_password invitation one_time_link use_link
        """,
    ),
    (
        Who.MACHINES,
        """
        api_counter: hand_new_unit_over hand_order_over hand_reservation_over receive reject withdrawals
        api_customers: customers
        api_operators: set_price set_stock
        api_order_desk: advance enter paid refund
        api_pauses: pause resume
        api_pick_ups: accept listed preparing ready reject
        api_stock: counts damage differences movements not_found returns safety sales
        """,
    ),
    (Who.HERE, "health: metrics"),
    (Who.SIGNED, "pos: receive | payment_callbacks: fake square stripe | webhooks: telegram telegram-staff"),
    (Who.ANYBODY, "staff: give_code give_password sign_in"),
    (
        Who.TEAM,
        """
        staff: account begin bind_telegram change_languages change_password confirm_second_factor forget_telegram live
        staff: remove_second_factor second_factor sign_out sign_out_others telegram
        """,
    ),
    (
        Permission.PICK_UPS,
        "staff: accept board hand_over pick_up preparing ready reject scan scan_photo ticket ticket_as_pdf",
    ),
    (
        Permission.ORDERS,
        """
        staff: enter_order move_order new_order order order_paid orders orders_csv
        staff: hand_new_unit receive_return reject_return returned
        """,
    ),
    (Permission.REFUND, "staff: refund"),
    (Permission.REFUND_ANY, "staff: approve_refund decline_refund refunds"),
    (Permission.INBOX, "staff: answer assign conversation give_back inbox photo release take"),
    (Permission.CUSTOMERS, "staff: customer note"),
    (Permission.STOCK, "staff: enter_stock stock"),
    (Permission.PAUSE, "staff: pause_store resume_store stores"),
    (
        Permission.PUBLISH,
        "studio: catalogue make_catalogue qr_code save_catalogue show_version studio withdraw_catalogue",
    ),
    (
        Permission.PUBLISH,
        "studio: add_pages change_products choose_products make_of_pictures preview preview_sheet",
    ),
    (
        Permission.PUBLISH,
        "studio: brand brand_preview campaign campaign_part campaigns change_campaign keep_brand make_campaign",
    ),
    (Permission.PUBLISH, "studio: make_short_link short_link_qr short_links"),
    (Permission.PUBLISH, "studio: look_for_posts looking_for_posts make_post move_post posts save_post"),
    (Permission.REPORTS, "staff: answers_csv reports | studio: report report_csv where_from where_from_csv"),
    (Permission.RULES, "staff: keep_reply remove_reply replies store_rules"),
    (
        Permission.TEAM,
        """
        staff: add_member change_member deactivate_member invite_member member reactivate_member
        staff: reset_second_factor sign_member_out team
        """,
    ),
    (Permission.AUDIT, "staff: audit audit_file"),
)


def _listed() -> Iterator[Door]:
    for who, text in _DOORS:
        for group in filter(None, (part.strip() for line in text.splitlines() for part in line.split("|"))):
            blueprint, _, views = group.partition(":")
            for view in views.split():
                yield Door(f"{blueprint.strip()}.{view}".lstrip("."), who)


DOORS: tuple[Door, ...] = tuple(_listed())
