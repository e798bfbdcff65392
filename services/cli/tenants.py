"""The commands of `rehearsal tenants`: what a tenant may use, its data in one file, its end."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import CODES, AsJson, Url, source_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Name of the tenant.")]
LIFTED = "; none lifts the limit"


@app.command("quota", epilog=CODES, short_help="Show or change what a tenant may use.")
def quota(
    tenant: Tenant,
    usd: Annotated[str | None, typer.Option("--usd-per-month", help=f"The most USD in a month{LIFTED}.")] = None,
    calls: Annotated[str | None, typer.Option("--calls-per-month", help=f"The most calls in a month{LIFTED}.")] = None,
    running: Annotated[
        str | None, typer.Option("--running-simulations", help=f"The most that have not ended{LIFTED}.")
    ] = None,
    people: Annotated[str | None, typer.Option(help=f"The most keys and people{LIFTED}.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what a tenant may use and uses; the operator may change it. What is not given stays as it is."""
    from services.cli.exits import carry_out
    from services.cli.tenancy import quota as show_quota

    given = {"usd_per_month": usd, "calls_per_month": calls, "running_simulations": running, "people": people}
    changes = {name: _limit(name, value) for name, value in given.items() if value is not None}
    carry_out(show_quota(tenant, changes, source_of(url), as_json=as_json))


@app.command("export", epilog=CODES, short_help="Write everything of a tenant into a file.")
def export(
    tenant: Tenant,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="TENANT.ndjson")] = None,
    url: Url = None,
) -> None:
    """Write everything the platform keeps of a tenant: one JSON object a line. Exits with 1 when it is not whole."""
    from services.cli.exits import carry_out
    from services.cli.tenancy import export as export_tenant

    carry_out(export_tenant(tenant, out or Path(f"{tenant}.ndjson"), source_of(url)))


@app.command("erase", epilog=CODES, short_help="Erase everything of a tenant, for good.")
def erase(
    tenant: Tenant,
    sure: Annotated[str, typer.Option("--sure", prompt="Its name once more", help="The name once more.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Erase everything of a tenant, for good. It goes on by itself; `erasure` says when nothing is left."""
    from services.cli.exits import carry_out
    from services.cli.tenancy import erase as erase_tenant

    if sure != tenant:
        raise typer.BadParameter("is not the name of the tenant", param_hint="--sure")
    carry_out(erase_tenant(tenant, source_of(url), as_json=as_json))


@app.command("erasure", epilog=CODES, short_help="Whether a tenant is erased.")
def erasure(tenant: Tenant, url: Url = None, as_json: AsJson = False) -> None:
    """Say whether the erasure of a tenant is complete."""
    from services.cli.exits import carry_out
    from services.cli.tenancy import erasure as show_erasure

    carry_out(show_erasure(tenant, source_of(url), as_json=as_json))


def _limit(name: str, value: str) -> float | None:
    try:
        return None if value == "none" else float(value) if name == "usd_per_month" else int(value)
    except ValueError:
        raise typer.BadParameter("is neither a number nor none", param_hint=f"--{name.replace('_', '-')}") from None
