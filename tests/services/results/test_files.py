"""Workbook, Parquet, records and PDF: the same rows, typed, never a formula, never without the evidence."""

import base64
import io
import json
import random
import re
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree

import pyarrow.parquet
import pytest

from services.results.domain.export import Document
from services.results.domain.gathered import MOST_VOICES, Gathering
from services.results.domain.people import people_of
from services.results.domain.records import Turn
from services.results.domain.rows import Outline
from services.results.service.files.columnar import GROUP, ParquetRows
from services.results.service.files.contents import Contents, RowWriter
from services.results.service.files.lines import CsvRows, JsonLines, Records
from services.results.service.files.pdf import to_pdf
from services.results.service.files.pdf.letters import FONT, plain, runs
from services.results.service.files.spreadsheet import XlsxRows
from tests.services.results import build
from tests.services.results.test_plots import repeated
from tests.services.results.told import Told, file_of, findings

WRITERS = [CsvRows, JsonLines, Records, XlsxRows, ParquetRows]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULA = '=HYPERLINK("http://evil.example","click")'


def campaign() -> Told:
    return findings(*build.campaign(failures=2))


def nasty() -> Told:
    study, turns = build.campaign()
    turns[0] = replace(turns[0], response=FORMULA, name="http://evil.example")
    return findings(study, turns)


def part(body: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return ElementTree.fromstring(book.read(name))


def sheet_names(body: bytes) -> list[str]:
    return [sheet.attrib["name"] for sheet in part(body, "xl/workbook.xml").iter(f"{SHEET}sheet")]


def strings(body: bytes) -> list[str]:
    """The texts of all sheets."""
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    return ["".join(item.itertext()) for name in sheets for item in part(body, name).iter(f"{SHEET}is")]


def streams(body: bytes) -> list[bytes]:
    """Everything packed in a PDF: drawing instructions, typefaces, tables of letters."""
    packed = re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL)
    plain = [base64.a85decode(raw.strip()[:-2]) if raw.strip().endswith(b"~>") else raw for raw in packed]
    return [zlib.decompressobj().decompress(raw) for raw in plain]


def pages(body: bytes) -> list[bytes]:
    """The words of each page, a line break as a space."""
    return [b" ".join(re.findall(rb"\((.*?)\) Tj", drawn)) for drawn in streams(body) if b" Tf " in drawn]


def test_a_workbook_has_evidence_estimates_comparisons_and_a_row_for_each_response() -> None:
    body = file_of(XlsxRows, campaign())
    assert sheet_names(body) == ["evidence", "estimates", "comparisons", "responses"]
    assert len(list(part(body, "xl/worksheets/sheet4.xml").iter(f"{SHEET}row"))) == 126
    assert campaign().evidence.caveat in strings(body)


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    body = file_of(XlsxRows, nasty())
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
        assert not [name for name in sheets if name.endswith(".rels")]
    assert not [cell for name in sheets for cell in part(body, name).iter(f"{SHEET}f")]
    assert FORMULA in strings(body)


def test_records_are_what_a_data_frame_takes() -> None:
    records = json.loads(file_of(Records, campaign()))
    assert len(records) == 125
    assert len({tuple(record) for record in records}) == 1
    answered = next(record for record in records if record["status"] == "answered")
    assert isinstance(answered["open_rate"], bool)
    assert isinstance(answered["purchase_intent"], int | float)
    assert (answered["evidence_grade"], answered["simulated"]) == ("C", True)


def test_parquet_columns_have_types_and_the_file_says_what_it_is_worth() -> None:
    table = pyarrow.parquet.read_table(io.BytesIO(file_of(ParquetRows, campaign())))
    assert table.num_rows == 125
    assert str(table.schema.field("open_rate").type) == "bool"
    assert str(table.schema.field("purchase_intent").type) == "double"
    assert str(table.schema.field("response").type) == "string"
    assert table.schema.metadata[b"evidence_grade"] == b"C"
    assert table.column("caveat")[0].as_py() == campaign().evidence.caveat


