"""Study files on this machine: read and checked by the same code as the API's, faults with the line they are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from libs.client.errors import FieldProblem
from libs.contracts.experiments import StudySpec
from libs.studies import JSON, YAML, Fault, StudyFile, read
from libs.studies import InvalidStudyError as InvalidFileError

SETTINGS = {"model", "seed"}


class InvalidStudyError(Exception):
    """The file is no valid study; the message lists every fault."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join([f"{path} is not a valid study:", *map(str, faults)]))


@dataclass(frozen=True, slots=True)
class Study:
    """A valid study and the file it stands in."""

    path: Path
    file: StudyFile

    @property
    def spec(self) -> StudySpec:
        """The study."""
        return self.file.spec

    @property
    def odd(self) -> list[str]:
        """What is allowed and may not be meant, whatever model and seed it runs with."""
        return [f"{one.field}: {one.message}" for one in self.file.warnings if one.field not in SETTINGS]

    def lines(self, errors: Iterable[FieldProblem]) -> list[str]:
        """Where in the file the platform found something wrong."""
        found = (self.file.line_of(error.field) for error in errors)
        return [f"  {self.path}:{line}" for line in sorted({line for line in found if line})]


def load(path: Path) -> Study:
    """Read a study. Raises `InvalidStudyError`."""
    try:
        return Study(path, read(path.read_bytes(), JSON if path.suffix == ".json" else YAML))
    except OSError as error:
        raise InvalidStudyError(path, (Fault(0, "", error.strerror or str(error)),)) from None
    except InvalidFileError as error:
        raise InvalidStudyError(path, error.faults) from None
