"""A stand-in for the Bot API: real HTTP on this machine, as strict as the real one, and people with telephones.

    with TelegramStandIn() as telegram:
        lea = telegram.person(1001, "Léa", "fr")
        lea.say("robe lin")          # reaches the bot by its webhook, or when it polls
        lea.replies()                # what came on her screen
        lea.tap("Choisir ma taille")

        staff = telegram.another_bot()   # people at work have a bot of their own
        group = staff.group(-1002001, "Lyon Bellecour", is_forum=True)

Set VITRINE_TELEGRAM_API_URL to `telegram.url`. `telegram.fail(...)` makes it fail as the real one does.
"""

from vitrine.standins.telegram.checks import Refused
from vitrine.standins.telegram.groups import Group
from vitrine.standins.telegram.invoices import PROVIDER_TOKEN, Payment
from vitrine.standins.telegram.people import Person
from vitrine.standins.telegram.screen import NoSuchButton, Shown
from vitrine.standins.telegram.server import TelegramBot, TelegramStandIn
from vitrine.standins.telegram.state import Call, Fault

__all__ = [
    "PROVIDER_TOKEN", "Call", "Fault", "Group", "NoSuchButton", "Payment", "Person", "Refused", "Shown", "TelegramBot",
    "TelegramStandIn",
]  # fmt: skip
