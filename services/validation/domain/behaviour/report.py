"""The whole of how agents behaved, with the limits that say what is worth a look."""

from collections.abc import Sequence

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.comparisons import BehaviourSpec
from libs.contracts.protocol import Usage
from services.validation.domain.behaviour.answers import (
    AskedAgain,
    OptionOrder,
    PairConsistency,
    asked_again,
    last_answers,
    option_order,
    pair_consistency,
    yes_saying,
)
from services.validation.domain.behaviour.conduct import Conduct
from services.validation.domain.behaviour.interview import Interview
from services.validation.domain.behaviour.population import Collapse, Divergence, collapse, divergence
from services.validation.domain.checks import ENOUGH, Check, check
from services.validation.domain.given import who_talked
from services.validation.domain.records import Simulation, Turn

CAVEAT = (
    "How agents behave among themselves and against their personas. Agents in character are not yet people: only a "
    "comparison with human data says how far they match."
)


class BehaviourReport(Data):
    """How the agents of a simulation behaved."""

    simulation_id: str
    agents: int
    turns: int
    judged_by: str = Field(description="A model, or rules that find what words and numbers show.")
    judged_turns: int
    conduct: list[Conduct]
    consistency: list[PairConsistency]
    asked_again: list[AskedAgain]
    yes_saying: float | None = Field(description="Mean place on all scales less the middle, from -0.5 to 0.5.")
    option_order: list[OptionOrder]
    divergence: Divergence
    collapse: Collapse
    interviews: list[Interview]
    checks: list[Check]
    usage: Usage
    caveat: str


def behaviour_report(
    spec: BehaviourSpec,
    simulation: Simulation,
    turns: Sequence[Turn],
    found: Sequence[Conduct],
    interviews: Sequence[Interview],
    *,
    judged_by: str,
    usage: Usage,
) -> BehaviourReport:
    """Everything together. Raises `InvalidError` for pairs that are no scales of the simulation."""
    answered = [turn for turn in turns if turn.is_answered]
    instruments = {instrument.name: instrument for instrument in simulation.instruments}
    last = last_answers(answered)
    talked = who_talked(turns)
    pairs = [pair_consistency(pair, instruments, last, talked, is_reversed=True) for pair in spec.reverse_keyed]
    pairs += [pair_consistency(pair, instruments, last, talked, is_reversed=False) for pair in spec.repeated]
    orders, whole = option_order(answered, instruments), collapse(answered, simulation.instruments, last)
    drift = divergence(answered)
    return BehaviourReport(
        simulation_id=simulation.simulation_id,
        agents=len({turn.agent_id for turn in answered}),
        turns=len(answered),
        judged_by=judged_by,
        judged_turns=max((one.turns for one in found), default=0),
        conduct=list(found),
        consistency=pairs,
        asked_again=asked_again(answered, instruments),
        yes_saying=yes_saying(instruments, last),
        option_order=orders,
        divergence=drift,
        collapse=whole,
        interviews=list(interviews),
        checks=_checks(found, pairs, orders, whole, drift, interviews),
        usage=usage,
        caveat=CAVEAT,
    )


def _checks(
    found: Sequence[Conduct],
    pairs: Sequence[PairConsistency],
    orders: Sequence[OptionOrder],
    whole: Collapse,
    drift: Divergence,
    interviews: Sequence[Interview],
) -> list[Check]:
    contradictions = [one.contradictions for one in pairs if one.contradictions is not None and one.agents >= ENOUGH]
    agreeing = [abs(one.yes_saying) for one in pairs if one.yes_saying is not None and one.agents >= ENOUGH]
    tests = [one.p_value for one in orders if one.p_value is not None]
    scores = [one.score for one in interviews if one.score is not None]
    is_many = whole.agents >= ENOUGH
    return [
        *(check(one.check, one.low) for one in found),
        check("contradictions", max(contradictions, default=None)),
        check("yes_saying", max(agreeing, default=None)),
        check("option_order", min(1.0, min(tests) * len(tests)) if tests else None),
        check("convergence", drift.change),
        check("same_words", whole.same_words if is_many else None),
        check("coverage", whole.coverage if is_many else None),
        check("complexity", whole.complexity if is_many else None),
        check("interviews", sum(scores) / len(scores) if scores else None),
    ]
