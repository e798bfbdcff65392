"""A document as a page that needs nothing but itself. Only `libs.pages` writes markup, so nothing else can be in it."""

from collections.abc import Sequence

from libs.documents.blocks import Block, Code, Heading, Items, Paragraph, Quote, Rule, Span, Spans, Table
from libs.pages.document import document
from libs.pages.markup import EMPTY, Html, join, tag

ORDER = ("code", "s", "em", "strong")
_TAGS = {"code": "code", "s": "s", "em": "em", "strong": "strong"}


def to_html(title: str, author: str, blocks: Sequence[Block]) -> bytes:
    """The page; the author stands under the first heading."""
    by = tag("p", author, class_="author") if author else EMPTY
    content = [_block(block) for block in blocks]
    return document(title, tag("article", *content[:1], by, *content[1:], class_="prose"), prose=True)


def _block(block: Block) -> Html:
    match block:
        case Heading(level, spans):
            return tag(f"h{level}", *_inline(spans))
        case Paragraph(spans):
            return tag("p", *_inline(spans))
        case Code(text):
            return tag("pre", tag("code", text))
        case Rule():
            return tag("hr")
        case Quote(inner):
            return tag("blockquote", *map(_block, inner))
        case Items(start, items):
            parts = [tag("li", *map(_block, item)) for item in items]
            return tag("ul", *parts) if start is None else tag("ol", *parts, start=start)
        case Table(rows):
            head, *others = rows
            return tag("table", _row("th", head), *(_row("td", row) for row in others))


def _row(cell: str, row: Sequence[Spans]) -> Html:
    return tag("tr", *(tag(cell, *_inline(spans)) for spans in row))


def _inline(spans: Spans) -> list[Html]:
    return [_span(span) for span in spans]


def _span(span: Span) -> Html:
    html = tag("br") if span.text == "\n" else join(span.text)
    for mark in ORDER:
        if mark in span.marks:
            html = tag(_TAGS[mark], html)
    return html
