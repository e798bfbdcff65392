"""`rehearsal usage`: what was used, by simulation, model, day or tenant, or by one simulation beside its estimate."""

from libs.client import RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.usage import UsageBy
from services.cli.exits import Exit
from services.cli.output import print_json, print_table
from services.cli.own import Source

PARTS = ("calls", "prompt_tokens", "completion_tokens", "cost_usd")


async def show_usage(by: UsageBy, period: tuple[str | None, str | None], source: Source, *, as_json: bool) -> Exit:
    """All lines, the last first."""
    async with source.connect() as client:
        lines = await _lines(client, by, *period)
    if as_json:
        print_json({"items": lines})
        return Exit.COMPLETED
    rows = [(line["key"] or "none", *_figures(line), _number(line["cached_calls"])) for line in lines]
    print_table((by, "calls", "prompt tokens", "completion tokens", "USD", "known already"), rows)
    return Exit.COMPLETED


async def show_one(simulation_id: str, source: Source, *, as_json: bool) -> Exit:
    """What one simulation used, by model; its time; and what it was said to take."""
    async with source.connect() as client:
        used = await client.simulation_usage(simulation_id)
    if as_json:
        print_json(used)
        return Exit.COMPLETED
    rows = [(one["model"], *_figures(one), _number(one["cached_calls"])) for one in used["models"]]
    print_table(("model", "calls", "prompt tokens", "completion tokens", "USD", "known already"), rows)
    rate = "" if used["usd_per_hour"] is None else f", {used['usd_per_hour']:,.4f} USD an hour"
    print(f"{used['state']}: {used['wall_s']:,.1f} s running, {used['cpu_s']:,.1f} s of processors{rate}")
    if used["estimate"] is not None:
        held = [
            (name, *(_number(one[end]) for end in ("low", "likely", "high", "actual")))
            for name, one in used["estimate"].items()
        ]
        print_table(("estimate", "low", "likely", "high", "actual"), held)
    return Exit.COMPLETED


async def _lines(client: RehearsalClient, by: UsageBy, since: str | None, until: str | None) -> list[JsonObject]:
    found: list[JsonObject] = []
    cursor: str | None = None
    while True:
        page = await client.usage(by, since=since, until=until, cursor=cursor)
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return found


def _figures(line: JsonObject) -> tuple[str, ...]:
    return tuple(_number(line[name]) for name in PARTS)


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.4f}" if isinstance(value, float) and not value.is_integer() else f"{value:,.0f}"
