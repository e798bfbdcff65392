"""Files that need nothing but themselves: a page as HTML, a chart as SVG. No script, no font, no request.

The page's own content policy forbids them as well.
"""

from functools import cache
from importlib.resources import files

from libs.pages.charts import Chart
from libs.pages.markup import Child, stylesheet, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SVG = "http://www.w3.org/2000/svg"
WIDTH = 720
MARGIN = 20


def document(title: str, *content: Child, prose: bool = False) -> bytes:
    """The page of this title; `prose` is for one that holds running text of somebody's own."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        stylesheet(style("charts") + style("style") + (style("prose") if prose else "")),
    )
    body = tag("body", tag("main", *content))
    return ("<!doctype html>\n" + tag("html", head, body, lang="en").source + "\n").encode()


def drawing(title: str, chart: Chart, *, width: int = WIDTH) -> bytes:
    """One chart under its title, as an SVG file."""
    placed = tag("svg", chart, x=MARGIN, y=2 * MARGIN, width=width - 2 * MARGIN, height=chart.height)
    heading = tag("text", title, x=MARGIN, y=MARGIN + 4, class_="title")
    size = {"width": width, "height": chart.height + 3 * MARGIN}
    content = (stylesheet(style("charts")), heading, placed)
    return (tag("svg", *content, xmlns=SVG, class_="drawing", **size).source + "\n").encode()


@cache
def style(name: str) -> str:
    """A style sheet: `charts` for colours and charts, `style` for pages of ours, `prose` for texts of others."""
    return files(__package__).joinpath(f"{name}.css").read_text(encoding="utf-8")
