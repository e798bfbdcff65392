"""What a variant shows, made safe: HTML and Markdown are sanitised for people who look, and become text for agents.

Nothing is ever fetched. Tags that are not allowed go, their text stays; scripts and styles go with their text. Pictures
and links may only have https addresses. An agent reads the text, with the description of each picture and film where it
stands, so that whatever the sanitiser took away is not read either.
"""

from collections.abc import Sequence
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt

from libs.contracts.errors import InvalidError
from libs.contracts.experiments import Format, MediaSpec
from libs.contracts.planning import Media, Rich

ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "td": {"colspan"}, "th": {"colspan"}}
INLINE = frozenset({"a", "b", "code", "em", "i", "img", "s", "span", "strong", "sub", "sup", "td", "th", "u"})
HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
BLOCKS = HEADINGS | {"blockquote", "br", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"}
TAGS = INLINE | BLOCKS | {"tbody", "thead"}
SEEN = {"image": "Picture", "video": "Film"}


def rendered(content: str, written: Format, media: Sequence[MediaSpec], field: str) -> tuple[str, Rich | None]:
    """The text that agents read, and what people see. Raises `InvalidError` when nothing can be read of it."""
    html = None if written == "text" else sanitised(_as_html(content, written))
    text = content if html is None else text_of(html)
    beside = [f"[{SEEN[one.kind]}: {one.alt}]" for one in media]
    text = "\n".join(part for part in (text, *beside) if part)
    if not text:
        raise InvalidError(field, "has no text that anybody could read; pictures need a description (alt)")
    if html is None and not media:
        return text, None
    return text, Rich(html=html, media=tuple(Media(**one.model_dump()) for one in media))


def sanitised(html: str) -> str:
    """HTML with nothing in it but the tags and attributes above."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_elsewhere,
        url_schemes={"https"},
        link_rel="noopener noreferrer nofollow",
    )


def _elsewhere(_: str, name: str, value: str) -> str | None:
    """The value, unless it is an address without a scheme: it would lead into the platform."""
    is_address = name in {"href", "src"}
    return None if is_address and not value.strip().lower().startswith("https:") else value


def text_of(html: str) -> str:
    """The text of sanitised HTML: lines where blocks were, pictures by their description, links by their words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


def _as_html(content: str, written: Format) -> str:
    return content if written == "html" else MarkdownIt("commonmark").enable("table").render(content)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag == "img" and (alt := dict(attrs).get("alt")):
            self.parts.append(f"[Picture: {alt}]")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
