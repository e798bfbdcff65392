"""Studies: what concerns all parts of one is asked of their owners; the gateway keeps nothing of it.

A body is a study file, JSON or YAML, checked by the code of the command line.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from libs.contracts.base import Body, JsonObject
from libs.contracts.errors import FieldError
from libs.contracts.estimates import Estimate
from libs.contracts.origins import Origin
from libs.contracts.turns import Budget
from libs.http import STUDY_BODY, FieldProblem, StudyBody
from libs.http.study_files import study_file
from libs.studies import InvalidStudyError
from services.gateway.service import Studies
from services.gateway.service.studies import Started

router = APIRouter(prefix="/studies", tags=["studies"])


def studies(request: Request) -> Studies:
    """The use cases `create_app` built."""
    service: Studies = request.app.state.studies
    return service


Service = Annotated[Studies, Depends(studies)]


class RunSpec(Body):
    """`POST /studies/{id}/run`; every field is optional."""

    version: int | None = Field(
        default=None, ge=1, lt=2**31, description="Of the study. Left out: its draft, which becomes a version first."
    )
    changes: JsonObject = Field(default={}, description="A JSON merge patch of the study, for this run alone.")
    budget: Budget | None = Field(default=None, description="The most it may spend: at the cap it pauses.")


class StartedView(BaseModel):
    """A run of a study, and what was made for it."""

    simulation_id: str
    population_id: str
    intervention_id: str | None = Field(description="Null: its people are asked a protocol.")
    estimate: Estimate | None = Field(description="What it was said to take; null where that cannot be said.")
    links: dict[str, str]

    @classmethod
    def of(cls, started: Started) -> "StartedView":
        """The view of a run."""
        simulation = f"/simulations/{started.simulation_id}"
        return cls(**started._asdict(), links={"status": f"{simulation}/status", "stream": f"{simulation}/stream"})


class WarningView(BaseModel):
    """Something that is allowed and may not be meant."""

    field: str
    message: str


class ValidityView(BaseModel):
    """What is wrong with a study, by itself and on this platform, and what is odd about it."""

    is_valid: bool
    errors: list[FieldProblem]
    warnings: list[WarningView]
    estimate: Estimate | None = Field(description="What it takes; null when it is not valid, or that is not known.")


@router.post("/estimate", openapi_extra=STUDY_BODY)
async def estimate_study(file: StudyBody, service: Service) -> Estimate:
    """Calls, tokens, USD and time of a study before it runs, each with an interval and with what it rests on.

    Some of its people are drawn and their prompts composed, as they will be sent; no model is called.
    """
    return await service.estimate(file.spec)


@router.post("/validate", openapi_extra=STUDY_BODY)
async def validate_study(request: Request, service: Service) -> ValidityView:
    """Everything that is wrong with a study, by field, with what is allowed; and warnings. Nothing is made."""
    try:
        found = await service.check(await study_file(request))
    except InvalidStudyError as error:
        return ValidityView(is_valid=False, errors=list(map(_problem, error.errors)), warnings=[], estimate=None)
    return ValidityView(
        is_valid=not found.errors,
        errors=list(map(_problem, found.errors)),
        warnings=[WarningView(field=one.field, message=one.message) for one in found.warnings],
        estimate=found.estimate,
    )


@router.post("/run", status_code=202, openapi_extra=STUDY_BODY)
async def run_study(file: StudyBody, service: Service) -> StartedView:
    """Run a study file at once: draw its people, and have them meet its intervention or asked its protocol."""
    return StartedView.of(await service.run(file.spec, Origin()))


@router.post("/{study_id}/run", status_code=202)
async def run_kept_study(study_id: str, service: Service, spec: RunSpec | None = None) -> StartedView:
    """Run a version of a study. The simulation keeps which one, and what it was said to take."""
    asked = spec or RunSpec()
    return StartedView.of(await service.run_kept(study_id, asked.version, asked.changes, asked.budget))


def _problem(error: FieldError) -> FieldProblem:
    return FieldProblem(field=error.field, message=error.message, allowed=list(error.allowed))
