"""HTTP resources of demographic templates: those that come with the service, and those of a tenant's own."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from libs.contracts.demographics import (
    MAX_DIMENSIONS,
    Dimension,
    DimensionName,
    GivenMargin,
    PublishedJoint,
    Template,
    TemplateName,
)
from libs.contracts.errors import InvalidError
from libs.http import Page, Read, Write
from libs.http.app import MAX_LARGE_BODY_BYTES
from services.population.api.access import Service
from services.population.api.uploads import CSV, MEDIA, read_upload
from services.population.domain.templates import Known

router = APIRouter(prefix="/templates")
Stored = Annotated[str, Path(max_length=64)]
Margins = TypeAdapter(Annotated[dict[DimensionName, GivenMargin], Field(min_length=1, max_length=MAX_DIMENSIONS)])
FILES = {"requestBody": {"required": True, "content": {media: {"schema": {"type": "string"}} for media in MEDIA}}}


class TemplateView(BaseModel):
    """A demographic template with the source of every margin and every published joint."""

    name: str
    origin: Literal["shipped", "own"]
    title: str
    universe: str
    note: str
    associations: str | None
    dimensions: dict[str, Dimension]
    joints: list[PublishedJoint]
    created_at: datetime | None = Field(description="Null for one that comes with the service.")

    @classmethod
    def of(cls, known: Known) -> "TemplateView":
        """The view of a template."""
        template, origin = known.template, "own" if known.created_at else "shipped"
        shown = {name: getattr(template, name) for name in ("name", "title", "universe", "note", "associations")}
        return cls.model_validate(
            {
                **shown,
                "origin": origin,
                "dimensions": template.dimensions,
                "joints": list(template.joints),
                "created_at": known.created_at,
            }
        )


@router.get("")
async def list_templates(service: Service, tx: Read) -> Page[TemplateView]:
    """Values that `demographic_base` may have."""
    return Page(items=[TemplateView.of(known) for known in await service.templates.all(tx)], next_cursor=None)


@router.post("", status_code=201, openapi_extra=FILES)
async def create_template(
    request: Request,
    service: Service,
    tx: Write,
    base: Annotated[str | None, Query(max_length=64, description="Template whose margins the file replaces.")] = None,
    name: Annotated[TemplateName | None, Query(description="Name of the new template, with `base`.")] = None,
) -> TemplateView:
    """Add a template of your own, to be named as `demographic_base`.

    Without `base` the file is a whole template (JSON or YAML, schemas/template.schema.json). With `base` and `name` it
    holds margins: like `margins` of a population, or a CSV of dimension, value, share or count, source and year.
    """
    media = request.headers.get("content-type", "application/json")
    document = read_upload(await request.body(), media, MAX_LARGE_BODY_BYTES)
    try:
        if base is None:
            if media.startswith(CSV):
                raise InvalidError("base", "is required: a CSV holds margins, which are those of another template")
            return TemplateView.of(await service.templates.add(tx, Template.model_validate(document)))
        if name is None:
            raise InvalidError("name", "is required with base")
        return TemplateView.of(await service.templates.derive(tx, base, name, Margins.validate_python(document)))
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        raise RequestValidationError(found, body=document) from error


@router.get("/{name}")
async def show_template(name: Stored, service: Service, tx: Read) -> TemplateView:
    """One template."""
    return TemplateView.of(await service.templates.get(tx, name))


@router.delete("/{name}", status_code=204)
async def delete_template(name: Stored, service: Service, tx: Write) -> None:
    """Take a template of your own away. Populations keep the one they were drawn from."""
    await service.templates.delete(tx, name)
