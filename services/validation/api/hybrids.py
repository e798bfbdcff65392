"""Hybrid studies: answers of people to the questions of a finished simulation."""

from fastapi import APIRouter
from pydantic import Field

from libs.contracts.comparisons import HumanAnswersSpec
from libs.contracts.validation import SimulationRectified
from libs.http import Read, Write
from services.validation.api.access import Service

router = APIRouter()
NO_MORE = "more agents will not make this truer"


class HybridView(SimulationRectified):
    """What people and agents together say about people."""

    evidence_grade: str = Field(description="A: rectified with answers of people.")
    advice: list[str] = Field(description="What would make the estimates narrower.")

    @classmethod
    def of(cls, rectified: SimulationRectified) -> "HybridView":
        """The view of rectified estimates."""
        own = {name: getattr(rectified, name) for name in SimulationRectified.model_fields}
        return cls(**own, evidence_grade="A", advice=_advice(rectified))


class HybridUpload(HybridView):
    """The estimates after an upload, and how many of its people are new."""

    added: int = Field(description="People of this upload who were not there.")
    already_there: int = Field(description="People of this upload whom an earlier one had; their first answers count.")


@router.post("/{simulation_id}/human-answers", status_code=201)
async def add_human_answers(simulation_id: str, spec: HumanAnswersSpec, service: Service, tx: Write) -> HybridUpload:
    """Add answers of people to a finished simulation, and estimate what people in general answer (PPI++, grade A).

    Uploads add up. A person is taken once: one who is named twice in an upload is refused, one whom an earlier upload
    had is counted in `already_there` and stays as they answered first. Each arm takes ten people at least.
    """
    upload = await service.hybrids.add(tx, simulation_id, spec)
    view = HybridView.of(upload.rectified)
    own = {name: getattr(view, name) for name in HybridView.model_fields}
    return HybridUpload(**own, added=upload.added, already_there=upload.already_there)


@router.get("/{simulation_id}/human-answers")
async def show_human_answers(simulation_id: str, service: Service, tx: Read) -> HybridView:
    """The estimates after the last upload."""
    return HybridView.of(await service.hybrids.get(tx, simulation_id))


def _advice(rectified: SimulationRectified) -> list[str]:
    if not rectified.estimates:
        return ["no metric has ten people in an arm yet"]
    told = []
    for one in rectified.estimates:
        if one.people_for_half is not None:
            name = " · ".join(part for part in (one.metric, one.option, one.arm) if part)
            agents = "more agents would help a little as well" if one.agents_help else NO_MORE
            told.append(f"{name}: {one.people_for_half:,} more people would halve the interval; {agents}")
    return told
