"""A document as a tree, read from Markdown: what every format is written from.

The text is an agent's or a model's, so nothing in it is trusted: raw HTML is text, images are their description, and an
address stands beside the words of its link instead of behind them, where nobody would see it. Nesting is bounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Mark = Literal["strong", "em", "s", "code"]
_MARKS: dict[str, Mark] = {"strong": "strong", "em": "em", "s": "s"}
_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Span:
    """Words with the same marks; a line break within a paragraph is the text "\\n"."""

    text: str
    marks: frozenset[Mark] = frozenset()


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the highest."""

    level: int
    spans: Spans


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Code:
    """Text whose spaces and line breaks count."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody else said."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `start` is the first number, None for a list without numbers."""

    start: int | None
    items: "tuple[tuple[Block, ...], ...]"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells of the same number; the first row is the head."""

    rows: tuple[tuple[Spans, ...], ...]


Block = Heading | Paragraph | Code | Rule | Quote | Items | Table


def read_markdown(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text. Every text is one: what is no markup is words."""
    return _Reader(_PARSER.parse(text)).blocks()


@dataclass(slots=True)
class _Reader:
    """Walks over the flat tokens of the parser."""

    tokens: Sequence[Token]
    place: int = 0

    def blocks(self, until: str = "") -> tuple[Block, ...]:
        """Blocks up to a closing token."""
        found: list[Block] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if token.type == until:
                break
            found += self._block(token)
        return tuple(found)

    def _block(self, token: Token) -> Iterator[Block]:
        match token.type:
            case "heading_open":
                yield Heading(int(token.tag[1]), self._inline("heading_close"))
            case "paragraph_open":
                if spans := self._inline("paragraph_close"):
                    yield Paragraph(spans)
            case "fence" | "code_block" | "html_block":
                yield Code(token.content.rstrip("\n"))
            case "hr":
                yield Rule()
            case "blockquote_open":
                yield Quote(self.blocks("blockquote_close"))
            case "bullet_list_open":
                yield Items(None, tuple(self._items("bullet_list_close")))
            case "ordered_list_open":
                yield Items(int(token.attrGet("start") or 1), tuple(self._items("ordered_list_close")))
            case "table_open":
                yield Table(tuple(self._rows()))

    def _items(self, until: str) -> Iterator[tuple[Block, ...]]:
        while (token := self._next()).type != until:
            if token.type == "list_item_open":
                yield self.blocks("list_item_close")

    def _rows(self) -> Iterator[tuple[Spans, ...]]:
        row: list[Spans] = []
        while (token := self._next()).type != "table_close":
            if token.type == "inline":
                row.append(tuple(_spans(token.children or [])))
            elif token.type == "tr_close":
                yield tuple(row)
                row = []

    def _inline(self, until: str) -> Spans:
        spans: list[Span] = []
        while (token := self._next()).type != until:
            spans += _spans(token.children or [])
        return tuple(spans)

    def _next(self) -> Token:
        token = self.tokens[self.place]
        self.place += 1
        return token


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    marks: list[Mark] = []
    links: list[tuple[str, list[str]]] = []
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in _MARKS:
            marks.append(_MARKS[kind]) if token.nesting > 0 else marks.remove(_MARKS[kind])
        elif token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), []))
        elif token.type == "link_close":
            address, words = links.pop()
            if address and address not in "".join(words):
                yield Span(f" ({address})", frozenset(marks))
        elif text := "\n" if token.type == "hardbreak" else " " if token.type == "softbreak" else token.content:
            for _, words in links:
                words.append(text)
            yield Span(text, frozenset([*marks, "code"] if token.type == "code_inline" else marks))
