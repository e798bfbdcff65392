"""Rows in columns, as the commands print them."""

from collections.abc import Sequence


def print_table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under their columns; what came from outside stays text."""
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(clean, row))
    console().print(table, markup=False)
