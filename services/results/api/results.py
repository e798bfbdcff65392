"""HTTP resources of results: aggregates, individuals and exports.

No effect leaves without its evidence: aggregates, exports and the report carry it as required fields.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from libs.contracts.decision import Alarm, Decision
from libs.contracts.errors import InvalidError
from libs.contracts.evidence import Analysis, Evidence, Interval
from libs.contracts.findings import Way
from libs.contracts.instruments import Answer
from libs.contracts.protocol import Usage
from libs.http import Cursor, Limit, Page, Read, Tenant, decode_cursor, page
from services.results.api.access import CSV, Filter, Service, file_headers
from services.results.domain.description import REST, Distribution, FunnelStage, Segment
from services.results.domain.export import to_plots
from services.results.domain.finding import WAYS, ways
from services.results.domain.findings import SIMULATED, State, alarms, decision_of, why_no_analysis
from services.results.domain.journeys import HazardTest, StageContrast, TimeToEvent
from services.results.domain.moods import Association, Mood, Point
from services.results.domain.path import Change, PathStep, changes_of, path_of
from services.results.domain.people import People
from services.results.domain.records import Turn
from services.results.domain.report.page import to_html
from services.results.domain.themes import Themes
from services.results.domain.wording import listed
from services.results.service import Status
from services.results.service.files.columnar import ParquetRows
from services.results.service.files.contents import Contents, RowWriter
from services.results.service.files.lines import CsvRows, JsonLines, Records
from services.results.service.files.pdf import to_pdf
from services.results.service.files.spreadsheet import XlsxRows

router = APIRouter()

WHOLE = {
    "plots": (to_plots, "application/json", "attachment"),
    "pdf": (to_pdf, "application/pdf", "inline"),
    "html": (to_html, "text/html; charset=utf-8", "inline"),
}
ROWS: dict[str, tuple[Callable[[Contents], RowWriter], str]] = {
    "csv": (CsvRows, CSV),
    "jsonl": (JsonLines, "application/x-ndjson"),
    "records": (Records, "application/json"),
    "xlsx": (XlsxRows, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": (ParquetRows, "application/vnd.apache.parquet"),
}
FORMATS = ("json", "csv", "jsonl", "records", "xlsx", "parquet", "plots", "pdf", "html")
ENDINGS = {"records": "records.json", "plots": "plots.json"}
PORTION = 256 * 1024


class SegmentScore(BaseModel):
    """A segment's part of the score."""

    total_responses: int
    mean_score: float | None
    confidence_interval: Interval | None


class AggregateResults(BaseModel):
    """Everybody taken together, then by arm, segment, answer and stage. Only counts until the analysis is made.

    Estimates by arm and comparisons stand in `analysis`, beside this.
    """

    state: State
    total_responses: int = Field(description="Agents that answered.")
    failed_responses: int = Field(description="Agents all of whose turns failed.")
    assigned: int
    response_rate: float | None
    score_metric: str | None
    score_measure: str | None
    mean_score: float | None = Field(description="The score metric over all arms; it compares nothing.")
    confidence_interval: Interval | None
    confidence_level: float | None
    method: str | None
    segment_breakdown: dict[str, SegmentScore]
    arms: dict[str, dict[str, int]] = Field(description="assigned, answered and failed agents by arm.")
    verdict: str | None
    segments: tuple[Segment, ...]
    distributions: tuple[Distribution, ...]
    funnel: tuple[FunnelStage, ...]
    moods: tuple[Mood, ...] = Field(description="Engagement and sentiment by arm; docs/results.md says how they count.")
    series: tuple[Point, ...] = Field(description="Every outcome by step and round, where there are several.")
    associations: tuple[Association, ...] = Field(description="Attributes of people against metrics: exploratory.")
    stage_contrasts: tuple[StageContrast, ...] = Field(description="Where arms part along a funnel.")
    times_to_event: tuple[TimeToEvent, ...] = Field(description="Kaplan-Meier curves, in rounds.")
    hazard_tests: tuple[HazardTest, ...] = Field(description="Log-rank tests of each arm against the baseline.")
    themes: tuple[Themes, ...] = Field(description="Of texts, in two codings, with their agreement.")
    evidence: Evidence


