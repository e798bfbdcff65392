"""The commands of whoever operates a platform of several processes: NATS users, streams, dead letters, outboxes.

They speak with NATS and a service's database themselves, as nobody else on the command line does, and need no platform.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import typer

from services.cli.options import CODES, AsJson

nats = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
letters = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
nats.add_typer(letters, name="dead-letters", help="Messages that a service gave up.")
NatsUrl = Annotated[
    str, typer.Option("--nats-url", envvar="REHEARSAL_NATS_URL", help="NATS as the user `platform`, or without users.")
]
NATS = "nats://127.0.0.1:4222"
Sequences = Annotated[list[int], typer.Argument(metavar="NUMBER...", help="As the list shows them.")]


@nats.command("passwords", epilog=CODES)
def make_passwords(
    systems: Annotated[list[str] | None, typer.Argument(metavar="NAME[=TENANT]...", help="Systems outside.")] = None,
) -> None:
    """Make a password for every user of nats-server, as its environment. Needs no platform."""
    import secrets

    from libs.bus.accounts import USERS, password_variable
    from services.cli.access import outsiders

    for user in (*USERS, *(each.name for each in outsiders(systems or []))):
        typer.echo(f"{password_variable(user)}=pw{secrets.token_hex(24)}")  # nats-server reads some others as numbers


@nats.command("provision", epilog=CODES)
def provision_streams(
    replicas: Annotated[
        int | None, typer.Option(min=1, max=5, help="Replicas of each stream. By default as there are, or 1.")
    ] = None,
    spread: Annotated[
        Literal["1", "4", "16"] | None,
        typer.Option(
            envvar="REHEARSAL_STREAM_SPREAD",
            help="Streams of each kind for messages in great number, as for services. By default as there are.",
        ),
    ] = None,
    url: NatsUrl = NATS,
) -> None:
    """Make or change the streams and consumers as this version has them. Before services of a new version start."""
    from services.cli.exits import carry_out
    from services.cli.nats_side import make_streams

    carry_out(make_streams(url, replicas, spread))


@letters.command("list", epilog=CODES)
def list_letters(
    consumer: Annotated[str | None, typer.Option(help="Only those that this consumer gave up.")] = None,
    url: NatsUrl = NATS,
    as_json: AsJson = False,
) -> None:
    """List them, oldest first."""
    from services.cli.exits import carry_out
    from services.cli.nats_side import show_letters

    carry_out(show_letters(url, consumer, as_json=as_json))


@letters.command("replay", epilog=CODES)
def replay_letters(numbers: Sequences, url: NatsUrl = NATS) -> None:
    """Send some again; each goes off the list. Who handled one already recognises it."""
    from services.cli.exits import carry_out
    from services.cli.nats_side import send_letters

    carry_out(send_letters(url, numbers))


@nats.command("republish", epilog=CODES)
def republish_outbox(
    databases: Annotated[
        list[str],
        typer.Argument(
            metavar="DATABASE_URL...", help="REHEARSAL_<SERVICE>_DATABASE_URL of each service but models and gateway."
        ),
    ],
    since: Annotated[datetime | None, typer.Option(help="Only what was sent since then, in UTC.")] = None,
) -> None:
    """Have services send again what they keep: a stream was lost in part, or a new reader needs the past."""
    from services.cli.exits import carry_out
    from services.cli.nats_side import send_outboxes

    carry_out(send_outboxes(_unique(databases), since))


@nats.command("exporter", epilog=CODES)
def export_metrics(
    servers: Annotated[
        list[str], typer.Argument(metavar="URL...", help="Monitoring of each nats-server: http://…:8222")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of /metrics.")] = 9422,
) -> None:
    """Say in Prometheus' format how much waits in streams and consumers, and stay."""
    from services.cli.exits import carry_out
    from services.cli.exporter import serve

    carry_out(serve(_unique(servers), host, port))


def _unique(items: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(items))
