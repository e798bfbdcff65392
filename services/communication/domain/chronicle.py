"""A chronicle: what was recorded, told in order by rules. It invents nothing, follows no wishes and has no style.

What many agents were shown alike is told once in a part. A part is about as long as was asked for and ends with a
whole item; the next one goes on with the item after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.contracts.instruments import Answer
from services.communication.domain.history import HistoryEntry, HistoryKind

LONGEST_QUOTE = 240
SAYS = {
    HistoryKind.THINK: "thought",
    HistoryKind.RECALL: "remembered",
}


@dataclass(frozen=True, slots=True)
class Chronicle:
    """A part, and the sequence number of the last item it tells."""

    text: str
    through: int


def chronicle(entries: Sequence[HistoryEntry], words: int) -> Chronicle | None:
    """The items from the first on, as many as fit; None when there are none."""
    shown: set[tuple[str, str, str]] = set()
    paragraphs: list[list[str]] = []
    length, through, place = 0, 0, None
    for entry in entries:
        sentences = list(_sentences(entry, shown))
        if length and length + sum(len(sentence.split()) for sentence in sentences) > words:
            break
        if (entry.round, entry.agent_id) != place:
            heading = [] if place is not None and place[0] == entry.round else [f"Round {entry.round}."]
            place = entry.round, entry.agent_id
            paragraphs.append(heading)
        paragraphs[-1] += sentences
        length += sum(len(sentence.split()) for sentence in sentences)
        through = entry.sequence
    text = "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)
    return Chronicle(text, through) if through else None


def _sentences(entry: HistoryEntry, shown: set[tuple[str, str, str]]) -> Iterator[str]:
    name = entry.name
    if entry.kind is HistoryKind.STIMULUS:
        if _shown(entry) not in shown:
            shown.add(_shown(entry))
            yield f"{name} met this{f' ({entry.channel})' if entry.channel else ''}: {_quoted(entry.content)}"
    elif entry.kind is HistoryKind.FAILURE:
        yield f"Of {name} nothing is recorded here: {_cut(str(entry.content))}."
    elif entry.kind is HistoryKind.ANSWER:
        answers = entry.content if isinstance(entry.content, dict) else {}
        listed = [f"{metric.replace('_', ' ')}: {_answer(answer)}" for metric, answer in answers.items()]
        yield f"Asked, {name} answered {'; '.join(listed)}."
    elif entry.kind is HistoryKind.TOOL:
        use = entry.content if isinstance(entry.content, dict) else {}
        feedback = f": {_quoted(use['feedback'])}" if use.get("feedback") else "."
        yield f"{name} used the {_words(use.get('tool'))} ({_words(use.get('action'))}){feedback}"
    elif entry.kind is HistoryKind.TALK:
        yield f"{name} said{f' to {entry.target}' if entry.target else ''}: {_quoted(entry.content)}"
    elif entry.kind is HistoryKind.REACH_OUT:
        words = f": {_quoted(entry.content)}" if entry.content else "."
        yield f"{name} turned to {entry.target or 'the others'}{words}"
    else:
        yield f"{name} {SAYS.get(entry.kind, entry.kind.value.replace('_', ' '))}: {_quoted(entry.content)}"


def _words(name: object) -> str:
    return str(name or "tool").replace("_", " ").lower()


def _shown(entry: HistoryEntry) -> tuple[str, str, str]:
    return entry.step_id, entry.arm, str(entry.content)


def _answer(answer: Answer) -> str:
    if answer is None:
        return "not reached"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, tuple | list):
        return ", then ".join(answer)
    return f"{answer:g}" if isinstance(answer, float | int) else f"“{_cut(answer)}”"


def _quoted(content: object) -> str:
    text = _cut(" ".join(str(content).split()))
    return f"“{text}”" if text.endswith((".", "!", "?", "…")) else f"“{text}.”"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…"
