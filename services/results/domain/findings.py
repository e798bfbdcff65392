"""Everything there is to say about one simulation: what the API, the exports and the report all read.

Until the planned responses are there only counts are given: an estimate that is looked at while it grows tempts its
reader to stop when it pleases.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from libs.contracts.decision import Alarm, Decision, alarms_of, decide, waiting
from libs.contracts.evidence import Analysis, Evidence
from services.results.domain.description import Description
from services.results.domain.gathered import Gathered
from services.results.domain.records import Study
from services.results.domain.samples import Headcount

Ended = Literal["failed", "cancelled"]
State = Literal["running", "analysing", "completed"] | Ended
FORMAT = "rehearsal.results/1"
SIMULATED = "Simulated respondents: every answer was made by a model, none by a person."
NOT_YET = "Counts only: estimates, intervals and the verdict follow when the planned responses are in."
NEVER = "Counts only: the simulation ended before the planned responses were in, so there is no verdict."


def why_no_analysis(state: State) -> str:
    """What to tell a reader who finds counts instead of estimates."""
    return NEVER if state in {"failed", "cancelled"} else NOT_YET


def decision_of(study: Study, state: State, analysis: Analysis | None, heads: Headcount) -> Decision | None:
    """What to do, by the rule that the intervention's own results follow; nothing without a plan or after an end."""
    if study.plan is None or state in {"failed", "cancelled"}:
        return None
    if analysis is not None:
        return decide(study.plan, analysis)
    return waiting(sum(heads.answered.values()) + sum(heads.failed.values()), sum(heads.assigned.values()))


def alarms(study: Study, analysis: Analysis | None) -> tuple[Alarm, ...]:
    """What cannot differ, and whether it does."""
    return alarms_of(study.plan, analysis) if study.plan and analysis else ()


@dataclass(frozen=True, slots=True)
class Findings:
    """One simulation at one moment; `analysis` and `description` come together, when it is completed."""

    study: Study
    state: State
    heads: Headcount
    evidence: Evidence
    gathered: Gathered
    analysis: Analysis | None
    description: Description | None
    analysed_at: datetime | None
    version: str

    @property
    def arms(self) -> tuple[str, ...]:
        """The planned arms; without a plan, those of its steps."""
        return tuple(self.heads.assigned)

    @property
    def decision(self) -> Decision | None:
        """What to do, and why."""
        return decision_of(self.study, self.state, self.analysis, self.heads)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What cannot differ, and whether it does."""
        return alarms(self.study, self.analysis)
