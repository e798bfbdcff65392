"""`rehearsal people margins`: how far the people of a population are from every margin, and where each comes from."""

import json

from rich.table import Table

from libs.contracts.base import JsonObject
from services.cli.exits import Exit
from services.cli.own import Source
from services.cli.verdict import clean, console


async def show_margins(population_id: str, source: Source, *, as_json: bool) -> Exit:
    """Print the receipt of a population."""
    async with source.connect() as client:
        found = await client.margins(population_id)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201
        return Exit.COMPLETED
    output, weights = console(), found["weights"]
    output.print(
        f"{found['size']:,} people of {clean(found['template'])}; errors are in percentage points.", markup=False
    )
    if found["eligibility"]:
        output.print(f"{100 * found['eligibility']['share']:.1f} % of its people are eligible.", markup=False)
    output.print(_margins(found["dimensions"]), markup=False)
    worth = f"Weighted, they are worth {weights['effective_n']:,.1f} people"
    covers = "" if weights["covers"] else "; some who are eligible had no chance to be drawn"
    output.print(f"{worth} (design effect {weights['design_effect']:.2f}){covers}.", markup=False)
    return Exit.COMPLETED


def _margins(dimensions: list[JsonObject]) -> Table:
    table = Table("margin", "status", "largest error", "weighted", "source")
    for margin in dimensions:
        errors = (f"{100 * margin[name]:.2f}" for name in ("max_error", "max_error_weighted"))
        source = f"{margin['source']} ({margin['year']})"
        table.add_row(*map(clean, (margin["dimension"], margin["status"], *errors, source)))
    return table
