"""`holdfast accounts`: the first administrator, and help when nobody else can sign in."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar, cast, get_args

import click
from pydantic import ValidationError
from rich.table import Table

from services.api.ports import UnavailableError
from services.cli.operator_settings import operator_settings, run
from services.cli.whole_table import print_whole
from services.signin.clerk import clerk
from services.signin.desk import Desk, RefusedError
from services.signin.events import AccessRole
from services.signin.people import Account
from services.signin.second_factor import make_keys

T = TypeVar("T")
BY = "system"
"""Whoever may read the server's settings; the audit trail of rights says so."""
ROLES = get_args(AccessRole)


@click.group("accounts")
def accounts() -> None:
    """Accounts and rights. Later changes are for administrators, on the pages."""


@accounts.command("list")
def list_command() -> None:
    """Every account with its rights; never a password."""
    found = _at_desk(_all)
    if not found:
        click.echo("There is no account yet. Open the first one:\n  " + _FIRST)
        return
    table = Table("sign-in name", "printed name", "kind", "state", "rights", box=None)
    for one in found:
        rights = "\n".join(
            f"{g.role} of {'all trials' if g.trial_id == '*' else g.trial_id}, "
            f"{'all sites' if '*' in g.sites else ', '.join(g.sites)}  ({g.grant_id})"
            for g in one.grants
        )
        state = "closed" if one.closed else "open"
        table.add_row(one.sign_in, one.name, one.kind, state, rights or "none")
    print_whole(table)


_FIRST = 'holdfast accounts open admin --name "Your Name" --role administrator'


@accounts.command("open")
@click.argument("sign_in")
@click.option("--name", required=True, help="The printed name that stands beside signatures.")
@click.option(
    "--kind",
    type=click.Choice(["local", "provider", "service"]),
    default="local",
    show_default=True,
)
@click.option("--role", type=click.Choice(ROLES), help="Grants this role at once.")
@click.option("--trial", "trial_id", default="*", help="In this trial only; else in all.")
@click.option("--site", "sites", multiple=True, help="At this site; again for more.")
def open_command(
    sign_in: str, name: str, kind: str, role: str | None, trial_id: str, sites: tuple[str, ...]
) -> None:
    """Open an account SIGN_IN; a local one gets a first password, printed once."""

    async def work(desk: Desk) -> str | None:
        account, password = await desk.open_account(BY, sign_in, name, kind)
        if role is not None:
            await desk.grant(BY, account.account_id, _role(role), trial_id, sites or ("*",))
        return password

    password = _at_desk(work)
    click.echo(f"Opened {sign_in}.")
    if password is not None:
        click.echo(f"First password, shown only now: {password}")
        click.echo("It must be changed at the first sign-in.")


@accounts.command("grant")
@click.argument("sign_in")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--trial", "trial_id", default="*", help="In this trial only; else in all.")
@click.option("--site", "sites", multiple=True, help="At this site; again for more.")
@click.option("--reason", help="Stands in the audit trail of rights.")
def grant_command(
    sign_in: str, role: str, trial_id: str, sites: tuple[str, ...], reason: str | None
) -> None:
    """Grant ROLE to the account SIGN_IN."""

    async def work(desk: Desk) -> str:
        account_id = _account(desk, sign_in).account_id
        return await desk.grant(BY, account_id, _role(role), trial_id, sites or ("*",), reason)

    click.echo(f"Granted; to take it back: holdfast accounts revoke {_at_desk(work)}")


@accounts.command("revoke")
@click.argument("grant_id")
@click.option("--reason", required=True)
def revoke_command(grant_id: str, reason: str) -> None:
    """Take a right back, by the id that `list` prints; at once, in every session."""
    _at_desk(lambda desk: desk.revoke(BY, grant_id, reason))
    click.echo("Revoked.")


@accounts.command("reset")
@click.argument("sign_in")
def reset_command(sign_in: str) -> None:
    """Give the account SIGN_IN a fresh password; all its sessions end."""

    async def work(desk: Desk) -> str:
        return await desk.reset_password(BY, _account(desk, sign_in).account_id)

    click.echo(f"New password, shown only now: {_at_desk(work)}")


@accounts.command("close")
@click.argument("sign_in")
@click.option("--reason", required=True)
def close_command(sign_in: str, reason: str) -> None:
    """Close the account SIGN_IN: its sessions end, its history stays."""

    async def work(desk: Desk) -> None:
        await desk.close(BY, _account(desk, sign_in).account_id, reason)

    _at_desk(work)
    click.echo(f"Closed {sign_in}.")


@accounts.command("token")
@click.argument("sign_in")
@click.option("--name", required=True, help="What the token is for.")
def token_command(sign_in: str, name: str) -> None:
    """Issue a token of the service account SIGN_IN, printed once."""

    async def work(desk: Desk) -> str:
        return await desk.issue_token(BY, _account(desk, sign_in).account_id, name)

    click.echo(f"Token, shown only now: {_at_desk(work)}")


@accounts.command("make-key")
@click.argument("file", type=click.Path(path_type=Path))
def make_key_command(file: Path) -> None:
    """Write the key that seals second factors into a new FILE, for HOLDFAST_SECRET_FILE."""
    try:
        make_keys(file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    click.echo(f"{file}: made. Keep a copy of it where no backup of the record is.")


async def _all(desk: Desk) -> list[Account]:
    return sorted(desk.people.accounts.values(), key=lambda account: account.sign_in)


def _account(desk: Desk, sign_in: str) -> Account:
    found = desk.people.by_sign_in(sign_in)
    if found is None:
        raise RefusedError(f"There is no account {sign_in}.")
    return found


def _role(role: str) -> AccessRole:
    return cast(AccessRole, role)


def _at_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Does the work at a desk of its own; what was refused becomes one sentence."""
    settings = operator_settings()

    async def whole() -> T:
        async with clerk(settings) as desk:
            return await work(desk)

    try:
        return run(whole())
    except RefusedError as error:
        raise click.ClickException(str(error)) from None
    except ValidationError as error:
        wrong = ", ".join(str(detail["loc"][0]) for detail in error.errors() if detail["loc"])
        raise click.ClickException(
            f"It does not fit: {wrong}. A sign-in name has 3 to 128 small letters, digits and ._@+-"
        ) from None
    except (TimeoutError, UnavailableError):
        raise click.ClickException(
            "Kafka does not answer, or the topics are not made: check HOLDFAST_KAFKA_BOOTSTRAP, "
            "then run `holdfast topics create`"
        ) from None
