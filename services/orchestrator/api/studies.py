"""HTTP resources of studies and of templates for them.

A body is a study file, JSON or YAML by its content type, checked by the code of the command line; what is kept is the
file itself. What a study takes, and running one, concerns other services too: the gateway answers that.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.http import STUDY_BODY, Cursor, Limit, Page, Read, StudyBody, Write, decode_cursor, page
from libs.studies import StudyFile
from services.orchestrator.domain.study import Source, Study, Version, document_of
from services.orchestrator.domain.templates import StudyTemplate
from services.orchestrator.service import Studies

router = APIRouter(prefix="/studies", tags=["studies"])
StudyId = Annotated[str, Path(max_length=64)]
TemplateName = Annotated[str, Path(max_length=64)]
Number = Annotated[int | None, Query(alias="version", ge=1, lt=2**31, description="The draft when left out.")]
Newest = Annotated[int | None, Query(alias="version", ge=1, lt=2**31, description="The newest when left out.")]


def studies(request: Request) -> Studies:
    """The use cases `create_app` built."""
    service: Studies = request.app.state.studies
    return service


Service = Annotated[Studies, Depends(studies)]


class WarningView(BaseModel):
    """Something that is allowed and may not be meant."""

    field: str
    message: str


class StudyListed(BaseModel):
    """A study in a list."""

    id: str
    study_id: str
    name: str
    version: int = Field(description="The newest published version; 0 before there is one.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, study: Study) -> "StudyListed":
        """The view of a study."""
        return cls(
            id=study.study_id,
            study_id=study.study_id,
            name=study.name,
            version=study.version,
            created_at=study.created_at,
            updated_at=study.updated_at,
        )


class StudyView(StudyListed):
    """A study with its draft. `POST /studies/{id}/run` runs a version, publishing the draft when it is not yet one."""

    is_published: bool = Field(description="The draft is what the newest version is.")
    sha256: str = Field(description="Of the draft's file.")
    media_type: str
    study: JsonObject
    warnings: list[WarningView]

    @classmethod
    def with_draft(cls, study: Study, newest: Version | None) -> "StudyView":
        """The view of a study and its draft."""
        file = study.file.read()
        return cls(
            **StudyListed.of(study).model_dump(),
            is_published=newest is not None and newest.file == study.file,
            sha256=study.file.sha256,
            media_type=study.file.media,
            study=document_of(file),
            warnings=warnings_of(file),
        )


class VersionListed(BaseModel):
    """A published version in a list."""

    study_id: str
    version: int
    published_at: datetime
    sha256: str

    @classmethod
    def of(cls, version: Version) -> "VersionListed":
        """The view of a version."""
        return cls(
            study_id=version.study_id,
            version=version.version,
            published_at=version.published_at,
            sha256=version.file.sha256,
        )


class VersionView(VersionListed):
    """A published version; it never changes."""

    name: str
    media_type: str
    study: JsonObject
    warnings: list[WarningView]

    @classmethod
    def whole(cls, version: Version) -> "VersionView":
        """The view of a version and its study."""
        file = version.file.read()
        return cls(
            **VersionListed.of(version).model_dump(),
            name=file.spec.name,
            media_type=version.file.media,
            study=document_of(file),
            warnings=warnings_of(file),
        )


class TemplateListed(BaseModel):
    """A study to begin with."""

    name: str
    version: int
    title: str
    description: str
    people: int
    sha256: str

    @classmethod
    def of(cls, template: StudyTemplate) -> "TemplateListed":
        """The view of a template."""
        spec = template.file.spec
        return cls(
            name=template.name,
            version=template.version,
            title=spec.name,
            description=spec.description,
            people=spec.population.size,
            sha256=template.source.sha256,
        )


class StudyTemplateView(TemplateListed):
    """A study to begin with, whole."""

    study: JsonObject
    source: str = Field(description="The file with its comments, as YAML.")
    warnings: list[WarningView]

    @classmethod
    def whole(cls, template: StudyTemplate) -> "StudyTemplateView":
        """The view of a template and its study."""
        return cls(
            **TemplateListed.of(template).model_dump(),
            study=document_of(template.file),
            source=template.source.source,
            warnings=warnings_of(template.file),
        )


def warnings_of(file: StudyFile) -> list[WarningView]:
    """What is allowed and may not be meant."""
    return [WarningView(field=one.field, message=one.message) for one in file.warnings]


@router.post("", status_code=201, openapi_extra=STUDY_BODY)
async def create_study(file: StudyBody, service: Service, tx: Write) -> StudyView:
    """Keep a study file, JSON or YAML. It is a draft until it is published or run."""
    return StudyView.with_draft(await service.create(tx, file), None)


@router.get("")
async def list_studies(
    service: Service,
    tx: Read,
    limit: Limit = 50,
    cursor: Cursor = None,
    name: Annotated[str | None, Query(max_length=120, description="Only those with this in their name.")] = None,
) -> Page[StudyListed]:
    """Studies, newest first."""
    key = decode_cursor(cursor, str)
    found = await service.page(tx, name=name, before=key[0] if key else None, limit=limit + 1)
    return page(found, limit, StudyListed.of, lambda one: (one.study_id,))


@router.get("/templates")
async def list_study_templates(service: Service) -> Page[TemplateListed]:
    """Studies to begin with: a survey, a focus group, an A/B test, a customer journey, and others."""
    return Page(items=[TemplateListed.of(one) for one in service.templates()], next_cursor=None)


@router.get("/templates/{name}")
async def show_study_template(name: TemplateName, service: Service, version: Newest = None) -> StudyTemplateView:
    """One of them, whole: change what you like and send it to `POST /studies`."""
    return StudyTemplateView.whole(service.template(name, version))


@router.get("/{study_id}")
async def show_study(study_id: StudyId, service: Service, tx: Read) -> StudyView:
    """A study with its draft."""
    return StudyView.with_draft(*await service.get(tx, study_id))


@router.put("/{study_id}", openapi_extra=STUDY_BODY)
async def edit_study(study_id: StudyId, file: StudyBody, service: Service, tx: Write) -> StudyView:
    """Put another draft in the place of the one there is. Published versions stay as they are."""
    await service.edit(tx, study_id, file)
    return StudyView.with_draft(*await service.get(tx, study_id))


@router.post("/{study_id}/publish")
async def publish_study(study_id: StudyId, service: Service, tx: Write) -> VersionView:
    """Make the draft the next version, for good. Nothing happens when it is the newest version already."""
    return VersionView.whole(await service.publish(tx, study_id))


@router.get("/{study_id}/versions")
async def list_study_versions(study_id: StudyId, service: Service, tx: Read) -> Page[VersionListed]:
    """Published versions, newest first."""
    return Page(items=[VersionListed.of(one) for one in await service.versions(tx, study_id)], next_cursor=None)


@router.get("/{study_id}/versions/{version}")
async def show_study_version(
    study_id: StudyId, version: Annotated[int, Path(ge=1, lt=2**31)], service: Service, tx: Read
) -> VersionView:
    """A published version."""
    return VersionView.whole(await service.version(tx, study_id, version))


@router.get("/{study_id}/file", response_class=Response)
async def study_source(study_id: StudyId, service: Service, tx: Read, version: Number = None) -> Response:
    """The study file byte for byte as it was sent, comments and all: the draft, or a version."""
    file: Source
    if version is None:
        file = (await service.get(tx, study_id))[0].file
    else:
        file = (await service.version(tx, study_id, version)).file
    return Response(file.source.encode(), media_type=file.media, headers={"etag": f'"{file.sha256}"'})
