"""The commands about who gets in: keys, systems outside, read-only links, the audit log, a platform's pair of keys."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from services.cli.options import CODES, AsJson, SimulationId, Url, source_of

if TYPE_CHECKING:
    from libs.bus.accounts import Outsider

keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
external = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
share = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How long it is good for.")]
Output = Annotated[str, typer.Argument(metavar="ID", help="The id, as the list shows it.")]


@keys.command("create", epilog=CODES)
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[
        Literal["viewer", "researcher", "operator", "admin"], typer.Option(help="What it may do.")
    ] = "viewer",
    days: Days = 90,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Only this part of the API, as `results` or `results:read`. May be repeated."),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a key of your tenant. It is shown this once."""
    from services.cli.exits import carry_out
    from services.cli.guests import make

    spec = {"name": name, "role": role, "expires_in_days": days, "scopes": scope or None}
    carry_out(make("/keys", spec, "key", source_of(url), as_json=as_json))


@keys.command("list", epilog=CODES)
def list_keys(url: Url = None, as_json: AsJson = False) -> None:
    """List the keys of your tenant, newest first; never the keys themselves."""
    from services.cli.exits import carry_out
    from services.cli.guests import show

    carry_out(show("/keys", "key", source_of(url), as_json=as_json))


@keys.command("revoke", epilog=CODES)
def revoke_key(key: Output, url: Url = None) -> None:
    """Revoke a key: the next request with it is refused."""
    from services.cli.exits import carry_out
    from services.cli.guests import revoke

    carry_out(revoke("/keys", key, source_of(url)))


@keys.command("pair")
def make_pair() -> None:
    """Make the pair of keys with which a gateway signs and services check, as settings. Needs no platform."""
    from libs.http import new_key_pair

    signing, public = new_key_pair()
    typer.echo(f"REHEARSAL_GATEWAY_SIGNING_KEY={signing}\nREHEARSAL_IDENTITY_KEYS={public}")


@keys.command("service")
def make_service_keys(
    services: Annotated[list[str], typer.Argument(help="Services that ask others: communication, results, …")],
) -> None:
    """Make the keys with which services sign what they ask of each other, as settings. Needs no platform."""
    from libs.http import new_key_pair

    pairs = {name: new_key_pair() for name in services}
    for name, (signing, _) in pairs.items():
        typer.echo(f"REHEARSAL_{name.upper()}_SERVICE_KEY={signing}")
    typer.echo(f"REHEARSAL_SERVICE_KEYS={json.dumps({name: public for name, (_, public) in pairs.items()})}")


@keys.command("first")
def make_first(tenant: Annotated[str, typer.Option(help="Whose admin it is.")] = "default") -> None:
    """Make the first admin key of a tenant, as a setting of the gateway. Needs no platform."""
    typer.echo(f"REHEARSAL_GATEWAY_BOOTSTRAP_KEYS={json.dumps({tenant: new_secret()})}")


@external.command("accounts")
def print_accounts(
    systems: Annotated[list[str], typer.Argument(metavar="NAME[=TENANT]...", help="Who may publish, for whom.")],
) -> None:
    """Print the accounts for your nats.conf: that of the services, each a user, and one of each system outside.

    It holds no secret: passwords are environment variables of nats-server, which it names.
    """
    from libs.bus.accounts import accounts_config

    typer.echo(accounts_config(outsiders(systems)), nl=False)


def outsiders(systems: Sequence[str]) -> "list[Outsider]":
    """The systems outside that options name."""
    from libs.bus.accounts import accounts_config, outsider

    try:
        found = [outsider(each) for each in systems]
        accounts_config(found)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return found


@share.command("create", epilog=CODES)
def create_share(
    simulation: SimulationId,
    name: Annotated[str, typer.Option(help="Who it is for.")] = "shared results",
    days: Days = 30,
    tenant: Annotated[str | None, typer.Option(help="Whose people see it as themselves, instead of by a link.")] = None,
    subject: Annotated[str | None, typer.Option(help="Of them only this one, as `whoami` says it.")] = None,
    role: Annotated[
        Literal["viewer", "researcher", "operator", "admin"] | None,
        typer.Option(help="Of them all who have at least this role.", show_default="viewer"),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show a simulation's results to others, to read only: by a link, shown this once, or as themselves."""
    from services.cli.exits import carry_out
    from services.cli.guests import make

    spec = {"simulation_id": simulation, "name": name, "expires_in_days": days}
    if tenant is None and (subject or role):
        raise typer.BadParameter("a subject or role is one of a tenant", param_hint="--tenant")
    if tenant is not None:
        spec["shared_with"] = {"tenant": tenant, "subject": subject, "role": role or (None if subject else "viewer")}
    carry_out(make("/shares", spec, "path", source_of(url), as_json=as_json))


@share.command("received", epilog=CODES)
def received(url: Url = None, as_json: AsJson = False) -> None:
    """List what others share with you, newest first."""
    from services.cli.exits import carry_out
    from services.cli.guests import show_received

    carry_out(show_received(source_of(url), as_json=as_json))


@share.command("list", epilog=CODES)
def list_shares(url: Url = None, as_json: AsJson = False) -> None:
    """List the read-only links of your tenant, newest first."""
    from services.cli.exits import carry_out
    from services.cli.guests import show

    carry_out(show("/shares", "link", source_of(url), as_json=as_json))


@share.command("revoke", epilog=CODES)
def revoke_share(link: Output, url: Url = None) -> None:
    """Revoke a read-only link: it shows nothing from the next request on."""
    from services.cli.exits import carry_out
    from services.cli.guests import revoke

    carry_out(revoke("/shares", link, source_of(url)))


@audit.command("verify", epilog=CODES)
def verify_audit(
    head: Annotated[str | None, typer.Option(help="A head that was noted before: it must be in the log.")] = None,
    url: Url = None,
) -> None:
    """Read the whole audit log of your tenant and check its chain here, without trusting the platform.

    Prints the head. Note it elsewhere: with --head the next check proves that nothing before it was changed since.
    """
    from services.cli.exits import carry_out
    from services.cli.guests import verify

    carry_out(verify(head, source_of(url)))


def new_secret() -> str:
    """A new key, as the gateway makes them."""
    import secrets

    return "rk_" + secrets.token_urlsafe(32)


def first_key(data: Path) -> str:
    """The first admin key of an own platform: made once, in a file that only its owner can read."""
    import os

    path = data / "admin.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_secret() + "\n")
    return path.read_text().strip()
