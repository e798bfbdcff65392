"""A word processor: documents in Markdown, written, listed and read again by whoever wrote them.

The title is the target of the action and the content is the text, so nothing must be escaped. The form of TinyTroupe,
a JSON object with `title` and `content`, is read as well.
"""

from libs.contracts.base import JsonObject
from libs.minds.artefacts import MAX_CONTENT, MAX_NAME, Artefact, newest
from libs.minds.reply import json_of
from libs.minds.text import plain
from libs.minds.tools.tool import Made, Outcome, Situation, ToolAction
from libs.minds.turn import Action

MOST_LISTED = 30
UNTITLED = "Untitled"


class WordProcessor:
    """Writes, lists and reads the agent's own documents."""

    name = "word_processor"
    instruction = "A word processor for longer texts: reports, letters, plans, lists."
    actions = (
        ToolAction(
            "WRITE_DOCUMENT",
            "writes a document, finished and whole: `target` is its title, `content` its text in Markdown, with "
            "headings, lists and tables where they help; a document of the same title is replaced",
            MAX_CONTENT,
        ),
        ToolAction("LIST_DOCUMENTS", "lists the titles of one's own documents; empty content"),
        ToolAction("READ_DOCUMENT", "shows one of one's own documents again: `target` is its title"),
    )

    def use(self, action: Action, situation: Situation) -> Outcome:
        """Carry out one action."""
        documents = newest(situation.artefacts)
        match action.type:
            case "WRITE_DOCUMENT":
                return _write(action)
            case "LIST_DOCUMENTS":
                titles = [document.name for document in documents.values()][-MOST_LISTED:]
                return Outcome(feedback=f"Your documents: {'; '.join(titles)}." if titles else "You have no documents.")
        wanted = (action.target or action.content).casefold().strip()
        found = documents.get(wanted)
        if found is None:
            return Outcome(feedback=f"You have no document {action.target or action.content!r}.")
        return Outcome(feedback=_shown(found))


def _write(action: Action) -> Outcome:
    stated = _stated(action.content)
    title = plain(action.target or stated.get("title") or _heading(action.content), MAX_NAME) or UNTITLED
    text = plain(stated.get("content", action.content), MAX_CONTENT)
    if not text:
        return Outcome(feedback=f"Nothing was written: the document {title!r} has no text.")
    return Outcome((Made("document", title, text, "markdown"),), f"The document {title!r} was saved.")


def _stated(content: str) -> JsonObject:
    """The document in TinyTroupe's form; empty for a plain text."""
    if not content.lstrip().startswith("{"):
        return {}
    try:
        found = json_of(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("content"), str) else {}


def _heading(text: str) -> str:
    """The first line, when it is a heading."""
    first = text.lstrip().partition("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


def _shown(document: Artefact) -> str:
    return f"{document.name}:\n{document.content}"
