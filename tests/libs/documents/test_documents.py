"""Documents of agents in every format: what they say is there, what they try is not."""

import io
import json
import re
import time
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.documents import Document, export, formats

TEXT = """\
Intro with **strong**, *em*, ~~gone~~ and `code`.

## Findings & more

1. First
   - nested *item*
2. Second

> Somebody said
> this.

| Price | Who |
|-------|-----|
| 3 < 5 | **Ann** |

```
x = 1
  y
```

---

See [our page](https://example.org/a) and ![a chart](https://evil.example/p.png).
"""
HOSTILE = """\
<script>alert(1)</script> <img src=x onerror=alert(1)> <style>*{display:none}</style>

[click](javascript:alert(1)) [data](data:text/html,x) <https://evil.example> ![x](https://evil.example/p.png)

<iframe src="https://evil.example"></iframe>

&lt;b&gt; \u202e right to left
"""
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def document(markdown: str = TEXT, title: str = "Report") -> Document:
    return Document(title, "Mira Kovačová", markdown, AT)


def exported(wanted: str, markdown: str = TEXT, title: str = "Report") -> bytes:
    return export(document(markdown, title), wanted).body


class Tags(HTMLParser):
    """Elements and attributes of a page, and its words."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def names(self) -> set[str]:
        return {name for name, _ in self.found}


def word(markdown: str = TEXT, title: str = "Report") -> "docx.document.Document":
    return docx.Document(io.BytesIO(exported("docx", markdown, title)))


def test_markdown_has_the_title_on_top_once() -> None:
    assert exported("md") == f"# Report\n\n{TEXT}".encode()
    assert exported("md", "# report\n\nText") == b"# report\n\nText\n"


def test_plain_text_keeps_the_structure_without_the_marks() -> None:
    assert (
        exported("txt").decode()
        == """\
Report
======

Intro with strong, em, gone and code.

Findings & more
---------------

1. First

   - nested item
2. Second

> Somebody said this.

Price  Who
-----  ---
3 < 5  Ann

    x = 1
      y

--------------------

See our page (https://example.org/a) and a chart.
"""
    )


def test_json_says_what_is_known_of_the_document() -> None:
    assert json.loads(exported("json")) == {
        "title": "Report", "author": "Mira Kovačová", "markdown": TEXT, "created_at": "2026-01-05T09:00:00+00:00",
    }  # fmt: skip


def test_a_page_has_real_elements_and_asks_for_nothing() -> None:
    page = exported("html")
    tags = Tags(page)
    assert {"h1", "h2", "ol", "ul", "blockquote", "table", "th", "td", "pre", "hr", "strong", "em", "s"} <= tags.names()
    assert "3 < 5" in tags.words
    assert "our page (https://example.org/a)" in tags.words
    assert b"Mira Kova" in page
    assert not [attributes for _, attributes in tags.found if attributes.keys() & {"src", "href"}]
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" in [
        attributes.get("content") for _, attributes in tags.found
    ]


def test_a_word_file_has_real_headings_lists_tables_and_emphasis() -> None:
    file = word()
    styles = [(paragraph.style.name, paragraph.text) for paragraph in file.paragraphs]
    assert styles[0] == ("Heading 1", "Report")
    assert ("Heading 2", "Findings & more") in styles
    assert ("List Number", "First") in styles
    assert ("List Bullet 2", "nested item") in styles
    assert ("Intense Quote", "Somebody said this.") in styles
    runs = {run.text: run for paragraph in file.paragraphs for run in paragraph.runs}
    assert (runs["strong"].bold, runs["em"].italic, runs["gone"].font.strike) == (True, True, True)
    assert runs["code"].font.name == "Courier New"
    [table] = file.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Price", "Who"], ["3 < 5", "Ann"]]
    assert (file.core_properties.title, file.core_properties.author) == ("Report", "Mira Kovačová")


def test_every_numbered_list_of_a_word_file_counts_from_its_own_start() -> None:
    file = word("1. a\n2. b\n\nBetween.\n\n5. c\n6. d\n")
    numbers = [
        paragraph._p.pPr.numPr.numId.val for paragraph in file.paragraphs if paragraph.style.name == "List Number"
    ]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]
    numbering = file.part.numbering_part.element
    starts = [numbering.num_having_numId(number).lvlOverride_lst[0].startOverride.val for number in numbers]
    assert starts == [1, 1, 5, 5]


@pytest.mark.parametrize("markdown", [TEXT, HOSTILE])
def test_nothing_in_a_word_file_points_outside_of_it(markdown: str) -> None:
    with zipfile.ZipFile(io.BytesIO(exported("docx", markdown))) as file:
        relations = b"".join(file.read(name) for name in file.namelist() if name.endswith(".rels"))
        assert b"External" not in relations
        assert b"evil.example" not in relations
        assert not [name for name in file.namelist() if "vba" in name.lower() or "embeddings" in name]


def test_what_is_hostile_is_words_on_a_page() -> None:
    tags = Tags(exported("html", HOSTILE, "<script>title</script>"))
    assert not tags.names() & {"script", "img", "iframe", "a", "object", "link"}
    assert [name for name, _ in tags.found].count("style") == 1
    assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in tags.words
    assert "\u202e" not in tags.words


@pytest.mark.parametrize("wanted", formats)
def test_the_same_document_gives_the_same_bytes(wanted: str) -> None:
    first = exported(wanted)
    time.sleep(2.1 if wanted == "docx" else 0)  # zip files date their parts to two seconds
    assert exported(wanted) == first


ODD = ["", "\x00\x0b\ud7ff", "> " * 90 + "x", "- " * 90 + "x", "|a|\n|-|\n" + "|b|" * 50, "1. x\n" * 300]


@pytest.mark.parametrize("wanted", formats)
@pytest.mark.parametrize("markdown", ODD)
def test_every_text_is_a_document(wanted: str, markdown: str) -> None:
    assert exported(wanted, markdown, "\x00 \n# x")


@given(st.text(max_size=200))
def test_whatever_is_written_every_format_can_be_made(markdown: str) -> None:
    page = Tags(exported("html", markdown.encode("utf-8", "replace").decode()))
    assert not page.names() & {"script", "img", "a"}
    for wanted in ("txt", "md", "json"):
        assert exported(wanted, markdown.encode("utf-8", "replace").decode())


def test_words_of_the_text_come_through_in_every_format() -> None:
    words = set(re.findall(r"[A-Za-z]{4,}", TEXT)) - {"https", "evil", "example"}
    shown = {
        "txt": exported("txt").decode(),
        "html": Tags(exported("html")).words,
        "docx": " ".join(
            [paragraph.text for paragraph in word().paragraphs]
            + [cell.text for table in word().tables for row in table.rows for cell in row.cells]
        ),
    }
    for wanted, text in shown.items():
        assert not [name for name in words if name not in text], wanted
