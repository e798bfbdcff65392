"""Elements that every page is built of: chart rows, tables, facts, disclosures."""

from collections.abc import Iterable, Sequence

from libs.pages.markup import Child, Html, join, tag


def said(text: str) -> Html:
    """A text from outside, kept apart from ours in its writing direction."""
    return tag("bdi", text)


def row(label: Html, chart: Html, figure: Html) -> Html:
    """A chart with its label and its number; on a phone the chart goes below them."""
    cells = (tag("div", label, class_="row-label"), tag("div", chart, class_="row-chart"))
    return tag("div", *cells, tag("div", figure, class_="row-figure"), class_="row")


def figure(strong: str, quiet: str) -> Html:
    """A number and, quieter, its interval or its base."""
    return join(tag("b", strong), " ", tag("span", quiet, class_="quiet"))


def table(caption: str, head: Sequence[Child], rows: Iterable[Sequence[Child]], *, numbers_from: int) -> Html:
    """A table; columns from `numbers_from` on hold numbers. Each cell carries its heading for narrow screens."""
    names = [cell if isinstance(cell, str) else "" for cell in head]
    kinds = ["number" if index >= numbers_from else None for index in range(len(head))]
    heading = tag("tr", *(tag("th", cell, scope="col", class_=kind) for cell, kind in zip(head, kinds, strict=True)))
    body = [
        tag(
            "tr",
            *(
                tag("td", tag("div", cell), class_=kind, data_name=name)
                for cell, kind, name in zip(cells, kinds, names, strict=True)
            ),
        )
        for cells in rows
    ]
    inner = join(tag("caption", caption), tag("thead", heading), tag("tbody", *body))
    return tag("div", tag("table", inner), class_="table", tabindex=0, role="group", aria_label=caption)


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")


def disclosure(summary: Child, *body: Child) -> Html:
    """Something behind a click; it is printed open."""
    return tag("details", tag("summary", summary), *body)
