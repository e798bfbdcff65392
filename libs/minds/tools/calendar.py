"""A calendar on the simulated clock: events are entered, and found again by day or span.

Times are local to the simulation and have no zone. A model writes them in many ways; what cannot be read as a date is
said back, never guessed.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from libs.contracts.base import JsonObject
from libs.minds.artefacts import MAX_NAME, Artefact, newest
from libs.minds.blocks import canonical
from libs.minds.reply import json_of
from libs.minds.text import MAX_TEXT, plain
from libs.minds.tools.tool import Made, Outcome, Situation, ToolAction
from libs.minds.turn import Action

MOST_SHOWN = 20
MOST_ATTENDEES = 20
USUAL = timedelta(hours=1)
AHEAD = timedelta(days=7)
DAY = timedelta(days=1)
YEARS = range(1900, 2200)


class Event(NamedTuple):
    """An entry of a calendar."""

    title: str
    start: datetime
    end: datetime
    description: str
    attendees: tuple[str, ...]

    def shown(self) -> str:
        """One line of a list."""
        who = f", with {', '.join(self.attendees)}" if self.attendees else ""
        return f"{self.start:%Y-%m-%d %H:%M}–{self.end:%H:%M} {self.title}{who}"


class Calendar:
    """Enters and finds the agent's own events."""

    name = "calendar"
    instruction = "A calendar of one's own. Times are written like 2026-01-31T09:30."
    actions = (
        ToolAction(
            "CREATE_EVENT",
            "enters an event: `target` is its title, `content` a JSON object with `start`, `end`, `description` and "
            "`attendees` (a list of names), of which only `start` is needed; an event of the same title is moved",
        ),
        ToolAction(
            "FIND_EVENTS",
            "looks events up: `content` is a day, or two times with / between them; empty for the next seven days",
        ),
    )

    def use(self, action: Action, situation: Situation) -> Outcome:
        """Carry out one action."""
        events = {key: _event_of(artefact) for key, artefact in newest(situation.artefacts).items()}
        if action.type == "CREATE_EVENT":
            return _create(action, events)
        return _find(action.content, situation.at, list(events.values()))


def _create(action: Action, events: dict[str, Event]) -> Outcome:
    stated = _stated(action.content)
    title = plain(action.target or stated.get("title"), MAX_NAME)
    start = _time(stated.get("start") or stated.get("start_time") or stated.get("date"))
    if not title or start is None:
        missing = "a `start` like 2026-01-31T09:30" if title else "a title"
        return Outcome(feedback=f"No event was entered: it needs {missing}.")
    end = _time(stated.get("end") or stated.get("end_time")) or start + USUAL
    if end <= start:
        return Outcome(feedback=f"The event {title!r} was not entered: it ends before it starts.")
    event = Event(title, start, end, plain(stated.get("description"), MAX_TEXT), _names(stated.get("attendees")))
    others = [other for key, other in events.items() if key != title.casefold()]
    clashing = [other.title for other in others if other.start < end and other.end > start]
    content = canonical(event._asdict() | {"start": _written(start), "end": _written(end)})
    clash = f" It clashes with {'; '.join(clashing[:3])}." if clashing else ""
    return Outcome((Made("event", title, content, "json"),), f"Entered: {event.shown()}.{clash}")


def _find(wanted: str, now: datetime | None, events: list[Event]) -> Outcome:
    first, last = _span(wanted, _local(now))
    if wanted and first is None:
        return Outcome(feedback=f"{wanted!r} is no day and no span, like 2026-01-31 or 2026-01-31/2026-02-02.")
    found = [
        event
        for event in sorted(events, key=lambda event: (event.start, event.title))
        if (first is None or event.end > first) and (last is None or event.start < last)
    ]
    if not found:
        return Outcome(feedback="There is nothing in your calendar then.")
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return Outcome(feedback=f"In your calendar: {'; '.join(event.shown() for event in found[:MOST_SHOWN])}{more}.")


def _span(wanted: str, now: datetime | None) -> tuple[datetime | None, datetime | None]:
    """From and until; (None, None) when nothing is asked and there is no clock, or what is asked cannot be read."""
    if not wanted:
        return (None, None) if now is None else (now, now + AHEAD)
    begin, separator, finish = wanted.partition("/")
    first = _time(begin)
    if first is None:
        return None, None
    if not separator:
        return first, first + (DAY if (first.hour, first.minute) == (0, 0) else USUAL)
    last = _time(finish)
    if last is None:
        return None, None
    return first, last + DAY if (last.hour, last.minute) == (0, 0) else last


def _stated(content: str) -> JsonObject:
    """The fields of an event; a bare time is its start."""
    try:
        found = json_of(content)
    except ValueError:
        return {"start": content}
    return found if isinstance(found, dict) else {"start": content}


def _time(value: object) -> datetime | None:
    text = value.strip() if isinstance(value, str) else ""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _local(time) if time.year in YEARS else None


def _local(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=None, second=0, microsecond=0)


def _written(time: datetime) -> str:
    return time.isoformat(timespec="minutes")


def _names(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    names = (plain(item, MAX_NAME) for item in items[:MOST_ATTENDEES])
    return tuple(name for name in names if name)


def _event_of(artefact: Artefact) -> Event:
    """An event as it was written here."""
    found = json_of(artefact.content)
    fields: JsonObject = found if isinstance(found, dict) else {}
    start, end = datetime.fromisoformat(fields["start"]), datetime.fromisoformat(fields["end"])
    return Event(fields["title"], start, end, fields["description"], tuple(fields["attendees"]))
