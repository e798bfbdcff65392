"""Files that commands write by themselves."""

import csv
import io

import pytest

from services.cli.files import csv_of


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_text_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    evil = f"{start}1+1"
    [row] = csv.reader(io.StringIO(csv_of([(evil, "label")]).decode(), newline=""))
    assert row == [f"'{evil}", "label"]
