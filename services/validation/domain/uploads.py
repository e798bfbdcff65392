"""CSV files that people send: read strictly, column by column, as text; what a text means is for the metric to say."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

from pydantic import ValidationError

from libs.contracts.comparisons import MAX_VALUES, Columns, HumanAnswer, Value
from libs.contracts.errors import InvalidError

DELIMITERS = (",", ";", "\t")
WHO = ("person_id", "arm", "agent_id", "segment")
Table = Mapping[str, Sequence[str]]


def read_table(text: str, field: str = "csv") -> dict[str, list[str]]:
    """The columns by name; the delimiter is the one that the header has most of. Raises `InvalidError`."""
    content = text.removeprefix("\ufeff")
    header = content.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    try:
        rows = [row for row in csv.reader(StringIO(content), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise InvalidError(field, f"is not a CSV file: {error}") from error
    names = [name.strip() for name in rows[0]] if rows else []
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidError(field, f"has several columns named {repeated[0]!r}")
    if len(rows) < 2:
        raise InvalidError(field, "needs a header line and at least one more")
    if len(rows) - 1 > MAX_VALUES:
        raise InvalidError(field, f"has {len(rows) - 1:,} lines; at most {MAX_VALUES:,} can be taken")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise InvalidError(field, f"row {number} has {len(row)} cells, the header has {len(names)}")
    return {name: [row[place] for row in rows[1:]] for place, name in enumerate(names)}


def column_of(table: Table, name: str, field: str) -> Sequence[str]:
    """A column. Raises `InvalidError` with the names there are."""
    if name not in table:
        raise InvalidError(field, f"there is no column {name!r} in the CSV", tuple(table))
    return table[name]


def answers_in(table: Table, columns: Columns, field: str) -> list[Value]:
    """The answers in a column, or the rankings in one column of ranks per option."""
    if isinstance(columns, str):
        return list(column_of(table, columns, field))
    ranks = {option: column_of(table, name, field) for option, name in columns.items()}
    people = zip(*ranks.values(), strict=True)
    return [_ranking(list(ranks), [cell.strip() for cell in person]) for person in people]


def segments_in(table: Table, column: str | None, field: str) -> list[str | None] | None:
    """The segment of each line; empty cells are none."""
    return None if column is None else [cell.strip() or None for cell in column_of(table, column, field)]


def people_in(text: str) -> list[HumanAnswer]:
    """Answers of people, a line each. Raises `InvalidError` naming the column or the line."""
    table = read_table(text)
    column_of(table, "person_id", "csv")
    metrics = [name for name in table if name not in WHO]
    if not metrics:
        raise InvalidError("csv", f"has no column of a metric beside {', '.join(table)}")
    people = []
    for place in range(len(table["person_id"])):
        who = {name: table[name][place].strip() or None for name in WHO if name in table}
        answers = {name: table[name][place].strip() or None for name in metrics}
        try:
            people.append(HumanAnswer.model_validate({**who, "answers": answers}))
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidError("csv", f"row {place + 2}: {first['loc'][0]}: {first['msg']}") from error
    if twice := named_twice(people):
        first_row, row = (place + 2 for place in twice)
        raise InvalidError("csv", f"row {row}: person_id: {people[twice[1]].person_id!r} is in row {first_row} already")
    return people


def named_twice(people: Sequence[HumanAnswer]) -> tuple[int, int] | None:
    """The first two places of the same person; None where everybody is there once."""
    places: dict[str, int] = {}
    for place, person in enumerate(people):
        if (first := places.setdefault(person.person_id, place)) != place:
            return first, place
    return None


def _ranking(options: list[str], ranks: list[str]) -> Value:
    """Best first; ranks that are no permutation of 1 … k stay as they are and fit no metric."""
    if not any(ranks):
        return None
    if sorted(ranks) != sorted(str(rank) for rank in range(1, len(options) + 1)):
        return ["ranks", *ranks]
    return [option for _, option in sorted(zip(map(int, ranks), options, strict=True))]
