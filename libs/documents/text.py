"""A document as plain text: no markup left, structure kept by line breaks and indentation."""

from collections.abc import Iterator, Sequence

from libs.documents.blocks import Block, Code, Heading, Items, Paragraph, Quote, Rule, Spans, Table

INDENT = "    "


def to_text(blocks: Sequence[Block]) -> str:
    """The document, one empty line between blocks."""
    return "\n".join(_lines(blocks)).rstrip() + "\n"


def words(spans: Spans) -> str:
    """The words without their marks."""
    return "".join(span.text for span in spans)


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    for place, block in enumerate(blocks):
        if place:
            yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, spans):
            text = " ".join(words(spans).split())
            yield from (text, ("=" if level == 1 else "-") * len(text)) if level <= 2 else (text,)
        case Paragraph(spans):
            yield from words(spans).split("\n")
        case Code(text):
            yield from (f"{INDENT}{line}" for line in text.split("\n"))
        case Rule():
            yield "-" * 20
        case Quote(inner):
            yield from (f"> {line}".rstrip() for line in _lines(inner))
        case Items(start, items):
            yield from _items(start, items)
        case Table(rows):
            yield from _table([[" ".join(words(cell).split()) for cell in row] for row in rows])


def _items(start: int | None, items: Sequence[tuple[Block, ...]]) -> Iterator[str]:
    for place, item in enumerate(items):
        mark = "- " if start is None else f"{start + place}. "
        for number, line in enumerate(_lines(item) if item else [""]):
            yield f"{mark if not number else ' ' * len(mark)}{line}".rstrip()


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if not place:
            yield "  ".join("-" * width for width in widths)
