"""What validation knows, put beside what was simulated: grade A where people answered, B where past comparisons teach.

The analysis stays as it was made. Its grades are those of now, because people answer, and comparisons come in, long
after a simulation ended. A rectified estimate outranks a calibrated one; a calibration counts for the simulator it was
learnt from and never for the offline model, which answers by stated utilities. Segments stay at grade C: nobody has
compared those with people.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from libs.contracts.evidence import AboutPeople, Analysis, Comparison, Estimate, Evidence, Interval
from libs.contracts.instruments import Instrument
from libs.contracts.turns import is_offline
from libs.contracts.validation import CalibrationChanged, RectifiedEstimate, SimulationRectified
from services.results.domain.description import Description
from services.results.domain.finding import ways
from services.results.domain.records import Study
from services.results.domain.verdict import write_verdict

if TYPE_CHECKING:
    from libs.stats import Prediction, Worth
    from libs.stats.shipped import Calibration

CALIBRATED_MEAN = "simulated mean less the bias that past comparisons of this simulator show"
CALIBRATED_EFFECT = "simulated effect times the slope that past comparisons of this simulator show"
Found = TypeVar("Found", Estimate, Comparison)
Place = tuple[str, str | None, str, str | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest that validation told of a simulation and of its simulator."""

    calibration: CalibrationChanged | None = None
    rectified: SimulationRectified | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """An analysis and its description with the grades of now."""

    analysis: Analysis
    description: Description


def grade(study: Study, analysis: Analysis, description: Description, standing: Standing) -> Graded:
    """Both with the evidence that there is; unchanged where validation knows nothing."""
    calibration = calibration_of(study, standing)
    if calibration is None and standing.rectified is None:
        return Graded(analysis, description)
    people = {
        (e.metric, e.option, e.arm, e.baseline): e for e in (standing.rectified and standing.rectified.estimates) or ()
    }
    estimates = tuple(_estimate(study, e, calibration, people) for e in analysis.estimates)
    spread = {(e.metric, e.option, e.arm): e for e in analysis.estimates}
    comparisons = tuple(_comparison(study, c, spread, calibration, people) for c in analysis.comparisons)
    overall = _overall(study, estimates, comparisons, description.evidence)
    draft = analysis.model_copy(update={"estimates": estimates, "comparisons": comparisons})
    said = write_verdict(draft, overall, ways(study.instruments), is_paired=study.is_within)
    score = description.score and _estimate(study, description.score, calibration, {})
    return Graded(
        draft.model_copy(update={"verdict": said}),
        description.model_copy(update={"score": score, "evidence": overall}),
    )


def calibration_of(study: Study, standing: Standing) -> "Calibration | None":
    """The calibration that grade B may rest on: of enough studies, or the shipped one of exactly this simulator."""
    from libs.stats import Slope, Spread
    from libs.stats.shipped import Calibration, shipped

    if is_offline(study.model):
        return None
    told = standing.calibration
    if told is None or not told.is_enough:
        return shipped().variants.get(study.model)
    effects = told.effects
    slope = None
    if effects is not None:
        slope = Slope(effects.slope, effects.standard_error, Spread(**effects.residual.model_dump()))
    return Calibration(told.simulator, Spread(**told.bias.model_dump()), slope, told.human_sd_ratio)


def _estimate(
    study: Study, found: Estimate, calibration: "Calibration | None", people: dict[Place, RectifiedEstimate]
) -> Estimate:
    from libs.stats import grade_a, grade_b

    answered = people.get((found.metric, found.option, found.arm, None))
    if answered is not None:
        return _worth(found, _said(answered), grade_a(answered))
    units = found.evidence.clusters
    expected = calibration and _mean_of_people(study, found, calibration, units)
    worth = calibration and grade_b(calibration.bias, units, simulator=calibration.simulator)
    if not expected or not worth:
        return found
    about = _predicted(expected, found.confidence_level, CALIBRATED_MEAN, _scale(study, found))
    return _worth(found, about, worth)


