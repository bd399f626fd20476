"""The `patchbay user` commands: accounts, who signs in, with which role and skills."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from router.cli_options import DATA, site

if TYPE_CHECKING:
    from router.store.port import Account, Store

T = TypeVar("T")


@click.group()
def user() -> None:
    """Accounts: who signs in, with which role and skills."""


def _pairs(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    skills = {}
    for value in values:
        name, _, level = value.partition("=")
        if not name or not level.isdigit():
            raise click.BadParameter(f"'{value}' is not name=level, for example billing=3.")
        skills[name] = int(level)
    return skills


LIMITS = click.option(
    "--limit", "limits", multiple=True, callback=_pairs, help="channel=most at once; repeat for more."
)
FIRST_TASKS = click.option("--first-task", "first_tasks", multiple=True, help="A queue or skill that comes first.")
OFFER_TIMES = click.option(
    "--offer-times",
    type=click.IntRange(1, 10),
    help="How many times as long as usual an offer waits for them: some people need longer.",
)
PASSWORD_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password; else one is made and shown.")


def _password(from_stdin: bool) -> str:
    from router.site.accounts import new_password  # noqa: PLC0415

    return sys.stdin.readline().rstrip("\n") if from_stdin else new_password()


@user.command("add")
@DATA
@click.argument("login")
@click.option("--name", default="", help="The name customers and colleagues see.")
@click.option("--role", type=click.Choice(["agent", "supervisor", "admin"]), default="agent", show_default=True)
@click.option("--skill", "skills", multiple=True, callback=_pairs, help="name=level; repeat for more.")
@click.option("--language", "languages", multiple=True)
@click.option("--capacity", type=click.IntRange(0, 10_000), default=0, help="0: the site's.")
@LIMITS
@FIRST_TASKS
@OFFER_TIMES
@PASSWORD_STDIN
def user_add(data: Path, login: str, password_stdin: bool, **fields: Any) -> None:
    """Add an account."""
    from dashboard.passwords import hash_password  # noqa: PLC0415
    from router.site.accounts import add_person  # noqa: PLC0415
    from router.store.port import Account  # noqa: PLC0415

    password = _password(password_stdin)
    told = {word: value for word, value in fields.items() if value is not None}
    account = Account(id=0, login=login, password="", **{**told, "name": told["name"] or login})
    _with_store(
        data, lambda store: add_person(store.accounts, site(), account, password=password, hashed=hash_password)
    )
    click.echo(f"Added {login}." if password_stdin else f"Added {login}. Password: {password}")


@user.command("list")
@DATA
def user_list(data: Path) -> None:
    """List accounts."""
    for account in _with_store(data, lambda store: store.accounts.all(site())):
        click.echo(_described(account))


def _described(account: Account) -> str:
    skills = ", ".join(f"{name}={level}" for name, level in sorted(account.skills.items())) or "no skills"
    closed = "  (disabled)" if account.disabled else ""
    return f"{account.id:>5}  {account.login:<20} {account.role:<11} {account.name}  [{skills}]{closed}"


@user.command("password")
@DATA
@click.argument("login")
@PASSWORD_STDIN
def user_password(data: Path, login: str, password_stdin: bool) -> None:
    """Set a new password and end the sessions of the old one."""
    from dashboard.passwords import hash_password  # noqa: PLC0415
    from router.site.accounts import set_password  # noqa: PLC0415

    password = _password(password_stdin)
    _with_store(
        data, lambda store: set_password(store.accounts, site(), login, password=password, hashed=hash_password)
    )
    click.echo(f"Changed {login}." if password_stdin else f"Changed {login}. Password: {password}")


@user.command("skills")
@DATA
@click.argument("login")
@click.argument("skills", nargs=-1, callback=_pairs)
def user_skills(data: Path, login: str, skills: dict[str, int]) -> None:
    """Set the skills of an account, all of them: billing=3 orders=2."""
    from router.site.accounts import set_skills  # noqa: PLC0415

    _with_store(data, lambda store: set_skills(store.accounts, site(), login, skills=skills))
    click.echo(f"Changed {login}; it counts from the start of the next shift.")


@user.command("change")
@DATA
@click.argument("login")
@click.option("--language", "languages", multiple=True)
@click.option("--capacity", type=click.IntRange(0, 10_000), help="0: the site's.")
@LIMITS
@FIRST_TASKS
@OFFER_TIMES
def user_change(data: Path, login: str, **fields: Any) -> None:
    """Change how an account works; what is not named stays."""
    from router.site.accounts import change_person  # noqa: PLC0415

    changes = {word: value for word, value in fields.items() if value not in (None, (), {})}
    if not changes:
        raise click.UsageError(
            "Name what is to be changed: --language, --capacity, --limit, --first-task or --offer-times."
        )
    _with_store(data, lambda store: change_person(store.accounts, site(), login, changes=changes))
    click.echo(f"Changed {login}; it counts from the start of the next shift.")


@user.command("disable")
@DATA
@click.argument("login")
@click.option("--undo", is_flag=True, help="Open the account again.")
def user_disable(data: Path, login: str, undo: bool) -> None:
    """Close an account and end its sessions."""
    from router.site.accounts import disable_person  # noqa: PLC0415

    _with_store(data, lambda store: disable_person(store.accounts, site(), login, disabled=not undo))
    click.echo(f"Opened {login}." if undo else f"Disabled {login}.")


def _with_store(data: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    from router.cli import with_store  # noqa: PLC0415

    return with_store(data, work)