def test_workbook_parquet_and_pdf_say_who_was_simulated() -> None:
    study, turns = build.campaign()
    people = people_of(build.ready(build.makeup("=1+1 of diabetics")))
    found = findings(replace(study, people=people), turns)
    book = file_of(XlsxRows, found)
    texts = strings(book)
    assert {"Customers", "not understood: families", "of diabetics", "60 people: =1+1 of diabetics"} <= set(texts)
    kept = pyarrow.parquet.read_table(io.BytesIO(file_of(ParquetRows, found))).schema.metadata[b"population"]
    assert json.loads(kept) == people.model_dump(mode="json")
    assert b"Not understood, so nobody was drawn by it" in b" ".join(pages(to_pdf(found)))
    assert b"Not understood" not in b" ".join(pages(to_pdf(campaign())))


def test_a_column_of_several_kinds_is_one_of_texts() -> None:
    study, turns = build.campaign()
    turns[0] = replace(turns[0], demographic_profile={"age": "unknown"})
    table = pyarrow.parquet.read_table(io.BytesIO(file_of(ParquetRows, findings(study, turns))))
    assert str(table.schema.field("profile.age").type) == "string"


@pytest.mark.parametrize("make", WRITERS)
def test_a_simulation_without_an_answer_can_be_exported(make: Callable[[Contents], RowWriter]) -> None:
    study, _ = build.campaign()
    nothing = findings(study, [], "running")
    assert file_of(make, nothing) or make is JsonLines
    assert to_pdf(nothing)


@pytest.mark.parametrize("make", WRITERS)
def test_the_same_findings_give_the_same_bytes_however_few_are_read_at_once(
    make: Callable[[Contents], RowWriter],
) -> None:
    assert file_of(make, campaign()) == file_of(make, campaign(), at_once=7)


def test_the_same_findings_give_the_same_pdf() -> None:
    assert to_pdf(campaign()) == to_pdf(campaign())


@pytest.mark.parametrize("make", WRITERS)
def test_a_file_of_many_rows_is_never_in_memory_as_a_whole(make: Callable[[Contents], RowWriter]) -> None:
    assert most_in_memory(make, portions=16) < most_in_memory(make, portions=8) + 2_000_000, "of 8 MB more"


def most_in_memory(make: Callable[[Contents], RowWriter], portions: int) -> int:
    """Bytes at most while a file of so many portions is written."""
    study, turns = build.campaign()
    found = findings(study, turns)
    outline = Outline(study, {})
    outline.add(turns)
    table = outline.table(found.evidence)
    with closing(make(Contents(study, found.state, found.analysis, table))) as writer:

        def write() -> None:
            for portion in long_answers(turns, portions):
                writer.add(table.rows(portion))
            for _ in writer.end():
                pass

        return peak_of(write)


def long_answers(turns: Sequence[Turn], portions: int) -> Iterator[Iterator[Turn]]:
    """Portions of 125 responses of 8,000 letters each."""
    draw = random.Random(3)
    for _ in range(portions):
        yield (replace(turn, response=draw.randbytes(4_000).hex()) for turn in turns)


def peak_of(write: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        write()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_json_document_is_never_in_memory_as_a_whole() -> None:
    study, turns = build.campaign()
    document = Document(findings(study, turns), {})

    def most(portions: int) -> int:
        return peak_of(lambda: [len(document.add(portion)) for portion in long_answers(turns, portions)])

    assert most(16) < most(8) + 2_000_000, "of 8 MB more"


def test_what_reports_quote_is_spread_evenly_and_stays_small_however_many_answered() -> None:
    gathering = Gathering()
    for place in range(1_000):
        gathering.add(build.turn(place, arm, {}, response=f"I said {place}.") for arm in "ab")
    found = gathering.gathered()
    own = [turn.agent_id for turn in found.voices if turn.arm == "a"]
    assert MOST_VOICES / 2 <= len(own) <= MOST_VOICES
    assert own == [f"agent_{place:04d}" for place in range(0, 1_000, 16)]
    assert (found.usage.calls, found.models, found.failures) == (2_000, ("offline",), {})


def test_parquet_has_groups_of_rows() -> None:
    study, turns = build.campaign()
    found = findings(study, turns)
    outline = Outline(study, {})
    outline.add(turns)
    table = outline.table(found.evidence)
    with closing(ParquetRows(Contents(study, found.state, found.analysis, table))) as writer:
        for _ in range(GROUP // 125 + 1):
            writer.add(table.rows(turns))
        file = pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(writer.end())))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [GROUP, 125]


