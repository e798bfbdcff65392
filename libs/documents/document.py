"""A document with its title and author, and its export in every format. The same document gives the same bytes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from libs.documents.blocks import read_markdown
from libs.documents.text import to_text


@dataclass(frozen=True, slots=True)
class Document:
    """Markdown with what is known of it; everything in it may come from a model."""

    title: str
    author: str
    markdown: str
    created_at: datetime | None = None

    @property
    def text(self) -> str:
        """The Markdown with its title on top, unless it begins with it."""
        first = self.markdown.lstrip().partition("\n")[0]
        if first.startswith("# ") and first[2:].strip().casefold() == self.title.strip().casefold():
            return self.markdown
        return f"# {' '.join(self.title.split())}\n\n{self.markdown}"


@dataclass(frozen=True, slots=True)
class Export:
    """A file: what it is, and what is in it."""

    media_type: str
    extension: str
    body: bytes


def _markdown(document: Document) -> bytes:
    return f"{document.text.rstrip()}\n".encode()


def _text(document: Document) -> bytes:
    return to_text(read_markdown(document.text)).encode()


def _json(document: Document) -> bytes:
    fields = asdict(document)
    fields["created_at"] = None if document.created_at is None else document.created_at.isoformat()
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()


def _html(document: Document) -> bytes:
    from libs.documents.html import to_html

    return to_html(document.title, document.author, read_markdown(document.text))


def _docx(document: Document) -> bytes:
    from libs.documents.docx import to_docx

    return to_docx(document.title, document.author, document.created_at, read_markdown(document.text))


_WRITERS: Mapping[str, tuple[str, Callable[[Document], bytes]]] = {
    "md": ("text/markdown; charset=utf-8", _markdown),
    "txt": ("text/plain; charset=utf-8", _text),
    "json": ("application/json", _json),
    "html": ("text/html; charset=utf-8", _html),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx),
}
formats = tuple(_WRITERS)


def export(document: Document, wanted: str) -> Export:
    """The document as a file. Raises `KeyError` for a format that is not among `formats`."""
    media_type, write = _WRITERS[wanted]
    return Export(media_type, wanted, write(document))
