"""Names as people read them, `purchase intent` for `purchase_intent`; never for looking something up."""


def in_words(name: str) -> str:
    """The name of a metric, an arm or an attribute, without underscores."""
    return name.replace("_", " ")


def titled(metric: str, option: str | None = None) -> str:
    """A metric, or one option of it."""
    return in_words(metric if option is None else f"{metric}: {option}")


def capital(sentence: str) -> str:
    """A sentence that begins with a name."""
    return sentence[:1].upper() + sentence[1:]
