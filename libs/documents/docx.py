"""A document as a Word file: real headings, lists, tables and emphasis, and nothing that points outside of the file.

The bytes depend on the document alone: times are fixed, and so is the order of the parts.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import docx
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph as WordParagraph

from libs.documents.blocks import Block, Code, Heading, Items, Paragraph, Quote, Rule, Spans, Table

EPOCH = datetime(2000, 1, 1)
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
DEEPEST_LIST = 3
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_docx(title: str, author: str, created_at: datetime | None, blocks: Sequence[Block]) -> bytes:
    """The file."""
    word = docx.Document()
    _describe(word, title, author, created_at)
    _Writer(word).write(blocks)
    stream = io.BytesIO()
    word.save(stream)
    return _without_times(stream)


def _describe(word: WordDocument, title: str, author: str, created_at: datetime | None) -> None:
    properties, at = word.core_properties, (created_at or EPOCH).replace(tzinfo=None)
    properties.title, properties.author, properties.comments = _text(title)[:255], _text(author)[:255], ""
    properties.last_modified_by, properties.created, properties.modified = "", at, at


class _Look(NamedTuple):
    """How a paragraph looks: a style of Word's, and which numbering it counts in."""

    style: str = "Normal"
    numbering: int | None = None


PLAIN, QUOTED, CONTINUED = _Look(), _Look("Intense Quote"), _Look("List Continue")


class _Writer:
    """Adds blocks to a document; within lists and quotes by the styles Word has for them."""

    def __init__(self, word: WordDocument) -> None:
        self._word = word
        self._style_ids = {style.name: style.style_id for style in word.styles}

    def write(self, blocks: Sequence[Block], look: _Look = PLAIN) -> None:
        for block in blocks:
            self._block(block, look)

    def _block(self, block: Block, look: _Look) -> None:
        match block:
            case Heading(level, spans):
                _fill(self._paragraph(_Look(f"Heading {level}")), spans)
            case Paragraph(spans):
                _fill(self._paragraph(look), spans)
            case Code(text):
                _code(self._paragraph(look), text)
            case Rule():
                _line(self._paragraph(PLAIN))
            case Quote(inner):
                self.write(inner, QUOTED)
            case Items():
                self._items(block, 1)
            case Table(rows):
                self._table(rows)

    def _paragraph(self, look: _Look) -> WordParagraph:
        """A new paragraph. Its style is set by id: by name the library would search all styles each time."""
        paragraph = self._word.add_paragraph()
        paragraph._p.style = self._style_ids[look.style]
        if look.numbering is not None:
            numbered = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            numbered.get_or_add_ilvl().val = 0
            numbered.get_or_add_numId().val = look.numbering
        return paragraph

    def _items(self, block: Items, depth: int) -> None:
        style = "List Bullet" if block.start is None else "List Number"
        name = style if depth == 1 else f"{style} {min(depth, DEEPEST_LIST)}"
        look = _Look(name, None if block.start is None else self._numbering(name, block.start))
        for item in block.items:
            for place, part in enumerate(item):
                if isinstance(part, Items):
                    self._items(part, depth + 1)
                else:
                    self._block(part, CONTINUED if place else look)

    def _numbering(self, style: str, start: int) -> int:
        """A numbering of its own for one list, or it would go on counting where the last one ended."""
        numbering = self._word.part.numbering_part.element
        of_style = self._word.styles[style].element.pPr.numPr.numId.val
        number = numbering.add_num(numbering.num_having_numId(of_style).abstractNumId.val)
        number.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(number.numId)

    def _table(self, rows: Sequence[Sequence[Spans]]) -> None:
        table = self._word.add_table(rows=len(rows), cols=len(rows[0]))
        table._tbl.tblStyle_val = self._style_ids["Table Grid"]
        for row, cells in zip(rows, table.rows, strict=True):
            for spans, cell in zip(row, cells.cells, strict=True):
                _fill(cell.paragraphs[0], spans, is_bold=row is rows[0])


def _fill(paragraph: WordParagraph, spans: Spans, *, is_bold: bool = False) -> None:
    for span in spans:
        run = paragraph.add_run(_text(span.text))
        run.bold = True if is_bold or "strong" in span.marks else None
        run.italic = True if "em" in span.marks else None
        run.font.strike = True if "s" in span.marks else None
        if "code" in span.marks:
            run.font.name = "Courier New"


def _code(paragraph: WordParagraph, text: str) -> None:
    run = paragraph.add_run(_text(text))
    run.font.name, run.font.size = "Courier New", Pt(9)


def _line(paragraph: WordParagraph) -> None:
    """A border under an empty paragraph."""
    border, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        bottom.set(qn(f"w:{name}"), value)
    border.append(bottom)
    paragraph._p.get_or_add_pPr().append(border)


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _without_times(stream: io.BytesIO) -> bytes:
    """The same parts, dated alike."""
    result = io.BytesIO()
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, ZIP_TIME), source.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()
