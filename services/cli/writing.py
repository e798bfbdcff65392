"""`rehearsal story`, `enrich` and `style`: texts on standard output, what is about them on stderr."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from libs.contracts.base import JsonObject
from libs.contracts.tools import EnrichmentSpec, StorySpec, StyleSpec
from services.cli.exits import Exit, say
from services.cli.files import checked, given, save, text_of
from services.cli.output import print_json, print_one
from services.cli.own import Source
from services.cli.verdict import usage_line


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be written anew, as the command line names it."""

    file: str
    kind: str
    context: Path | None
    model: str
    seed: int

    def body(self) -> JsonObject:
        """The part of the request that is about the text."""
        return {
            "content": text_of(self.file),
            "content_type": self.kind,
            "context": text_of(str(self.context)) if self.context else "",
            "model": self.model,
            "seed": self.seed,
        }


async def tell_story(simulation_id: str, spec: JsonObject, source: Source, *, as_json: bool) -> Exit:
    """Have a part told and print it."""
    checked(StorySpec, spec)
    async with source.connect() as client:
        part = await client.tell_story(simulation_id, given(spec))
    if as_json:
        print_json(part)
        return Exit.COMPLETED
    print(_readable(part["text"]))
    for note in part["notes"]:
        say(f"Note: {note}.")
    say(f"{part['notice']} Part {part['part']}, {part['kind']}. Go on with: --continue {part['story_id']}")
    return Exit.COMPLETED


async def show_story(simulation_id: str, story_id: str, source: Source, *, as_json: bool) -> Exit:
    """Print a story from its beginning."""
    async with source.connect() as client:
        story = await client.story(simulation_id, story_id)
    print_one(story, _readable(story["text"]), as_json=as_json)
    if not as_json:
        say(story["notice"])
    return Exit.COMPLETED


async def write_anew(
    how: Literal["enrich", "style"], text: Text, wish: JsonObject, out: Path | None, source: Source, *, as_json: bool
) -> Exit:
    """Have a text written anew; print it, or write it to a file."""
    body = {**text.body(), **wish}
    checked(EnrichmentSpec if how == "enrich" else StyleSpec, body)
    async with source.connect() as client:
        written = await (client.enrich(given(body)) if how == "enrich" else client.style(given(body)))
    if out is not None:
        save(out, f"{written['content']}\n".encode())
    if as_json:
        print_json(written)
    elif out is None:
        print(_readable(written["content"]))
    say(f"{written['model']}: {usage_line(written['usage'])}")
    return Exit.COMPLETED


def _readable(text: str) -> str:
    """Text without control characters other than line breaks and tabs: it may not move a terminal's cursor."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in text)
