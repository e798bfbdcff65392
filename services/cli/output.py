"""What commands print to stdout: rows in columns, JSON, or a line."""

import json
from collections.abc import Sequence


def print_table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under their columns; what came from outside stays text."""
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(clean, row))
    console().print(table, markup=False)


def print_json(value: object) -> None:
    """Print a value as JSON in one line."""
    print(json.dumps(value, ensure_ascii=False))


def print_one(document: object, line: str, *, as_json: bool) -> None:
    """Print the document as JSON, or the line that says the same."""
    if as_json:
        print_json(document)
    else:
        print(line)
