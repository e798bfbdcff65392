"""People as JSON lines: each the person as `individuals` shows them, or an `.agent.json` document."""

from collections.abc import Iterator

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.minds.json_documents import DocumentError, parse
from libs.minds.persona_files import MAX_FILE
from services.population.domain.records import FIRST, PERSONA, PROFILE, TRAITS, document_of

KNOWN = (*FIRST, PROFILE.rstrip("."), TRAITS.rstrip("."), PERSONA, "version")


def read(body: bytes) -> Iterator[JsonObject]:
    """The documents of a file. Raises `InvalidError` naming the line and the place in it."""
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            found = parse(line, MAX_FILE)
            if not isinstance(found, dict):
                raise DocumentError("", "is not a JSON object")
            is_file = PROFILE.rstrip(".") not in found and TRAITS.rstrip(".") not in found
            yield found if is_file else document_of(_flat(found), place)
        except DocumentError as error:
            path = error.path if error.path.startswith(place) else ".".join(filter(None, (place, error.path)))
            raise InvalidError(path, error.reason) from None


def _flat(found: JsonObject) -> JsonObject:
    """A shown person as a record."""
    if unknown := [name for name in found if name not in KNOWN]:
        raise DocumentError(unknown[0], f"is not a field of a person; allowed: {', '.join(KNOWN)}")
    record = {name: value for name, value in found.items() if name in (*FIRST, PERSONA)}
    for prefix in (PROFILE, TRAITS):
        part = found.get(prefix.rstrip("."), {})
        if not isinstance(part, dict):
            raise DocumentError(prefix.rstrip("."), "is not an object")
        record |= {f"{prefix}{name}": value for name, value in part.items()}
    return record
