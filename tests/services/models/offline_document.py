"""The tables of docs/offline-model.md, made from the code; `python -m tests.services.models.offline_document` does it.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; everything else in the file is written by hand.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from libs.contracts.catalogue import CATALOGUE, resolve
from services.models.domain.offline import laws, lexicon, mind, persona, stages, stimulus
from services.models.domain.offline.coefficients import EFFECTS, INTERCEPTS, Effect

DOCUMENT = Path(__file__).parents[3] / "docs" / "offline-model.md"
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_CONSTANTS = (
    ("stimulus.SATURATION", stimulus.SATURATION, "how fast hits of a text feature add up"),
    ("persona.WORD_WEIGHT", persona.WORD_WEIGHT, "what one word of the profile adds to a disposition"),
    ("persona.WORD_LIMIT", persona.WORD_LIMIT, "the most that words of the profile can say"),
    ("laws.SCALE_SPREAD", laws.SCALE_SPREAD, "κ, spread of the cut points of an ordinal scale"),
    ("laws.NUMERIC_SLOPE", laws.NUMERIC_SLOPE, "divides η of a numeric answer"),
    ("laws.NUMERIC_SCALE", laws.NUMERIC_SCALE, "s, scale of the error of a numeric answer, as a share of the range"),
    ("laws.NUMERIC_STEPS", laws.NUMERIC_STEPS, "a numeric answer is rounded to the range divided by this"),
    ("mind.OPTION_MATCH", mind.OPTION_MATCH, "weight of the match of option and person"),
    ("mind.OPTION_POLARITY_WEIGHT", mind.OPTION_POLARITY_WEIGHT, "weight of η for options that say yes or no"),
    ("mind.OPTION_MENTION", mind.OPTION_MENTION, "weight of an option being mentioned in the stimulus"),
    ("mind.DISPOSITION_WEIGHT", mind.DISPOSITION_WEIGHT, "weight of the disposition in a metric named after it"),
)


def tables() -> dict[str, str]:
    """Every table by name."""
    return {
        "effects": _table(
            ("stimulus factor", "disposition", "attention", "interest", "value", "why"),
            [_effect_row(effect) for effect in (INTERCEPTS, *EFFECTS)],
        ),
        "stages": _table(
            ("stage", "attention", "interest", "value", "polarity", "level, binary", "level, scale", "what it is"),
            [
                (stage.name, *stage.loadings, stage.polarity, stage.yes_no_level, stage.scale_level, stage.meaning)
                for stage in (*stages.STAGES, stages.DISPOSITION)
            ],
        ),
        "stems": _table(("stage", "words in a metric's name or question"), _stem_rows()),
        "catalogue": _table(
            ("metric of the catalogue", "stage"),
            [(name, stages.stage_of(resolve([name])[-1]).name) for name in CATALOGUE],
        ),
        "channels": _table(("channel", "factors"), [(name, _factors(it)) for name, it in stimulus.CHANNELS.items()]),
        "timings": _table(("timing", "factors"), [(name, _factors(it)) for name, it in stimulus.TIMINGS.items()]),
        "constants": _table(("constant", "value", "what it is"), _CONSTANTS),
        "words": _table(
            ("feature", "stems", "phrases"),
            [
                (name, stems, "; ".join(lexicon.PHRASES.get(name, ())) or "—")
                for name, stems in sorted(lexicon.STEMS.items())
            ],
        ),
        "dispositions": _table(
            (
                "disposition",
                "words of a profile",
                "words against it",
                "other names of the trait",
                "names of its opposite",
            ),
            [_disposition_row(name) for name in persona.DISPOSITIONS],
        ),
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _effect_row(effect: Effect) -> tuple[object, ...]:
    weights = (effect.attention, effect.interest, effect.value)
    return (
        effect.stimulus or "—",
        effect.persona or "—",
        *(f"{weight:+.2f}" if weight else "0" for weight in weights),
        effect.meaning,
    )


def _stem_rows() -> list[tuple[str, str]]:
    rows = [("control", f"names that contain one of: {' '.join(stages.CONTROL_NAMES)}")]
    rows += [(stage.name, stage.stems) for stage in stages.STAGES if stage.stems]
    return [*rows, ("(in names only)", stages.ONLY_IN_NAMES)]


def _factors(factors: object) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in dict(factors).items())  # type: ignore[call-overload]


def _disposition_row(name: str) -> tuple[str, ...]:
    topic = next((topic for topic, disposition in persona.INTERESTS.items() if disposition == name), None)
    said = lexicon.DISPOSITION_STEMS.get(name) or (f"those of the topic {topic}" if topic else "—")
    return (
        name,
        said,
        lexicon.OPPOSITE_STEMS.get(name, "—"),
        ", ".join(alias for alias, known in persona.ALIASES.items() if known == name) or "—",
        ", ".join(alias for alias, known in persona.OPPOSITES.items() if known == name) or "—",
    )


def rendered(text: str) -> str:
    """The document with its tables made anew."""
    made = tables()
    return _TABLE.sub(lambda match: f"{match[1]}{made[match[2]]}{match[3]}", text)


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(DOCUMENT.read_text()))
