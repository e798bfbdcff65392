"""What the commands of `rehearsal webhooks` do."""

from collections.abc import Sequence

from libs.contracts.base import JsonObject
from libs.contracts.webhooks import Rotation, WebhookChange
from services.cli.exits import Exit, say
from services.cli.output import print_json
from services.cli.own import Source


async def create(name: str, address: str, events: Sequence[str], source: Source, *, as_json: bool) -> Exit:
    """Make a webhook and print its secret."""
    async with source.connect() as client:
        made = await client.create_webhook({"name": name, "url": address, "events": list(events)})
    return _secret(made, as_json=as_json)


async def rotate_secret(webhook: str, overlap: int, source: Source, *, as_json: bool) -> Exit:
    """Print a new secret."""
    async with source.connect() as client:
        made = await client.rotate_secret(webhook, Rotation(overlap_hours=overlap))
    return _secret(made, as_json=as_json)


async def show_all(source: Source, *, as_json: bool) -> Exit:
    """Every webhook."""
    async with source.connect() as client:
        items = await client.webhooks()
    if as_json:
        return _json({"items": items})
    for item in items:
        state = "active" if item["is_active"] else "paused"
        counts = " ".join(f"{number} {name}" for name, number in item["notifications"].items())
        print(f"{item['id']}  {state:<6}  {counts}  {item['url']}  {', '.join(item['events'])}")
        if item["stopped_because"]:
            say(f"  {item['stopped_because']}")
    return Exit.COMPLETED


async def show_log(webhook: str, state: str | None, limit: int, source: Source, *, as_json: bool) -> Exit:
    """What it was told."""
    async with source.connect() as client:
        found = await client.notifications(webhook, state=state, limit=limit)
    if as_json:
        return _json(found)
    for item in found["items"]:
        tried = f"{item['attempts']} tried"
        line = f"{item['id']}  {item['created_at'][:19]}  {item['state']:<7}  {tried}  {item['event']}"
        print(line + (f"  {item['error']}" if item["error"] else ""))
    return Exit.COMPLETED


async def show_one(webhook: str, notification: str, source: Source) -> Exit:
    """One notification, whole."""
    async with source.connect() as client:
        return _json(await client.notification(webhook, notification))


async def replay_one(webhook: str, notification: str, source: Source) -> Exit:
    """Have one sent again."""
    async with source.connect() as client:
        await client.replay_notification(webhook, notification)
    say(f"{notification} is sent again; `rehearsal webhooks log {webhook}` says what comes of it.")
    return Exit.COMPLETED


async def set_active(webhook: str, source: Source, *, is_active: bool) -> Exit:
    """Pause or resume."""
    async with source.connect() as client:
        await client.change_webhook(webhook, WebhookChange(is_active=is_active))
    say(f"{webhook} is {'active' if is_active else 'paused'}.")
    return Exit.COMPLETED


async def remove(webhook: str, source: Source) -> Exit:
    """Delete one."""
    async with source.connect() as client:
        await client.delete_webhook(webhook)
    say(f"{webhook} is deleted.")
    return Exit.COMPLETED


def _secret(made: JsonObject, *, as_json: bool) -> Exit:
    if as_json:
        return _json(made)
    say(f"{made['id']}: its secret is shown this once.")
    print(made["secret"])
    return Exit.COMPLETED


def _json(document: JsonObject) -> Exit:
    print_json(document)
    return Exit.COMPLETED
