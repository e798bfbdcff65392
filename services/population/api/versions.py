"""Versions of a population: fragments applied to people who are there, and what that did to each of them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.contracts.ids import agent_id
from libs.contracts.specs import ApplyFragmentsSpec
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.population.api.access import FURTHEST, Service, lossless
from services.population.domain.population import REST
from services.population.domain.versions import Recorded, Version

router = APIRouter()


class AppliedView(BaseModel):
    """A fragment as it was applied; `name` is null for one of the request's own."""

    name: str | None
    document: JsonObject


class EditView(BaseModel):
    """A JSON merge patch of one person; author and note as they were said."""

    patch: JsonObject
    author: str | None
    note: str | None


class VersionView(BaseModel):
    """Fragments applied to a population, or one person edited. People whom fragments tell nothing new are targeted, and
    neither of the others."""

    population_id: str
    version: int
    kind: Literal["fragments", "edit"]
    edit: EditView | None
    state: Literal["applying", "applied"]
    fragments: list[AppliedView]
    target_segments: list[str]
    agent_ids: list[str]
    targeted: int = Field(description="People who had their turn so far.")
    changed: int
    conflicts: int = Field(description="People whom a fragment contradicts: they stayed as they were.")
    created_at: datetime
    applied_at: datetime | None
    links: dict[str, str]

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        """The view of a version."""
        here = f"/agent-populations/{version.population_id}"
        changes = f"{here}/versions/{version.number}/changes"
        return cls(
            population_id=version.population_id,
            version=version.number,
            kind="edit" if version.edit else "fragments",
            edit=version.edit and EditView(**asdict(version.edit)),
            state="applied" if version.applied_at else "applying",
            fragments=[AppliedView(name=one.name, document=one.document) for one in version.fragments],
            target_segments=[REST if name is None else name for name in version.target_segments],
            agent_ids=[agent_id(index) for index in version.target_indices],
            targeted=version.targeted,
            changed=version.changed,
            conflicts=version.conflicts,
            created_at=version.created_at,
            applied_at=version.applied_at,
            links={"population": here, "changes": changes, "conflicts": f"{changes}?outcome=conflict"},
        )


class Says(BaseModel):
    """What fragments may change of somebody."""

    persona: JsonObject
    traits: dict[str, float]


class ChangeView(BaseModel):
    """What a version did to one person: `after` is null when `conflict` says why nothing was changed."""

    agent_id: str
    before: Says
    after: Says | None
    conflict: str | None

    @classmethod
    def of(cls, recorded: Recorded) -> "ChangeView":
        """The view of a change."""
        after = recorded.after and Says.model_validate(recorded.after)
        return cls(
            agent_id=agent_id(recorded.index),
            before=Says.model_validate(recorded.before),
            after=after,
            conflict=recorded.conflict,
        )


@router.post(
    "/{population_id}/apply-fragments",
    dependencies=[Depends(lossless)],
    responses={202: {"description": "More than 500 people: still applying."}},
)
async def apply_fragments(
    population_id: str, spec: ApplyFragmentsSpec, service: Service, tx: Write, response: Response
) -> VersionView:
    """Merge fragments into the personas of everybody, of some segments, or of some people, by TinyTroupe's rules."""
    version = await service.versions.apply(tx, population_id, spec)
    if version.applied_at is None:
        response.status_code = 202
    return VersionView.of(version)


@router.get("/{population_id}/versions")
async def list_versions(
    population_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[VersionView]:
    """What was applied to a population, newest first."""
    key = decode_cursor(cursor, int)
    before = min(max(key[0], 0), FURTHEST) if key else FURTHEST
    rows = await service.versions.newest(tx, population_id, limit + 1, before)
    return page(rows, limit, VersionView.of, lambda version: (version.number,))


@router.get("/{population_id}/versions/{version}/changes")
async def list_changes(
    population_id: str,
    version: int,
    service: Service,
    tx: Read,
    outcome: Annotated[
        Literal["conflict"] | None, Query(description="Only people whom a fragment contradicts.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ChangeView]:
    """Persona and traits before and after, of everybody a version changed or could not change."""
    key = decode_cursor(cursor, int)
    after = min(max(key[0], 0), FURTHEST) if key else 0
    number = min(max(version, 0), FURTHEST - 1)
    rows = await service.versions.changes(
        tx, population_id, number, limit + 1, after, only_conflicts=outcome is not None
    )
    return page(rows, limit, ChangeView.of, lambda recorded: (recorded.index,))
