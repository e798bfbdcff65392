"""Reads a segment's particularities ("25-35 years old, high income, tech-savvy") into constraints, by rules.

Every constraint always holds for everybody drawn, so words are only understood when they leave no doubt: a clause with
a hedge ("mostly women") or a word no rule knows is kept as not understood and shown back, never half obeyed or dropped.
"""

import re
from dataclasses import dataclass, field

from services.population.domain.ages import WAYS
from services.population.domain.phrasebook import Phrasebook, load_phrasebook
from services.population.domain.templates import Template

STRONG = 0.4
READ = " \x00 "
CLAUSES = re.compile(r"[;\n/]+|,(?!\d)|\.(?:\s|$)|\s[-–—]\s|\b(?:but|plus|as well as)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One understood phrase: values of a dimension, years of age, or one side of a trait."""

    text: str
    dimension: str
    allowed: frozenset[str] = frozenset()
    minimum: float | None = None
    maximum: float | None = None
    is_trait: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a text."""

    understood: tuple[Constraint, ...] = ()
    not_understood: tuple[str, ...] = ()


@dataclass(slots=True)
class _Clause:
    """A clause while it is read; `left` is what no rule has read yet."""

    text: str
    left: str
    found: list[Constraint] = field(default_factory=list)
    is_clear: bool = True

    def take(self, match: re.Match[str], negation: re.Pattern[str]) -> tuple[str, bool]:
        """Marks a phrase as read, with a negation before it: its words, and whether they were negated."""
        before = negation.search(self.left[: match.start()])
        start = before.start() if before else match.start()
        words = self.left[start : match.end()].strip()
        self.left = self.left[:start] + READ + self.left[match.end() :]
        return words, before is not None


def read(text: str, template: Template) -> Reading:
    """Constraints of a text, for the people of a template."""
    understood: list[Constraint] = []
    not_understood: list[str] = []
    for part in CLAUSES.split(text.replace("\x00", " ")):
        words = " ".join(part.split())
        for clause in _clauses(words, template) if words else ():
            if clause.is_clear:
                understood += clause.found
            else:
                not_understood.append(clause.text)
    return Reading(tuple(understood), tuple(not_understood))


def _clauses(words: str, template: Template) -> list[_Clause]:
    """The clause read whole or, where that is not clear, its parts between "and", each judged by itself."""
    whole = _read_clause(words, template)
    parts = [part.strip() for part in re.split(r"\band\b", words) if part.strip()]
    if whole.is_clear or len(parts) < 2:
        return [whole]
    return [_read_clause(part, template) for part in parts]


def _read_clause(words: str, template: Template) -> _Clause:
    clause = _Clause(words, words)
    book = load_phrasebook()
    if alternatives := _either(words, template):
        clause.found.append(alternatives)
        return clause
    _read_ages(clause, book)
    if book.doubtful.search(clause.left):
        clause.is_clear = False
        return clause
    for pattern, other in book.reworded:
        clause.left = pattern.sub(other, clause.left)
    _read_region(clause, template, book)
    _read_traits(clause, book)
    _read_attributes(clause, template, book)
    if re.search(r"\band\b|&", words):
        clause.found = _united(clause.found)
    rest = book.fillers.sub(" ", clause.left)
    clause.is_clear = clause.is_clear and bool(clause.found) and not re.search(r"\w", rest)
    return clause


def _either(words: str, template: Template) -> Constraint | None:
    """Reads "married or widowed": the union, when every part says just one thing about the same dimension."""
    parts = re.split(r"\s+or\s+", words)
    if len(parts) < 2:
        return None
    clauses = [_read_clause(part, template) for part in parts]
    found = [constraint for clause in clauses for constraint in clause.found]
    dimensions = {constraint.dimension for constraint in found}
    if not all(clause.is_clear for clause in clauses) or len(found) != len(parts) or len(dimensions) != 1:
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
        find = said.pattern.fullmatch if said.whole_clause else said.pattern.search
        while match := find(clause.left):
            low, high = said.years(match)
            words, negated = clause.take(match, book.negation)
            clause.is_clear = clause.is_clear and not negated
            clause.found.append(Constraint(words, "age", minimum=low, maximum=high))


def _read_region(clause: _Clause, template: Template, book: Phrasebook) -> None:
    dimension = template.dimensions["region"]
    names = {region.lower(): region for region in dimension.values}
    names |= {word: region for region, words in dimension.aliases.items() for word in words}
    for name in sorted(names, key=len, reverse=True):
        if name in clause.left.lower() and (match := re.search(rf"\b{re.escape(name)}\b", clause.left, re.IGNORECASE)):
            words, negated = clause.take(match, book.negation)
            values = frozenset({names[name]})
            allowed = frozenset(dimension.values) - values if negated else values
            clause.found.append(Constraint(words, "region", allowed))


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
            clause.is_clear = clause.is_clear and bool(values)
            clause.found.append(Constraint(words, entry.dimension, allowed))