def _comparison(
    study: Study,
    found: Comparison,
    spread: dict[tuple[str, str | None, str], Estimate],
    calibration: "Calibration | None",
    people: dict[Place, RectifiedEstimate],
) -> Comparison:
    from libs.stats import grade_a, grade_b

    answered = people.get((found.metric, found.option, found.arm, found.baseline))
    if answered is not None:
        return _worth(found, _said(answered), grade_a(answered))
    arms = [spread[found.metric, found.option, arm] for arm in (found.arm, found.baseline)]
    smaller = min(arm.evidence.clusters for arm in arms)
    if calibration is None or calibration.effects is None:
        return found
    worth = grade_b(calibration.effects.residual, smaller, simulator=calibration.simulator)
    expected = _effect_on_people(found, arms, calibration)
    if expected is None or worth is None:
        return found
    return _worth(found, _predicted(expected, found.confidence_level, CALIBRATED_EFFECT, None), worth)


def _mean_of_people(study: Study, found: Estimate, calibration: "Calibration", units: int) -> "Prediction | None":
    """None where the spread of people cannot be told, half of the scale at most."""
    from libs.stats import human_mean

    sd = _human_sd(found.standard_deviation, calibration)
    if found.value is None or found.standard_deviation is None or not sd or not units:
        return None
    scale = _scale(study, found)
    return human_mean(
        found.value,
        min(sd, (scale[1] - scale[0]) / 2) if scale else sd,
        calibration.bias,
        variance_of_mean=found.standard_deviation**2 / units,
        confidence_level=found.confidence_level,
    )


def _effect_on_people(found: Comparison, arms: Iterable[Estimate], calibration: "Calibration") -> "Prediction | None":
    from libs.stats import Prediction, shrink

    spreads = [arm.standard_deviation for arm in arms]
    units = [arm.evidence.clusters for arm in arms]
    pooled = math.sqrt(sum((sd or 0.0) ** 2 for sd in spreads) / 2)
    human = _human_sd(pooled, calibration)
    if found.difference is None or not human or calibration.effects is None:
        return None
    own = sum(1 / n for n in units if n)
    shrunk = shrink(found.difference / pooled, calibration.effects, found.confidence_level, own_variance=own)
    low, high = (end * human for end in shrunk.interval)
    return Prediction(shrunk.value * human, shrunk.standard_error * human, shrunk.df, (low, high))


def _human_sd(simulated: float | None, calibration: "Calibration") -> float | None:
    return simulated * calibration.sd_ratio if simulated and calibration.sd_ratio else None


def _scale(study: Study, found: Estimate) -> Interval | None:
    """The ends of what the estimate can be."""
    instrument: Instrument = study.instrument(found.metric)
    if found.measure == "proportion":
        return 0.0, 1.0
    if found.measure == "mean_rank":
        return 1.0, float(len(instrument.options))
    low, high = instrument.minimum, instrument.maximum
    return None if low is None or high is None else (low, high)


def _predicted(expected: "Prediction", level: float, method: str, scale: Interval | None) -> AboutPeople:
    low, high = scale or (-math.inf, math.inf)
    start, value, end = (min(max(x, low), high) for x in (expected.interval[0], expected.value, expected.interval[1]))
    return AboutPeople(value=value, interval=(start, end), confidence_level=level, method=method)


def _said(answered: RectifiedEstimate) -> AboutPeople:
    fields = answered.model_dump(include=set(AboutPeople.model_fields))
    return AboutPeople.model_validate(fields)


def _worth(found: Found, about: AboutPeople, worth: "Worth") -> Found:
    evidence = found.evidence.model_copy(update=asdict(worth))
    return found.model_copy(update={"evidence": evidence, "about_people": about})


def _overall(
    study: Study, estimates: Iterable[Estimate], comparisons: Iterable[Comparison], before: Evidence
) -> Evidence:
    """A study is worth what the least of its primary results is, comparisons before estimates, controls aside."""
    primary = {instrument.name for instrument in study.instruments if instrument.role == "primary"}
    compared = [c.evidence for c in comparisons if c.metric in primary and not c.is_control]
    alone = [e.evidence for e in estimates if e.metric in primary or not primary]
    least = max(compared or alone, key=lambda one: (one.grade, -one.effective_n), default=before)
    return before.model_copy(
        update={name: getattr(least, name) for name in ("grade", "effective_n", "effective_n_basis", "caveat")}
    )
