"""The quality card of a simulation: is what was recorded complete, clean and varied enough to be worth analysing?

Good quality says nothing about agreement with people; that takes human data. libs.stats is imported when it is first
needed: numpy and scipy would add a second to the start of the platform.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from libs.contracts.base import Data
from libs.contracts.evidence import SampleRatioCheck
from libs.contracts.instruments import MetricType
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Usage, total_usage
from services.validation.domain.answers import MetricQuality, metric_quality, straight_lining
from services.validation.domain.checks import ENOUGH, Check, check
from services.validation.domain.controls import ControlQuality, controls_of, smallest_adjusted
from services.validation.domain.failures import failure_kind, speaks_out_of_role
from services.validation.domain.records import Simulation, Turn

CAVEAT = (
    "Quality of the simulated answers among themselves: whether they are complete, valid and varied. "
    "It does not say how far they match people; only a comparison with human data can."
)


class ArmQuality(Data):
    """Agents of one arm; attrition is the share of the assigned without an answer."""

    assigned: int
    answered: int
    failed: int
    attrition: float | None


class DuplicateTexts(Data):
    """Texts that somebody else gave as well, apart from case and punctuation."""

    texts: int
    distinct: int
    share: float | None


class StraightLining(Data):
    """Agents at the same place of every scale, of those who answered at least three."""

    agents: int
    of: int
    share: float | None


class QualityCard(Data):
    """Everything known about the quality of one simulation."""

    simulation_id: str
    name: str | None
    state: SimulationState | None
    model: str | None
    plan_hash: str | None
    assigned: int
    answered: int
    failed: int
    pending: int
    arms: dict[str, ArmQuality]
    failure_reasons: dict[str, int]
    failure_kinds: dict[str, int]
    sample_ratio: SampleRatioCheck
    duplicate_texts: DuplicateTexts
    straight_lining: StraightLining
    metrics: list[MetricQuality]
    controls: list[ControlQuality]
    usage: Usage
    cost_per_response_usd: float | None
    checks: list[Check]
    caveat: str


Assigned = Set[tuple[str, str]]
"""Agents with their arm; in a within design an agent is in every arm."""


def quality_card(simulation: Simulation, assigned: Assigned, turns: Sequence[Turn]) -> QualityCard:
    """The card from the arms of every assigned agent and the finished turns. Without a plan, whoever had a turn was."""
    placed = assigned or {_place(turn) for turn in turns}
    answered = [turn for turn in turns if turn.is_answered]
    arms = _arms(simulation, placed, turns)
    ratio = _sample_ratio(arms)
    texts = _duplicates(answered)
    given = [turn.answers for turn in answered]
    metrics = [metric_quality(instrument, given) for instrument in simulation.instruments]
    same, asked = straight_lining(simulation.instruments, given)
    lines = StraightLining(agents=same, of=asked, share=_share(same, asked))
    finished = {_place(turn) for turn in turns}
    controls = controls_of(simulation, answered)
    usage = total_usage([turn.usage for turn in turns])
    return QualityCard(
        simulation_id=simulation.simulation_id,
        name=simulation.name,
        state=simulation.state,
        model=simulation.model,
        plan_hash=simulation.plan_hash,
        assigned=len(placed),
        answered=sum(arm.answered for arm in arms.values()),
        failed=sum(arm.failed for arm in arms.values()),
        pending=len(placed - finished),
        arms=arms,
        failure_reasons=dict(
            Counter(turn.failure or "unknown" for turn in turns if not turn.is_answered).most_common()
        ),
        failure_kinds=dict(Counter(failure_kind(turn.failure) for turn in turns if not turn.is_answered)),
        sample_ratio=ratio,
        duplicate_texts=texts,
        straight_lining=lines,
        metrics=metrics,
        controls=controls,
        usage=usage,
        cost_per_response_usd=_share(usage.cost_usd, len(answered)),
        checks=[
            *_checks_of_people(simulation, assigned, arms, ratio, turns),
            *_checks_of_answers(texts, lines, metrics),
            *_checks_of_models(turns, answered),
            check("controls", smallest_adjusted(controls)),
        ],
        caveat=CAVEAT,
    )


def _place(turn: Turn) -> tuple[str, str]:
    return turn.agent_id, turn.arm


def _arms(simulation: Simulation, placed: Assigned, turns: Sequence[Turn]) -> dict[str, ArmQuality]:
    mine = [turn for turn in turns if _place(turn) in placed]
    answered = {_place(turn) for turn in mine if turn.is_answered}
    failed = {_place(turn) for turn in mine} - answered
    sizes = Counter(arm for _, arm in placed)
    names = [arm.name for arm in simulation.plan.arms] if simulation.plan else sorted(sizes)
    by_arm = {}
    for name in names:
        done = sum(arm == name for _, arm in answered)
        by_arm[name] = ArmQuality(
            assigned=sizes[name],
            answered=done,
            failed=sum(arm == name for _, arm in failed),
            attrition=_share(sizes[name] - done, sizes[name]),
        )
    return by_arm


def _sample_ratio(arms: Mapping[str, ArmQuality]) -> SampleRatioCheck:
    from libs.stats import sample_ratio

    planned = {name: arm.assigned for name, arm in arms.items()}
    completed = {name: arm.answered for name, arm in arms.items()}
    result = sample_ratio(planned, completed)
    return SampleRatioCheck(planned=planned, completed=completed, p_value=result.p_value, is_flagged=result.is_flagged)


def _duplicates(answered: Sequence[Turn]) -> DuplicateTexts:
    """A text is a duplicate when another agent gave it; repeating oneself is a matter of consistency, not of this."""
    speakers = {(turn.text_digest, turn.agent_id) for turn in answered if turn.text_digest is not None}
    counts = Counter(digest for digest, _ in speakers)
    shared = sum(count for count in counts.values() if count > 1)
    return DuplicateTexts(texts=len(speakers), distinct=len(counts), share=_share(shared, len(speakers)))


def _checks_of_people(
    simulation: Simulation,
    assigned: Assigned,
    arms: Mapping[str, ArmQuality],
    ratio: SampleRatioCheck,
    turns: Sequence[Turn],
) -> list[Check]:
    """Who answered. While agents are still to answer, nobody has been lost and nothing can be said of attrition."""
    is_over = _is_over(simulation, assigned, turns)
    lost = [arm.attrition for arm in arms.values() if arm.attrition is not None]
    failed = sum(not turn.is_answered for turn in turns)
    places = {(turn.agent_id, turn.timeline_id, turn.step_id, turn.round) for turn in turns}
    elsewhere = sum(_place(turn) not in assigned for turn in turns) if assigned else 0
    early = None
    if simulation.plan and turns:
        early = float(sum(turn.responded_at < simulation.plan.frozen_at for turn in turns))
    return [
        check("attrition", max(lost) if lost and is_over else None),
        check("failed_turns", _share(failed, len(turns))),
        check("sample_ratio", ratio.p_value if is_over else None),
        check("each_agent_once", float(len(turns) - len(places) + elsewhere) if turns else None),
        check("plan_before_exposure", early),
    ]


def _checks_of_answers(texts: DuplicateTexts, lines: StraightLining, metrics: Sequence[MetricQuality]) -> list[Check]:
    """What was answered."""
    many = [metric for metric in metrics if metric.answered >= ENOUGH and metric.most_frequent_share is not None]
    shares = [metric.most_frequent_share for metric in many if metric.type is not MetricType.BINARY]
    constant = float(sum(metric.most_frequent_share == 1 for metric in many)) if many else None
    reached = sum(metric.reached for metric in metrics)
    given = sum(metric.answered for metric in metrics)
    return [
        check("duplicate_texts", texts.share if texts.texts >= ENOUGH else None),
        check("dominant_answer", max((share for share in shares if share is not None), default=None)),
        check("constant_metrics", constant),
        check("straight_lining", lines.share if lines.of >= ENOUGH else None),
        check("missing_answers", _share(sum(metric.missing for metric in metrics), reached)),
        check("invalid_answers", _share(sum(metric.invalid for metric in metrics), given)),
        check("funnel", float(sum(metric.unasked for metric in metrics)) if reached else None),
    ]


def _checks_of_models(turns: Sequence[Turn], answered: Sequence[Turn]) -> list[Check]:
    """What the model did instead of answering."""
    kinds = Counter(failure_kind(turn.failure) for turn in turns if not turn.is_answered)
    strange = sum(
        speaks_out_of_role(turn.said.response) or speaks_out_of_role(turn.said.reasoning) for turn in answered
    )
    return [
        check("refusals", _share(kinds["refused"], len(turns))),
        check("unreadable", _share(kinds["unreadable"], len(turns))),
        check("out_of_role", _share(strange, len(answered))),
    ]


def _is_over(simulation: Simulation, assigned: Assigned, turns: Sequence[Turn]) -> bool:
    """Without assignments nobody knows who is still to come."""
    is_ended = simulation.state is not None and simulation.state.is_terminal
    return bool(assigned) and (is_ended or assigned <= {_place(turn) for turn in turns})


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
