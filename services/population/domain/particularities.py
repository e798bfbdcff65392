"""Reads a segment's particularities ("25-35 years old, high income, tech-savvy") into constraints, by rules.

Every constraint always holds for everybody drawn, so words are only understood when they leave no doubt. A clause is
read from its beginning up to the first word no rule knows; the remainder is shown back as not understood. A clause with
a hedge ("mostly women") or an unread negation, exception or "or" is never half read: it is shown back whole.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from libs.contracts.demographics import Template
from services.population.domain.ages import WAYS
from services.population.domain.phrasebook import Phrasebook, load_phrasebook, word_pattern

STRONG = 0.4
MARK = 0xE000
MARKS = re.compile("[\ue000-\uf8ff]")
CLAUSES = re.compile(
    r"[;\n/]+|,(?!\d)|\.(?:\s|$)|\s[-–—]\s|(?<!all\s)(?<!any\s)(?<!one\s)(?<!body\s)\bbut\b|\b(?:plus|as well as)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One understood phrase: values of a dimension, years of age, or one side of a trait."""

    text: str
    dimension: str
    allowed: frozenset[str] = frozenset()
    minimum: float | None = None
    maximum: float | None = None
    is_trait: bool = False
    by: Literal["rules", "model"] = "rules"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a text."""

    understood: tuple[Constraint, ...] = ()
    not_understood: tuple[str, ...] = ()


@dataclass(slots=True)
class _Clause:
    """A clause while it is read: in `left`, sign MARK + n stands where `found[n]` was read.

    `unusable` are phrases for which the template has no value; `rest` is what is not understood in the end.
    """

    text: str
    left: str
    found: list[Constraint] = field(default_factory=list)
    unusable: set[int] = field(default_factory=set)
    is_clear: bool = True
    rest: str = ""

    def take(self, match: re.Match[str], negation: re.Pattern[str]) -> tuple[str, bool]:
        """Marks a phrase as read, with a negation before it: its words, and whether they were negated."""
        before = negation.search(self.left[: match.start()])
        start = before.start() if before else match.start()
        words = self.left[start : match.end()].strip()
        self.left = self.left[:start] + f" {chr(MARK + len(self.found))} " + self.left[match.end() :]
        return words, before is not None


def read(text: str, template: Template) -> Reading:
    """Constraints of a text, for the people of a template."""
    understood: list[Constraint] = []
    not_understood: list[str] = []
    for part in CLAUSES.split(MARKS.sub(" ", text).replace("’", "'")):
        if words := " ".join(part.split()):
            clause = _read_clause(words, template)
            understood += clause.found
            not_understood += [clause.rest] if clause.rest else []
    return Reading(tuple(understood), tuple(not_understood))


def _read_clause(words: str, template: Template) -> _Clause:
    clause = _Clause(words, words)
    book = load_phrasebook()
    if alternatives := _either(words, template):
        clause.found.append(alternatives)
        return clause
    _read_ages(clause, book)
    clause.is_clear = clause.is_clear and not book.doubtful.search(clause.left)
    for pattern, other in book.reworded:
        clause.left = pattern.sub(other, clause.left)
    _read_names(clause, template, book)
    _read_traits(clause, book)
    _read_attributes(clause, template, book)
    clause.is_clear = clause.is_clear and not book.reversing.search(clause.left)
    _keep_beginning(clause, book)
    return clause


def _keep_beginning(clause: _Clause, book: Phrasebook) -> None:
    """Keeps what was read before the first unknown word; what follows may be its object ("who love rich men").

    A phrase that runs straight into the unknown word ("rich food lovers", "over 20 years of experience") goes with it.
    """
    blank = book.fillers.sub(lambda match: " " * len(match[0]), clause.left)
    blank = "".join("x" if ord(sign) - MARK in clause.unusable else sign for sign in blank)
    unknown = re.search(r"\w", blank)
    end = unknown.start() if unknown else len(blank)
    kept = list(MARKS.finditer(clause.left, 0, end))
    while unknown and kept and _runs_on(clause.found[ord(kept[-1][0]) - MARK].text, clause.left[kept[-1].end() : end]):
        end = kept.pop().start()
    if not clause.is_clear or not kept:
        clause.found, clause.rest = [], clause.text
        return
    rest = MARKS.sub(lambda match: clause.found[ord(match[0]) - MARK].text, clause.left[end:])
    clause.rest = " ".join(rest.split()) if unknown else ""
    clause.found = [clause.found[ord(mark[0]) - MARK] for mark in kept]
    if re.search(r"\band\b|&", clause.left[:end]):
        clause.found = _united(clause.found)


def _runs_on(phrase: str, gap: str) -> bool:
    """Whether a phrase may be a part of the words after the gap: nothing but "of" between, or years of something."""
    return bool(re.fullmatch(r"[\s-]*(?:of\s+(?:(?:an?|the)\s+)?)?", gap) or re.search(r"(?:years?|yrs?)$", phrase))


def _either(words: str, template: Template) -> Constraint | None:
    """Reads "married or widowed": the union, when every part says just one thing about the same dimension."""
    parts = re.split(r"\s+or\s+", words)
    if len(parts) < 2:
        return None
    clauses = [_read_clause(part, template) for part in parts]
    found = [constraint for clause in clauses for constraint in clause.found]
    dimensions = {constraint.dimension for constraint in found}
    if any(clause.rest for clause in clauses) or len(found) != len(parts) or len(dimensions) != 1:
        return None
    if not all(constraint.allowed for constraint in found):
        return None
    return Constraint(words, found[0].dimension, frozenset().union(*(constraint.allowed for constraint in found)))


def _united(found: list[Constraint]) -> list[Constraint]:
    """ "Men and women": values of one dimension that exclude each other, joined by "and", mean all of them."""
    united: list[Constraint] = []
    for constraint in found:
        for place, other in enumerate(united):
            if other.allowed and other.dimension == constraint.dimension and not other.allowed & constraint.allowed:
                text = f"{other.text} and {constraint.text}"
                united[place] = Constraint(text, other.dimension, other.allowed | constraint.allowed)
                break
        else:
            united.append(constraint)
    return united


def _read_ages(clause: _Clause, book: Phrasebook) -> None:
    for said in WAYS:
        while match := said.pattern.search(clause.left):
            low, high = said.years(match)
            words, negated = clause.take(match, book.negation)
            clause.is_clear = clause.is_clear and not negated
            clause.found.append(Constraint(words, "age", minimum=low, maximum=high))


def _read_names(clause: _Clause, template: Template, book: Phrasebook) -> None:
    """Regions by their names, and whatever the template has words for, long words before short ones."""
    names = {region.lower(): ("region", region) for region in template.dimensions["region"].values}
    for dimension, margin in template.dimensions.items():
        names |= {word.lower(): (dimension, value) for value, words in margin.aliases.items() for word in words}
    for name in sorted(names, key=len, reverse=True):
        if name in clause.left.lower() and (match := word_pattern(name).search(clause.left)):
            words, negated = clause.take(match, book.negation)
            dimension, value = names[name]
            members = frozenset(template.dimensions[dimension].members(value))
            others = frozenset(template.dimensions[dimension].values) - members
            clause.found.append(Constraint(words, dimension, others if negated else members))


def _read_traits(clause: _Clause, book: Phrasebook) -> None:
    for pattern, entry in book.traits:
        while match := pattern.search(clause.left):
            words, negated = clause.take(match, book.negation)
            if (entry.side > 0) != negated:
                clause.found.append(Constraint(words, entry.trait, minimum=STRONG, is_trait=True))
            else:
                clause.found.append(Constraint(words, entry.trait, maximum=-STRONG, is_trait=True))


def _read_attributes(clause: _Clause, template: Template, book: Phrasebook) -> None:
    for pattern, entry in book.attributes:
        while match := pattern.search(clause.left):
            words, negated = clause.take(match, book.negation)
            dimension = template.dimensions[entry.dimension]
            values = {value for name in entry.values for value in dimension.levels.get(name, ())}
            values |= set(entry.values) & set(dimension.values)
            allowed = frozenset(dimension.values) - values if negated else frozenset(values)
            if not values:
                clause.unusable.add(len(clause.found))
                clause.is_clear = clause.is_clear and not negated
            clause.found.append(Constraint(words, entry.dimension, allowed))
