"""Texts of anybody in a PDF: bounded, escaped, and in letters that there are.

The typeface (Fira Sans, embedded as far as it is used) has Latin with all accents, Greek, Cyrillic and Vietnamese.
Chinese, Japanese and Korean are set in typefaces that every PDF reader brings along and that are not in the file.
What is in neither, such as Arabic, Hebrew, Devanagari or Thai, which need their letters joined or placed as well, is
shown as a question mark here and is whole in every other export.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

FONT, BOLD = "FiraSans-Regular", "FiraSans-Bold"
TYPEFACE = "fontpkg_fira_sans"
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
LONGEST = 2_000
"""Longer than any verdict, question or text that is shown whole."""
HAN = ((0x2E80, 0x303F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF))
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))


def plain(text: str) -> str:
    """The text within bounds, with a question mark for each letter that there is not."""
    return "".join(run for _, run in runs(text))


def runs(text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
    """Pieces of the text, each with the typeface that has all its letters."""
    known, kept = _letters(), text[:LONGEST] + ("…" if len(text) > LONGEST else "")
    asian, own = _asian(kept), BOLD if bold else FONT

    def placed(letter: str) -> tuple[str, str]:
        code = ord(letter)
        if code in known:
            return own, letter
        if letter.isspace():
            return own, " "
        return (asian, letter) if asian and _is_in(code, *HAN, *KANA, *HANGUL) else (own, "?")

    for font, pieces in groupby(map(placed, kept), key=lambda one: one[0]):
        yield font, "".join(letter for _, letter in pieces)


def markup(text: str, *, bold: bool = False) -> str:
    """The text for a paragraph; nothing in it is markup but the change of typeface."""
    own = BOLD if bold else FONT
    parts = (
        escape(run) if font == own else f'<font name="{font}">{escape(run)}</font>'
        for font, run in runs(text, bold=bold)
    )
    return "".join(parts)


def strings(
    x: float, y: float, text: str, size: float, *, anchor: str = "start", most: int = 38, colour: Any = None
) -> list[Any]:
    """The text in a drawing: from, up to or around a place, shortened to so many letters."""
    from reportlab.graphics.shapes import String
    from reportlab.pdfbase.pdfmetrics import stringWidth

    short = text if len(text) <= most else text[: most - 1] + "…"
    pieces = [(font, run, stringWidth(run, font, size)) for font, run in runs(short)]
    place = x - sum(width for *_, width in pieces) * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
    found = []
    for font, run, width in pieces:
        found.append(String(place, y, run, fontName=font, fontSize=size, fillColor=colour))
        place += width
    return found


def _asian(text: str) -> str:
    """The typeface of the Chinese, Japanese and Korean letters of a text; "" without any."""
    codes = [ord(letter) for letter in text if ord(letter) >= HANGUL[0][0]]
    if any(_is_in(code, *HANGUL) for code in codes):
        name = KOREAN
    elif any(_is_in(code, *KANA) for code in codes):
        name = JAPANESE
    elif any(_is_in(code, *HAN) for code in codes):
        name = CHINESE
    else:
        return ""
    _register_asian(name)
    return name


def _is_in(code: int, *ranges: tuple[int, int]) -> bool:
    return any(first <= code <= last for first, last in ranges)


@cache
def _register_asian(name: str) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(name))


@cache
def _letters() -> frozenset[int]:
    """The letters of the typeface, which is made known to reportlab thereby."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in (FONT, BOLD):
        with files(TYPEFACE).joinpath("files", f"{name}.ttf").open("rb") as file:
            pdfmetrics.registerFont(TTFont(name, file))
    return frozenset(pdfmetrics.getFont(FONT).face.charToGlyph) & frozenset(pdfmetrics.getFont(BOLD).face.charToGlyph)
