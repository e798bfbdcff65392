"""The checks of a quality card: what passes, what is worth a look, what makes the results unfit for use.

Every limit stands in `RULES`, with what it means for a reader. Shares of small samples say nothing, so checks of the
answers' distribution need at least `ENOUGH` of them.
"""

from typing import Literal, NamedTuple

from libs.contracts.base import Data

ENOUGH = 30
Status = Literal["pass", "warn", "fail", "not_enough_data"]


class Check(Data):
    """One check. It passes up to `threshold` and fails beyond `fail_threshold` (below them where lower is worse)."""

    name: str
    status: Status
    value: float | None
    threshold: float
    fail_threshold: float
    meaning: str


class Rule(NamedTuple):
    """Limits and meaning of a check."""

    name: str
    threshold: float
    fail_threshold: float
    meaning: str
    is_lower_worse: bool = False


RULES = {
    rule.name: rule
    for rule in (
        Rule("attrition", 0.05, 0.20, "Share of assigned agents without an answer, in the arm that lost most."),
        Rule("failed_turns", 0.01, 0.05, "Share of finished turns that failed."),
        Rule(
            "sample_ratio",
            0.01,
            0.001,
            "p-value of equal attrition in every arm; a low one means that arms lost people unequally, so that "
            "their comparison is not one of like with like.",
            is_lower_worse=True,
        ),
        Rule(
            "each_agent_once",
            0,
            0,
            "Turns too many: a second one of an agent in the same step, or one outside of the arm it was assigned to.",
        ),
        Rule("plan_before_exposure", 0, 0, "Responses from before the plan was frozen."),
        Rule(
            "duplicate_texts",
            0.20,
            0.50,
            "Share of answered turns whose words another agent used too: agents that speak with one voice are fewer "
            "than they seem.",
        ),
        Rule(
            "dominant_answer",
            0.80,
            0.95,
            "Largest share of one and the same answer to a metric that is not binary: models answer more alike than "
            "people do.",
        ),
        Rule("constant_metrics", 0, 0, "Metrics to which everybody gave the same answer; they cannot tell arms apart."),
        Rule("straight_lining", 0.20, 0.50, "Share of agents at the same place of every scale (three scales or more)."),
        Rule("missing_answers", 0.01, 0.05, "Share of metrics that were reached and not answered."),
        Rule("invalid_answers", 0, 0.01, "Share of answers of another type, or outside of scale or options."),
        Rule("funnel", 0, 0, "Answers to metrics that the funnel had not reached, such as a click without an open."),
    )
}


def check(name: str, value: float | None) -> Check:
    """Judge a value by its rule; None means that there is not enough to judge."""
    rule = RULES[name]
    return Check(
        name=name,
        status=_status(rule, value),
        value=value,
        threshold=rule.threshold,
        fail_threshold=rule.fail_threshold,
        meaning=rule.meaning,
    )


def _status(rule: Rule, value: float | None) -> Status:
    if value is None:
        return "not_enough_data"
    sign = -1 if rule.is_lower_worse else 1
    if sign * value <= sign * rule.threshold:
        return "pass"
    return "warn" if sign * value <= sign * rule.fail_threshold else "fail"
