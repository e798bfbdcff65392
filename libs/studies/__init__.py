"""Study files: how one is read, what is wrong with it and where. The command line and the API use this same code."""

from libs.studies.checking import Examined, Warned, attribute_conditions, examine, unmet
from libs.studies.reading import JSON, MAX_BYTES, MEDIA, YAML, Fault, InvalidStudyError, StudyFile, read
from libs.studies.resolving import resolved
from libs.studies.yaml_text import composed, constructed

__all__ = [
    "JSON",
    "MAX_BYTES",
    "MEDIA",
    "YAML",
    "Examined",
    "Fault",
    "InvalidStudyError",
    "StudyFile",
    "Warned",
    "attribute_conditions",
    "composed",
    "constructed",
    "examine",
    "read",
    "resolved",
    "unmet",
]
