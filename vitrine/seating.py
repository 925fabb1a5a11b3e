"""People for a shop that is tried out: whoever is missing is added, and each gets a link that signs in once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commerce.domain.team import StaffMember
    from commerce.services.team import Place
    from commerce.wiring import Shop

ACTOR = "command"


def seat(shop: Shop, people: Mapping[str, Place]) -> dict[str, str]:
    """The address of a one-time sign-in link by login. There is no password anywhere: whoever wants one sets it."""
    from commerce.domain.team import StaffMember

    links = {}
    for login, place in people.items():
        with shop.storage.read() as uow:
            known = uow.team.by_login(login)
        member = known or shop.storage.write(
            lambda uow, login=login, place=place: shop.team.add(uow, login, place, actor=ACTOR)  # type: ignore[misc]
        )
        assert isinstance(member, StaffMember), member
        if member.is_active:
            links[login] = sign_in_link(shop, member)
    return links


def sign_in_link(shop: Shop, member: StaffMember) -> str:
    token = shop.storage.write(lambda uow: shop.signing_in.link_for(uow, member, actor=ACTOR))
    return f"{shop.settings.base_url}/staff/link/{token}"


def told(links: Mapping[str, str], language: str) -> str:
    """For whoever sits at this machine."""
    from vitrine.opening import words

    first = words(language, "To sign in at the counter (each link works once):")
    return "\n".join([first, *(f"  {login:<10} {address}" for login, address in links.items())])
