"""Study files as bodies of requests, JSON or YAML by their content type, checked by the code of the command line."""

from typing import Annotated, Any

from fastapi import Depends, Request

from libs.contracts.errors import InvalidError
from libs.contracts.experiments import StudySpec
from libs.studies import JSON, MEDIA, StudyFile, read

SCHEMAS = "#/components/schemas/"
_JSON_BODY = {"$ref": f"{SCHEMAS}{StudySpec.__name__}"}
STUDY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": _JSON_BODY if media == JSON else {"type": "string"}} for media in MEDIA},
    }
}
"""How an operation that takes a study file describes its body; `study_schemas` are what that refers to."""


async def study_file(request: Request) -> StudyFile:
    """The study in the body. Raises `InvalidStudyError`, with everything that is wrong with it."""
    given = request.headers.get("content-type", JSON)
    media = MEDIA.get(given.partition(";")[0].strip().lower())
    if media is None:
        raise InvalidError("content-type", f"{given!r} is no kind of study file", sorted(MEDIA))
    return read(await request.body(), media)


def study_schemas() -> dict[str, Any]:
    """The schema of a study and those of its parts, by name."""
    schema = StudySpec.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
    return {**schema.pop("$defs"), StudySpec.__name__: schema}


StudyBody = Annotated[StudyFile, Depends(study_file)]