def test_json_lines_and_records_are_the_same_objects() -> None:
    lines = [json.loads(line) for line in file_of(JsonLines, campaign()).splitlines()]
    assert lines == json.loads(file_of(Records, campaign()))


def test_every_page_of_the_pdf_has_grade_and_caveat_at_its_foot() -> None:
    body = to_pdf(campaign())
    assert body.startswith(b"%PDF-")
    shown = pages(body)
    assert len(shown) == body.count(b"/Type /Page\n")
    assert len(shown) > 1
    assert all(b"evidence grade C, effective n 0" in one for one in shown)
    assert all(b"nothing about real people; use it to rehearse" in one for one in shown)


def test_what_the_pdf_has_no_room_for_is_said() -> None:
    arms = tuple(f"arm-{n}" for n in range(12))
    asked = [build.instrument("order", "ranking", options=tuple(f"o{n}" for n in range(20)), role="primary")]
    study = build.study(build.plan(arms, asked, dict.fromkeys(arms, 2)))
    turns = [build.turn(n, arms[n % 12], {"order": asked[0].options[:: 1 if n % 2 else -1]}) for n in range(24)]
    shown = b" ".join(pages(to_pdf(findings(study, turns))))
    assert b"200 of 220 comparisons are shown here; the other formats have all of them." in shown
    assert b"200 of 240 estimates" in shown


def letters(body: bytes) -> set[str]:
    """The letters that the typefaces in the file say they have: what can be read, searched and copied."""
    found: set[str] = set()
    for stream in streams(body):
        if b"beginbfrange" in stream or b"beginbfchar" in stream:
            found |= {chr(int(code, 16)) for code in re.findall(rb"<([0-9A-Fa-f]{4})>", stream)}
    return found


@pytest.mark.parametrize(
    "words", ["Zażółć gęślą jaźń", "Ποιο προϊόν θα αγοράζατε;", "Съешь ещё этих мягких булок", "Chạy thử nghiệm"]
)
def test_latin_greek_and_cyrillic_letters_are_in_the_pdf_with_their_typeface(words: str) -> None:
    study, turns = build.campaign()
    assert study.plan is not None
    body = to_pdf(findings(replace(study, plan=study.plan.model_copy(update={"name": words})), turns))
    assert b"FiraSans-Bold" in body
    assert b"/FontFile2" in body
    assert set(words) <= letters(body)
    assert plain(words) == words


def test_east_asian_letters_are_set_in_what_readers_bring_and_others_are_question_marks() -> None:
    assert list(runs("Rehearsal 試演")) == [(FONT, "Rehearsal "), ("STSong-Light", "試演")]
    assert [font for font, _ in runs("日本語のテスト")] == ["HeiseiKakuGo-W5"]
    assert [font for font, _ in runs("한국어")] == ["HYGothic-Medium"]
    assert plain("سلام / שלום / नमस्ते / สวัสดี") == "???? / ???? / ?????? / ??????"


def test_time_series_survival_stages_and_associations_are_drawn_in_the_pdf() -> None:
    study, turns = repeated()
    shown = b" ".join(pages(to_pdf(findings(study, turns))))
    for title in (b"Over time", b"Time until it happens", b"What goes with who people are", b"along the funnel"):
        assert title in shown


def test_what_somebody_said_cannot_become_markup_of_the_pdf() -> None:
    study, turns = build.campaign()
    assert study.plan is not None
    named = study.plan.model_copy(update={"name": "<b>A & B</b> <img src='http://evil.example/x.png'/> 日本"})
    assert to_pdf(findings(replace(study, plan=named), turns)).startswith(b"%PDF-")
