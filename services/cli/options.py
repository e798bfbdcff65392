"""Options that several commands share. Imports nothing that costs time: `--help` must answer at once."""

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from libs.contracts.base import JsonObject
    from services.cli.own import Source

CODES = """Exit codes: 0 completed · 1 the run failed · 2 invalid study or usage · 3 platform not reachable ·
4 refused by the platform · 130 interrupted"""
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="REHEARSAL_URL", help="The platform.", show_default="http://127.0.0.1:8000"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Only JSON on stdout.")]
SimulationId = Annotated[str, typer.Argument(metavar="SIM", help="Id of a simulation, as `rehearsal ls` shows it.")]
PopulationId = Annotated[str, typer.Argument(metavar="POPULATION", help="Id of a population.")]
Usd = Annotated[float | None, typer.Option(min=0, help="The most it may cost, in USD.")]
Tokens = Annotated[int | None, typer.Option(min=0, help="The most tokens, of prompts and replies.")]
Calls = Annotated[int | None, typer.Option(min=0, help="The most calls of a model.")]
Data = Annotated[Path, typer.Option(help="Where an own platform keeps its data.")]
DATA = Path("runs/.platform")
own_key: ContextVar[str | None] = ContextVar("own_key", default=None)
"""The key of who runs the command: `rehearsal --key`, better REHEARSAL_KEY, which no list of processes shows."""


def capped(usd: float | None, tokens: int | None, calls: int | None) -> "JsonObject":
    """The caps of a budget that were given."""
    given = {"cost_usd": usd, "tokens": tokens, "calls": calls}
    return {name: cap for name, cap in given.items() if cap is not None}


def source_of(url: str | None, data: Path = DATA, *, own: bool = False, starts: bool = False) -> "Source":
    """The platform a command works with."""
    from services.cli.own import Source

    return Source(url=url, data=data, own=own, starts=starts, key=own_key.get())
