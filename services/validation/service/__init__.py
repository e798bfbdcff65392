"""Use cases of the validation service; the edge that calls them owns the transaction."""

from services.validation.service.validation import Validation

__all__ = ["Validation"]
