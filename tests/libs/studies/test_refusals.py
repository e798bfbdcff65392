"""Whatever is wrong with a study is told by its field, in words of the person who wrote it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.studies import examine, read

EXAMPLE = Path("examples/email_ab.yaml").read_text()
Change = Callable[[dict[str, Any]], object]


def put(value: object, *place: str | int) -> Change:
    """Have this value at a place of a study."""

    def change(study: dict[str, Any]) -> None:
        part: Any = study
        for name in place[:-1]:
            part = part[name]
        part[place[-1]] = value

    return change


FIELDS = "should be fields with their values"
QUOTED = "should be text: put it in quotes"
METRIC = ("intervention", "success_metrics", 0)
OWN = {"name": "own", "type": "ordinal", "question": "How much?", "scale": "1-7"}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (put("just text", "intervention", "variants", 1), "intervention.variants.1", FIELDS),
        (put(None, "intervention", "variants", 1), "intervention.variants.1", FIELDS),
        (put(1230, "intervention", "variants", 0, "timing"), "intervention.variants.0.timing", QUOTED),
        (put([], "intervention", "variants"), "intervention.variants", "needs at least 1; there are 0"),
        (put("families", "population", "segments", 1), "population.segments.1", FIELDS),
        (put(3, *METRIC), "intervention.success_metrics.0", FIELDS),
        (put(OWN, *METRIC), "intervention.success_metrics.0.scale", "should be a list, such as [1, 7]"),
        (put({"a": 1}, "name"), "name", "input should be a valid string"),
        (put("", "name"), "name", "is empty"),
        (put([], "intervention"), "intervention", FIELDS),
        (put("x", "population"), "population", FIELDS),
    ],
)
def test_what_is_no_study_names_its_field(change: Change, field: str, message: str) -> None:
    study = yaml.safe_load(EXAMPLE)
    change(study)
    found = examine(study)
    assert found.spec is None
    assert [(one.field, one.message) for one in found.errors] == [(field, message)]


def test_a_place_is_found_by_the_number_or_the_name_of_an_item() -> None:
    file = read(EXAMPLE.encode())
    lines = EXAMPLE.splitlines()
    for place in ("intervention.variants.1.content", "intervention.variants.rational_appeal.content"):
        assert lines[file.line_of(place) - 1].strip().startswith("content:"), place
        assert "rational_appeal" in "".join(lines[file.line_of(place) - 3 : file.line_of(place)]), place
    assert lines[file.line_of("intervention.variants.nobody") - 1].strip() == "variants:"
