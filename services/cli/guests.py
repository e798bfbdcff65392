"""What the commands about keys, links and the audit log do."""

from libs.contracts.audit import AuditEntry, Chain
from libs.contracts.base import JsonObject
from libs.contracts.identity import LOCAL
from services.cli.exits import Exit, say
from services.cli.output import print_json, print_table
from services.cli.own import Source


async def make(path: str, spec: JsonObject, shown: str, source: Source, *, as_json: bool) -> Exit:
    """Make a key or link and print what is shown this once."""
    async with source.connect() as client:
        made = await client.make(path, spec)
        is_open = (await client.whoami())["subject"] == LOCAL.subject
        base = client.url if shown == "path" else ""
    if is_open:
        say(
            "This platform asks nobody for a key: whoever reaches it may do all. "
            "`rehearsal up --auth` starts one that asks."
        )
    if as_json:
        print_json(made)
        return Exit.COMPLETED
    known = f"Only {made['shared_with']['tenant']} can use it" if made.get("shared_with") else "It is shown this once"
    say(f"{made['id']} ({made['role']}, until {made['expires_at'][:10]}). {known}:")
    print(f"{base}/ui{made[shown]}/simulations/{made['simulation_id']}" if base else made[shown])
    if base:
        say(f"Programs read under {base}{made[shown]}/, for example …/results/{made['simulation_id']}/aggregate")
    return Exit.COMPLETED


async def show(path: str, what: str, source: Source, *, as_json: bool) -> Exit:
    """All keys or links; `what` is the word for one."""
    async with source.connect() as client:
        items = [item async for item in client.every(path)]
    if as_json:
        print_json({"items": items})
        return Exit.COMPLETED
    if not items:
        say(f"There is no {what}.")
    for item in items:
        until = (item["expires_at"] or "for ever")[:10]
        whose = item.get("simulation_id") or item["role"]
        print(f"{item['id']}  {item['state']:<8} {whose:<12} until {until}  {item['name']}")
    return Exit.COMPLETED


async def show_received(source: Source, *, as_json: bool) -> Exit:
    """What others share with whoever asks."""
    async with source.connect() as client:
        found = await client.received()
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    rows = [(one["simulation_id"], one["tenant"], one["name"], client.url + one["path"]) for one in found["items"]]
    print_table(("simulation", "tenant", "what it is", "stands before what it shows"), rows)
    return Exit.COMPLETED


async def revoke(path: str, identity: str, source: Source) -> Exit:
    """Make one worthless."""
    async with source.connect() as client:
        await client.revoke(path, identity)
    say(f"{identity} is revoked.")
    return Exit.COMPLETED


async def verify(head: str | None, source: Source) -> Exit:
    """Check the chain of the audit log; with `head` also that an earlier state is its beginning."""
    chain = Chain()
    async with source.connect() as client:
        told = await client.audit_head()
        async for item in client.every("/audit"):
            chain.follow([AuditEntry.model_validate(item)])
    fault = chain.fault or _fault(chain, head, told)
    if fault is not None:
        say(f"The audit log does not hold: {fault}.")
        return Exit.FAILED
    say(f"The audit log holds: {chain.length} entries. Its head:")
    print(chain.head)
    return Exit.COMPLETED


def _fault(chain: Chain, noted: str | None, told: str) -> str | None:
    """What is wrong with where the chain ends; entries may have come while it was read."""
    if told not in chain.heads:
        return "entries at its end are missing"
    if noted is not None and noted not in chain.heads:
        return "the head that was noted before is not in it"
    return None
