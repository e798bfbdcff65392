"""Text that a model wrote, made safe to store and send on: cut, no NUL (PostgreSQL refuses it), no lone surrogates."""

MAX_TEXT = 2_000
MAX_SHOWN = 80


def plain(value: object, longest: int) -> str:
    """A string without surrounding space, at most `longest` characters; "" for anything that is not text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).replace("\x00", "").strip()
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def shown(value: object) -> str:
    """A short form of a value for an error message."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