class AggregateView(BaseModel):
    """The results structure of the public API. `analysis` is null, and `note` says so, until it is made."""

    simulation_id: str
    intervention_id: str | None
    population_id: str
    population: People | None = Field(description="Who is simulated; null where that was not told.")
    timestamp: datetime
    state: State
    note: str | None
    notice: str
    timeline_id: str = Field(description="The timeline whose responses these are: the present one.")
    timelines: int = Field(description="Timelines there are: one, and one more for each restore of a checkpoint.")
    aggregate_results: AggregateResults
    analysis: Analysis | None
    decision: Decision | None = Field(description="What to do, with every reason; null without a plan.")
    alarms: tuple[Alarm, ...] = Field(description="What cannot differ, and whether it does.")
    better: dict[str, Way] = Field(description=WAYS)

    @classmethod
    def of(cls, status: Status) -> "AggregateView":
        """The view of a simulation's results."""
        study, made = status.study, status.made
        return cls(
            simulation_id=study.simulation_id,
            intervention_id=study.intervention_id,
            population_id=study.population_id,
            population=study.people,
            timestamp=made.analysed_at if made else datetime.now(UTC),
            state=status.state,
            note=None if made else why_no_analysis(status.state),
            notice=SIMULATED,
            timeline_id=status.timeline.timeline_id,
            timelines=status.timeline.number,
            aggregate_results=_aggregate(status),
            analysis=made.analysis if made else None,
            decision=decision_of(study, status.state, made.analysis if made else None, status.heads),
            alarms=alarms(study, made.analysis if made else None),
            better=ways(study.instruments),
        )


class IndividualTurn(BaseModel):
    """One turn of an agent; `response` is null where the turn failed, and `failure` says why."""

    turn_id: str
    arm: str
    step_id: str
    round: int
    timeline_id: str
    status: str
    failure: str | None
    response: str | None
    reasoning: str | None
    confidence: float | None
    sentiment: float | None
    answers: dict[str, Answer]
    model: str
    usage: Usage
    responded_at: datetime
    cluster_id: str | None = Field(description="All who heard each other; null for an agent alone.")
    option_orders: dict[str, tuple[str, ...]] | None = Field(description="The options as the agent read them.")
    distributions: dict[str, dict[str, float]] | None = Field(description="What drawn answers were drawn from.")
    regenerations: int | None = Field(description="How often the turn was taken again after checks of it.")

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """The view of a turn."""
        return cls(**{name: getattr(turn, name) for name in cls.model_fields})


class IndividualResult(IndividualTurn):
    """One turn with who made it."""

    agent_id: str
    name: str
    segment: str | None
    demographic_profile: dict[str, str | int | float]


class IndividualView(BaseModel):
    """One agent in one simulation: a simulated person, whose answers are worth nothing as those of a real one."""

    simulation_id: str
    agent_id: str
    name: str
    age: str | int | float | None
    segment: str | None
    demographic_profile: dict[str, str | int | float]
    notice: str
    turns: list[IndividualTurn]
    path: list[PathStep] = Field(description="What the agent met, thought, said and answered, in order.")
    changes: list[Change] = Field(description="What the agent answered more than once, and how that went.")


@router.get("/{simulation_id}/aggregate")
async def aggregate(simulation_id: str, service: Service, tx: Read) -> AggregateView:
    """What the simulation amounts to; counts alone until the planned responses are in."""
    return AggregateView.of(await service.status(tx, simulation_id))


@router.get("/{simulation_id}/individual/{agent_id}")
async def individual(simulation_id: str, agent_id: str, service: Service, tx: Read) -> IndividualView:
    """All turns of one agent, with what was said, thought and answered."""
    study, turns = await service.individual(tx, simulation_id, agent_id)
    latest = turns[-1]
    return IndividualView(
        simulation_id=simulation_id,
        agent_id=agent_id,
        name=latest.name,
        age=latest.demographic_profile.get("age"),
        segment=latest.segment,
        demographic_profile=latest.demographic_profile,
        notice=SIMULATED,
        turns=[IndividualTurn.of(turn) for turn in turns],
        path=path_of(study, turns),
        changes=changes_of(study, turns),
    )


