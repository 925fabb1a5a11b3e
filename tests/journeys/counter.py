"""Somebody of the team at the web board, as they see it: cards found by what they say, buttons by their label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import html

from commerce.services.signing_in import SignedIn
from shoppable import create_app
from tests.journeys.dsl import normal

if TYPE_CHECKING:
    from commerce.domain.team import StaffMember
    from commerce.wiring import Shop

_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


class Board:
    """Signed in."""

    def __init__(self, shop: Shop, member: StaffMember, language: str) -> None:
        self._shop, self._member, self._language = shop, member, language
        self._client = create_app(shop).test_client()
        self._sign_in()
        self.told = ""

    def _sign_in(self) -> None:
        self._client.set_cookie("vitrine_staff", session_of(self._shop, self._member))

    def of(self, both: str) -> str:
        french, _, english = both.partition("‖")
        return (french if self._language == "fr" or not english else english).strip()

    def page(self, path: str = "/staff") -> html.HtmlElement:
        address = f"{path}{'&' if '?' in path else '?'}lang={self._language}"
        answer = self._client.get(address)
        if answer.status_code == 303:  # nobody has pressed anything for half an hour: signed out
            self._sign_in()
            answer = self._client.get(address)
        assert answer.status_code == 200, (path, answer.status_code)
        return html.fromstring(answer.text)

    def text(self, path: str) -> str:
        return words_of(self.page(path))

    def cards(self) -> list[str]:
        """What each card of the board says."""
        return [words_of(card) for card in self.page().xpath(".//*[@data-card]")]

    def card(self, *words: str) -> html.HtmlElement:
        for card in self.page().xpath(".//*[@data-card]"):
            if all(normal(self.of(each)) in words_of(card) for each in words):
                return card
        raise AssertionError(f"no card says {words}: {self.cards()}")

    def press(self, card: str, label: str, **fields: str) -> Board:
        """Fills in the form of that button on that card, and sends it."""
        return self.send(self.card(card), label, **fields)

    def send(self, within: html.HtmlElement, label: str, **fields: str) -> Board:
        """The same for a form that was seen before: somebody else may have changed the thing meanwhile."""
        wanted = normal(self.of(label))
        for form in within.xpath(".//form"):
            buttons = [words_of(button) for button in form.xpath(".//button")]
            if wanted in buttons:
                values = dict(form.form_values())
                answer = self._client.post(
                    form.get("action"), data=values | fields, headers=_ORIGIN, follow_redirects=True
                )
                assert answer.status_code in (200, 409), (answer.status_code, answer.text[:500])
                told = html.fromstring(answer.text).xpath(".//*[@data-told]")
                self.told = words_of(told[0]) if told else ""
                return self
        raise AssertionError(f"no button {wanted!r} in {words_of(within)!r}")


def words_of(element: html.HtmlElement) -> str:
    """Everything it says, on one line."""
    return normal(" ".join(" ".join(element.itertext()).split()))


def session_of(shop: Shop, member: StaffMember) -> str:
    """A session's secret for a browser of theirs."""
    link = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, member, actor="journey"))
    signed_in = shop.signing_in.with_link(link)
    assert isinstance(signed_in, SignedIn)
    return signed_in.secret
