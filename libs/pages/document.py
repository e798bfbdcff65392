"""One HTML file that needs nothing else: no script, no font, no request; its own content policy forbids them too."""

from functools import cache
from importlib.resources import files

from libs.pages.markup import Child, stylesheet, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, *content: Child) -> bytes:
    """The page of this title."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        stylesheet(style()),
    )
    body = tag("body", tag("main", *content))
    return ("<!doctype html>\n" + tag("html", head, body, lang="en").source + "\n").encode()


@cache
def style() -> str:
    """The one style sheet, for light, dark and print."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")
