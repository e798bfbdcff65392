"""Which utility a metric reads. A metric of an unknown name gets the general stage: it works, only less specifically.

A metric is placed by its name first, then by its question: the first stage one of whose stems begins a word of it.
Words that stand in questions about anything ("after you have seen this …") count in names only.
"""

from functools import lru_cache
from typing import NamedTuple

from libs.contracts.catalogue import CONTROLS
from libs.contracts.instruments import Instrument
from services.models.domain.offline.lexicon import words
from services.models.domain.offline.persona import disposition_named


class Stage(NamedTuple):
    """A kind of metric: its location is polarity · (loadings · utilities) + the level of its type."""

    name: str
    stems: str
    loadings: tuple[float, float, float]
    """On attention, interest and value."""
    polarity: int
    yes_no_level: float
    """Added to the logit of a binary metric."""
    scale_level: float
    """Added to the location of an ordinal or numeric one."""
    sees_stimulus: bool
    meaning: str
    yes: str
    no: str
    disposition: str | None = None
    """Read instead of the utilities, for a metric that is named after a disposition."""


STAGES: tuple[Stage, ...] = (
    Stage("control", "", (0.0, 0.0, 1.0), 1, 0.3, 0.3, False,
          "A negative control: depends on the person only, so no stimulus can have an effect on it.",
          "yes", "no"),
    Stage("aversion", "unsubscrib complain complaint annoy churn cancel concern oppos worr reject spam unfollow "
          "dislike quit leave risk irritat burden bother regret block mute", (0.0, 0.3, 0.8), -1, -2.7, -0.3, True,
          "Turning away: the opposite of interest and value; rare as an act.",
          "I would turn away from it", "I would not turn away from it"),
    Stage("attention", "open opens opened opening view notice seen see read impression watch attention aware recall "
          "remember", (1.0, 0.0, 0.0), 1, 0.0, 0.6, True,
          "Noticing: opening, seeing, reading.", "I would open it", "I would pass over it"),
    Stage("act", "purchase buy bought order convert conversion pay adopt adoption subscrib donat vote enrol install "
          "switch upgrade usage retention retain comply complian", (0.0, 0.4, 0.7), 1, -0.9, 0.1, True,
          "Acting on it: buying, adopting, using, voting. On a scale: the intention to.",
          "I would act on it", "I would not act on it"),
    Stage("interest", "click visit tap respond response reply engage share sign register try learn download book "
          "contact follow explor curious attend participat", (0.0, 1.0, 0.0), 1, 0.0, 0.4, True,
          "Going further: clicking, replying, signing up.", "I would go further", "I would leave it at that"),
    Stage("judgement", "intent intention likelihood likely satisf like support trust approv approve recommend opinion "
          "attitude rating credib quality accept appeal apprais prefer interest relevan clarity ease easy useful "
          "favourab favorab fair perceiv", (0.0, 0.25, 0.75), 1, 0.1, 0.3, True,
          "A judgement: liking, trust, satisfaction, willingness.", "I am in favour of it", "I am not in favour of it"),
    Stage("general", "", (0.2, 0.4, 0.4), 1, 0.1, 0.3, True,
          "Everything else.", "yes", "no"),
)  # fmt: skip

DISPOSITION = Stage("disposition", "", (0.0, 0.0, 0.0), 1, 0.0, 0.3, False,
                    "The person's own disposition, for a metric named after one: no stimulus changes it.",
                    "yes", "no")  # fmt: skip
CONTROL_NAMES = ("negative_control", "control_question", "control_metric", "placebo", "unrelated", *CONTROLS)
"""A metric whose name contains one of these, or is a control of the catalogue, is a negative control."""
ONLY_IN_NAMES = (
    "see seen read view watch attention aware like share contact leave follow order learn try risk recall remember "
    "quit interest response respond vote usage block mute easy"
)

_BY_STEM = tuple((stem, stage) for stage in STAGES for stem in stage.stems.split())
_IN_QUESTIONS = tuple((stem, stage) for stem, stage in _BY_STEM if stem not in ONLY_IN_NAMES.split())
_CONTROL, _GENERAL = STAGES[0], STAGES[-1]
_SHORTEST_PREFIX = 4


def stage_of(instrument: Instrument) -> Stage:
    """The stage of a metric."""
    return _stage(instrument.name, instrument.question)


@lru_cache(maxsize=4_096)
def _stage(name: str, question: str) -> Stage:
    if any(control in name.lower().replace(" ", "_").replace("-", "_") for control in CONTROL_NAMES):
        return _CONTROL
    found = words(name.replace("_", " "))
    by_name = next((stage for stem, stage in _BY_STEM if _begins(stem, found)), None)
    if by_name is not None:
        return by_name
    named_after = disposition_named(name)
    if named_after is not None:
        return DISPOSITION._replace(disposition=named_after[0], polarity=int(named_after[1]))
    found = words(question)
    return next((stage for stem, stage in _IN_QUESTIONS if _begins(stem, found)), _GENERAL)


def _begins(stem: str, found: list[str]) -> bool:
    return any(word == stem or (len(stem) >= _SHORTEST_PREFIX and word.startswith(stem)) for word in found)
