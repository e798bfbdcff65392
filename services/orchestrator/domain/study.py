"""A study as it is kept: an editable draft, and versions of it that never change.

What is kept is the file itself, byte for byte, with its comments; what it means is read from it. A run is always of a
version, so what was run can be read again whatever becomes of the draft.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from libs.contracts.base import JsonObject
from libs.studies import StudyFile, read


@dataclass(frozen=True, slots=True)
class Source:
    """A study file."""

    media: str
    source: str

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def read(self) -> StudyFile:
        """What it says; it was valid when it was kept."""
        return read(self.source.encode(), self.media)


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; it never changes."""

    study_id: str
    version: int
    published_at: datetime
    file: Source


@dataclass(frozen=True, slots=True)
class Study:
    """The draft, and how many versions there are; the newest has the greatest number."""

    study_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    version: int
    file: Source

    def edited(self, file: StudyFile, now: datetime) -> "Study":
        """With another draft."""
        return replace(self, name=file.spec.name, updated_at=now, file=Source(file.media, file.text))


def document_of(file: StudyFile) -> JsonObject:
    """The study as JSON: what the file says and nothing that it leaves out."""
    return file.spec.model_dump(mode="json", exclude_unset=True)
