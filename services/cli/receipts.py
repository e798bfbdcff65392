"""`rehearsal people margins | plan`: how far people are from every margin, and what a model planned them from."""

from rich.table import Table

from libs.contracts.base import JsonObject
from services.cli.exits import Exit
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.verdict import clean, console


async def show_margins(population_id: str, source: Source, *, as_json: bool) -> Exit:
    """Print the receipt of a population."""
    async with source.connect() as client:
        found = await client.margins(population_id)
    if as_json:
        print_json(found)
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


async def show_plan(population_id: str, source: Source, *, as_json: bool) -> Exit:
    """Print what a model planned for a population."""
    async with source.connect() as client:
        found = await client.plan(population_id)
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    output = console()
    output.print(f"Planned by {clean(found['model'])}; no statistics stand behind it.", markup=False)
    table = Table("dimension", "shares", "reason")
    for one in found["dimensions"]:
        shares = ", ".join(f"{value} {100 * share:.0f} %" for value, share in one["shares"].items())
        table.add_row(*map(clean, (one["name"], shares, one["reason"])))
    output.print(table, markup=False)
    for one in found["refused"]:
        output.print(f"Not drawn by: {clean(one['name'])}: {clean(one['why'])}", markup=False)
    return Exit.COMPLETED


def _margins(dimensions: list[JsonObject]) -> Table:
    table = Table("margin", "status", "largest error", "weighted", "source")
    for margin in dimensions:
        errors = (f"{100 * margin[name]:.2f}" for name in ("max_error", "max_error_weighted"))
        source = f"{margin['source']} ({margin['year']})"
        table.add_row(*map(clean, (margin["dimension"], margin["status"], *errors, source)))
    return table
