"""The commands of `rehearsal webhooks` and their options. What they do is imported inside of them, as in app.py."""

from typing import Annotated, Literal

import typer

from services.cli.options import CODES, AsJson, Url, source_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of a webhook, as the list shows it.")]
NotificationId = Annotated[str, typer.Argument(metavar="NOTIFICATION", help="Id, as the log shows it.")]
State = Literal["waiting", "sent", "dead"]


@app.command("create", epilog=CODES)
def create(
    address: Annotated[str, typer.Argument(metavar="URL", help="https://… of the receiver.")],
    event: Annotated[list[str], typer.Option("--event", help="What it is told of; again for another.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "webhook",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have an address told what happens. The secret that checks its messages is shown this once."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import create as make

    carry_out(make(name, address, event, source_of(url), as_json=as_json))


@app.command("list", epilog=CODES)
def list_(url: Url = None, as_json: AsJson = False) -> None:
    """List the webhooks of your tenant, and how much each was told, is owed, and never took."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import show_all

    carry_out(show_all(source_of(url), as_json=as_json))


@app.command("log", epilog=CODES)
def log(
    webhook: WebhookId,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print what a webhook was told, or is to be told, newest first."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import show_log

    carry_out(show_log(webhook, state, limit, source_of(url), as_json=as_json))


@app.command("show", epilog=CODES)
def show(webhook: WebhookId, notification: NotificationId, url: Url = None) -> None:
    """Print one notification as JSON: what is sent, and every attempt with what came of it."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import show_one

    carry_out(show_one(webhook, notification, source_of(url)))


@app.command("replay", epilog=CODES)
def replay(webhook: WebhookId, notification: NotificationId, url: Url = None) -> None:
    """Send a notification again now: the same bytes under the same id."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import replay_one

    carry_out(replay_one(webhook, notification, source_of(url)))


@app.command("rotate", epilog=CODES)
def rotate(
    webhook: WebhookId,
    overlap: Annotated[int, typer.Option(min=0, max=168, help="Hours for which the old secret signs too.")] = 24,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Give a webhook a new secret, which is shown this once."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import rotate_secret

    carry_out(rotate_secret(webhook, overlap, source_of(url), as_json=as_json))


@app.command("pause", epilog=CODES)
def pause(webhook: WebhookId, url: Url = None) -> None:
    """Tell a webhook nothing for now. What happens meanwhile it never hears; what waits stays."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import set_active

    carry_out(set_active(webhook, source_of(url), is_active=False))


@app.command("resume", epilog=CODES)
def resume(webhook: WebhookId, url: Url = None) -> None:
    """Tell a webhook again what happens, and what waits."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import set_active

    carry_out(set_active(webhook, source_of(url), is_active=True))


@app.command("delete", epilog=CODES)
def delete(webhook: WebhookId, url: Url = None) -> None:
    """Delete a webhook with its log."""
    from services.cli.exits import carry_out
    from services.cli.webhooks import remove

    carry_out(remove(webhook, source_of(url)))