@router.get("/{simulation_id}/individuals")
async def individuals(
    simulation_id: str,
    service: Service,
    tx: Read,
    arm: Filter = None,
    segment: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[IndividualResult]:
    """Every turn by agent, in pages; of one arm or segment when asked. One that cannot be there is refused."""
    after = decode_cursor(cursor, str, str)
    rows = await service.individuals(tx, simulation_id, limit + 1, after, arm, segment)
    return page(rows, limit, IndividualResult.of, lambda turn: (turn.agent_id, turn.turn_id))


@router.get("/{simulation_id}/export", response_class=Response)
async def export(
    simulation_id: str,
    service: Service,
    tenant: Tenant,
    export_format: Annotated[str, Query(alias="format", max_length=20, description=listed(FORMATS))] = "json",
) -> Response:
    """The results as a file.

    `json`: `content` is what the study and its seed determine and has the same bytes in every run of it;
    `content_sha256` is the SHA-256 of `content` as JSON with sorted keys, without spaces, in UTF-8. `run` holds ids,
    times, plan hash and usage. `csv`: one row per response, a column per metric, `profile.*` for attributes, and
    `simulated`, `evidence_grade`, `effective_n` and `caveat` in every row; a text that a spreadsheet would take for a
    formula starts with an apostrophe. `jsonl`: the same table, a JSON object a line; `records`: as one array, for data
    frames; `parquet`: in typed columns (501 without pyarrow); `xlsx`: with sheets of estimates and comparisons, no cell
    a formula. All of these are sent as they are read, whatever their size. `plots`: the data of every plot of the
    report. `html` and `pdf`: the report, which needs nothing but itself and does not grow with the responses.
    """
    if export_format not in FORMATS:
        raise InvalidError("format", f"{export_format!r} is not an export format", FORMATS)
    name = f"rehearsal-{simulation_id}.{ENDINGS.get(export_format, export_format)}"
    if export_format in WHOLE:
        write, media_type, disposition = WHOLE[export_format]
        body = await asyncio.to_thread(write, await service.findings(simulation_id, tenant))
        headers = file_headers(name, disposition) | {"content-length": str(len(body))}
        parts = (body[start : start + PORTION] for start in range(0, len(body), PORTION))
        return StreamingResponse(parts, media_type=media_type, headers=headers)
    if export_format in ROWS:
        make, media_type = ROWS[export_format]
        portions = service.rows(simulation_id, make, tenant)
    else:
        portions, media_type = service.document(simulation_id, tenant), "application/json"
    first = await anext(portions)  # before the status is sent: a simulation that is not there becomes a problem
    return StreamingResponse(_all(first, portions), media_type=media_type, headers=file_headers(name))


async def _all(first: bytes, rows: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(rows):
        yield first
        async for portion in rows:
            yield portion


def _aggregate(status: Status) -> AggregateResults:
    heads, made = status.heads, status.made
    assigned, answered = sum(heads.assigned.values()), sum(heads.answered.values())
    description = made.description if made else None
    score = description.score if description else None
    segments = description.segments if description else ()
    return AggregateResults(
        state=status.state,
        total_responses=answered,
        failed_responses=sum(heads.failed.values()),
        assigned=assigned,
        response_rate=answered / assigned if assigned else None,
        score_metric=score.metric if score else None,
        score_measure=score.measure if score else None,
        mean_score=score.value if score else None,
        confidence_interval=score.interval if score else None,
        confidence_level=score.confidence_level if score else None,
        method=score.method if score else None,
        segment_breakdown={segment.segment or REST: _segment(segment) for segment in segments},
        arms={
            arm: {"assigned": count, "answered": heads.answered[arm], "failed": heads.failed[arm]}
            for arm, count in heads.assigned.items()
        },
        verdict=made.analysis.verdict if made else None,
        segments=segments,
        distributions=description.distributions if description else (),
        funnel=description.funnel if description else (),
        moods=description.moods if description else (),
        series=description.series if description else (),
        associations=description.associations if description else (),
        stage_contrasts=description.stage_contrasts if description else (),
        times_to_event=description.times_to_event if description else (),
        hazard_tests=description.hazard_tests if description else (),
        themes=description.themes if description else (),
        evidence=status.evidence,
    )


def _segment(segment: Segment) -> SegmentScore:
    return SegmentScore(
        total_responses=segment.n,
        mean_score=segment.score.value if segment.score else None,
        confidence_interval=segment.score.interval if segment.score else None,
    )
