"""`rehearsal pause | resume | cancel | budget`: deciding over a simulation that runs."""

from typing import Literal

from libs.client.progress import TERMINAL
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, say
from services.cli.output import print_one
from services.cli.own import Source

UNITS = {"cost_usd": "USD", "tokens": "tokens", "calls": "calls"}


async def control(
    simulation_id: str, what: Literal["pause", "resume", "cancel"], source: Source, *, as_json: bool
) -> Exit:
    """Have a simulation paused, resumed or cancelled, and print its state."""
    async with source.connect() as client:
        status = await {"pause": client.pause, "resume": client.resume, "cancel": client.cancel}[what](simulation_id)
        balance = await client.budget(simulation_id) if what == "resume" else None
    print_one(status, status["state"], as_json=as_json)
    if what == "cancel" and status["state"] in TERMINAL - {"cancelled"}:
        say(f"It was {status['state']} before: nothing was cancelled.")
    if balance is not None:
        _say_what_is_used_up(balance)
    return Exit.COMPLETED


async def budget(simulation_id: str, changes: JsonObject, source: Source, *, as_json: bool) -> Exit:
    """Print what a simulation may spend, after changing it if asked to."""
    async with source.connect() as client:
        if changes:
            balance = await client.set_budget(simulation_id, changes)
        else:
            balance = await client.budget(simulation_id)
    print_one(balance, _lines(balance), as_json=as_json)
    if changes:
        _say_what_is_used_up(balance)
    return Exit.COMPLETED


def _say_what_is_used_up(balance: JsonObject) -> None:
    """It pauses again, or stays so, at a cap that is spent."""
    for name, unit in UNITS.items():
        cap, spent = balance["cap"][name], balance["spent"][name]
        if cap is not None and spent >= cap:
            say(f"{_number(spent)} {unit} are spent of {_number(cap)}: it is paused until a higher cap is given.")


def _lines(balance: JsonObject) -> str:
    rows = [(unit, balance["spent"][name], balance["cap"][name]) for name, unit in UNITS.items()]
    spent = [
        f"{_number(used)} of {'any number of' if cap is None else _number(cap)} {unit}" for unit, used, cap in rows
    ]
    return "\n".join([balance["state"], *spent])


def _number(value: float) -> str:
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}"
