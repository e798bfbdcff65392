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
        Rule("refusals", 0.01, 0.05, "Share of finished turns in which the model refused, or a filter stopped it."),
        Rule("unreadable", 0.01, 0.05, "Share of finished turns whose reply could not be read as an answer."),
        Rule(
            "out_of_role",
            0.01,
            0.05,
            "Share of answered turns whose words are not a person's: those of an assistant, or of a form.",
        ),
        Rule(
            "controls",
            0.05,
            0.01,
            "p-value that arms differ where they cannot: in questions that no stimulus can change, and between arms "
            "that were shown the same (Holm). A low one means that something other than the stimulus differs.",
            is_lower_worse=True,
        ),
        Rule("persona_adherence", 0.05, 0.20, "Share of judged turns out of character (a score below 5 of 9)."),
        Rule("self_consistency", 0.05, 0.20, "Share of judged turns against what the agent said, felt or answered."),
        Rule("fluency", 0.05, 0.20, "Share of judged turns that no person would think or say so."),
        Rule(
            "contradictions", 0.10, 0.30, "Share of agents who answer two items that ask the same half a scale apart."
        ),
        Rule("yes_saying", 0.10, 0.20, "Agreement with an item and its opposite, less the middle of the scale."),
        Rule(
            "option_order",
            0.05,
            0.001,
            "p-value that the place of an option does not matter (smallest metric, Bonferroni); a low one means that "
            "what stands first or last is chosen for standing there.",
            is_lower_worse=True,
        ),
        Rule(
            "convergence",
            0.10,
            0.30,
            "How much more alike agents' words are in the last round than in the first.",
        ),
        Rule("same_words", 0.05, 0.20, "Share of pairs of agents who say nearly the same words."),
        Rule("coverage", 0.6, 0.4, "Share of the possible answers that anybody gave.", is_lower_worse=True),
        Rule(
            "complexity",
            0.4,
            0.2,
            "Independent directions in which agents differ, as a share of the scales: a low one means that all answers "
            "follow from one attitude.",
            is_lower_worse=True,
        ),
        Rule("interviews", 0.8, 0.6, "Mean score of interviews about who the agents are.", is_lower_worse=True),
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
