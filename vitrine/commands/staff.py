"""staff: who works in the shop, for whoever sits at its machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrine.console import Json, misuse, open_shop, print_json, refuse

if TYPE_CHECKING:
    from commerce.domain.team import NotInTeam, Role, StaffMember
    from commerce.ports import UnitOfWork
    from commerce.wiring import Shop

staff_app = typer.Typer(help="The team: who may sign in at the counter, and as what.", no_args_is_help=True)
ACTOR = "command"
Login = Annotated[str, typer.Argument(help="The login; capitals do not matter.")]


def register(app: typer.Typer) -> None:
    app.add_typer(staff_app, name="staff")


@staff_app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option("--name", help="As colleagues and customers read it.")],
    role: Annotated[str, typer.Option("--role", help="staff, marketer or owner.")] = "staff",
    stores: Annotated[list[str] | None, typer.Option("--store", help="Where they work; again for more.")] = None,
    languages: Annotated[list[str] | None, typer.Option("--language", help="Which they speak, first first.")] = None,
    skills: Annotated[list[str] | None, typer.Option("--skill", help="What they are good at: returns…")] = None,
    json: Json = False,
) -> None:
    """Adds somebody and prints the link with which they choose their password: once, within three days."""
    from commerce.domain.reservation import Refused
    from commerce.services.team import Place

    with open_shop(indexed=False) as shop:
        place = Place(name, _role(role), stores or (), languages or shop.settings.languages[:1], skills or ())

        def work(uow: UnitOfWork) -> tuple[StaffMember, str]:
            added = shop.team.add(uow, login, place, actor=ACTOR)
            if isinstance(added, Refused):
                refuse(_why(added.reason))
            return added, _invited(shop, uow, added)

        member, link = shop.storage.write(work)
    _print(member, link, json=json)


@staff_app.command("list")
def list_all(json: Json = False) -> None:
    """Everybody, those who have left too."""
    with open_shop(indexed=False) as shop, shop.storage.read() as uow:
        found = [(member, bool(uow.team.password_hash(member.id))) for member in uow.team.all()]
    if json:
        print_json([{**_as_json(member), "has_password": has} for member, has in found])
        return
    for member, has_password in found:
        print(_line(member) + ("" if has_password else ", no password yet"))
    if not found:
        print("nobody: vitrine staff add LOGIN --name NAME --role owner")


@staff_app.command()
def invite(
    login: Login,
    reset_second_factor: Annotated[
        bool, typer.Option("--reset-second-factor", help="Their telephone is lost: they set it up again.")
    ] = False,
    json: Json = False,
) -> None:
    """Prints a new link with which they choose a password; earlier links do not count any more."""
    with open_shop(indexed=False) as shop:
        member = _member(shop, login)

        def work(uow: UnitOfWork) -> str:
            if reset_second_factor:
                shop.own_account.reset_second_factor(uow, member, actor=ACTOR)
            return _invited(shop, uow, member)

        link = shop.storage.write(work)
    _print(member, link, json=json)


@staff_app.command()
def link(login: Login, json: Json = False) -> None:
    """Prints a link that signs them in once, within twelve hours. Whoever has it is them: do not send it on."""
    from vitrine.seating import sign_in_link

    with open_shop(indexed=False) as shop:
        member = _member(shop, login)
        if not member.is_active:
            refuse(f"{member.login} is not active")
        address = sign_in_link(shop, member)
    _print(member, address, json=json)


@staff_app.command()
def deactivate(login: Login, json: Json = False) -> None:
    """Out at once: signed out everywhere, no link counts any more. What they did stays in the record."""
    from commerce.domain.reservation import Refused

    with open_shop(indexed=False) as shop:
        member = _member(shop, login)
        gone = shop.storage.write(lambda uow: shop.team.deactivate(uow, member.id, actor=ACTOR))
        if isinstance(gone, Refused):
            refuse(_why(gone.reason))
    _print(gone, "", json=json)


@staff_app.command()
def password(login: Login) -> None:
    """Sets a password: asked for twice on a terminal, else read from standard input. Signs out everywhere."""
    with open_shop(indexed=False) as shop:
        member = _member(shop, login)
        if sys.stdin.isatty():
            chosen = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        else:
            chosen = sys.stdin.readline().rstrip("\r\n")
        refused = shop.own_account.set_password(member, chosen, actor=ACTOR)
    if refused is not None:
        refuse(_why(refused.reason))
    print(f"{member.login} has a new password")


@staff_app.command("sign-out")
def sign_out(login: Login, json: Json = False) -> None:
    """Ends every session of theirs: a telephone was lost, a browser left open."""
    with open_shop(indexed=False) as shop:
        member = _member(shop, login)
        ended = shop.storage.write(lambda uow: shop.signing_in.sign_out_everywhere(uow, member.id, actor=ACTOR))
    if json:
        print_json({"login": member.login, "sessions": ended})
    else:
        print(f"{member.login} is signed out of {ended} browser{'s' if ended != 1 else ''}")


def _role(role: str) -> Role:
    from commerce.domain.team import Role

    if role not in set(Role):
        misuse(f"--role {role}: staff, marketer or owner")
    return Role(role)


def _member(shop: Shop, login: str) -> StaffMember:
    from commerce.domain.team import login_of

    with shop.storage.read() as uow:
        found = uow.team.by_login(login_of(login))
    if found is None:
        refuse(f"nobody has the login {login}")
    return found


def _invited(shop: Shop, uow: UnitOfWork, member: StaffMember) -> str:
    from commerce.domain.reservation import Refused

    token = shop.team.invite(uow, member.id, actor=ACTOR)
    if isinstance(token, Refused):
        refuse(f"{member.login} is not active")
    return f"{shop.settings.base_url}/staff/invitation/{token}"


def _why(reason: NotInTeam) -> str:
    from commerce.domain.passwords import SHORTEST
    from commerce.domain.team import NotInTeam

    return {
        NotInTeam.NO_NAME: "they need a name",
        NotInTeam.LOGIN_TAKEN: "somebody has this login already",
        NotInTeam.BAD_LOGIN: "a login has 2 to 64 letters, figures or . _ @ + -, without accents",
        NotInTeam.NO_SUCH_STORE: "there is no such store",
        NotInTeam.NO_STORE: "staff work in at least one store: --store ID",
        NotInTeam.LAST_OWNER: "the shop needs one owner: this is the last one",
        NotInTeam.WEAK_PASSWORD: f"too easy to guess: at least {SHORTEST} characters, neither login nor shop name",
    }.get(reason, reason.value)


def _print(member: StaffMember, address: str, *, json: bool) -> None:
    if json:
        print_json({**_as_json(member), **({"link": address} if address else {})})
        return
    print(_line(member))
    if address:
        print(address)


def _as_json(member: StaffMember) -> dict[str, Any]:
    return {
        "login": member.login,
        "name": member.name,
        "role": member.role.value,
        "stores": sorted(member.store_ids),
        "languages": list(member.languages),
        "skills": list(member.skills),
        "active": member.is_active,
        "second_factor": member.has_totp,
    }


def _line(member: StaffMember) -> str:
    parts = [member.role.value, *sorted(member.store_ids), *member.languages, *member.skills]
    if member.has_totp:
        parts.append("second factor")
    if not member.is_active:
        parts.append("left")
    return f"{member.login:<16} {member.name}, {', '.join(parts)}"
