"""The report as PDF."""

from services.results.service.files.pdf.report import to_pdf

__all__ = ["to_pdf"]
