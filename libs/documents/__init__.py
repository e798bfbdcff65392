"""Documents that agents wrote, in the formats people read: Markdown, plain text, JSON, HTML, DOCX."""

from libs.documents.document import Document, export, formats

__all__ = ["Document", "export", "formats"]
