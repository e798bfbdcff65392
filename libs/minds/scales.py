"""Which answers an instrument allows, where they can be listed."""

from libs.contracts.instruments import Answer, Instrument, MetricType


def integer_scale(instrument: Instrument) -> range | None:
    """The values of an ordinal scale with whole ends; None for any other instrument."""
    lowest, highest = instrument.minimum, instrument.maximum
    if instrument.type is not MetricType.ORDINAL or lowest is None or highest is None:
        return None
    if not (lowest.is_integer() and highest.is_integer()):
        return None
    return range(int(lowest), int(highest) + 1)


def values_of(instrument: Instrument) -> dict[str, Answer]:
    """The possible answers by what they are called; none for an instrument whose answers cannot be listed."""
    match instrument.type:
        case MetricType.BINARY:
            return {"true": True, "false": False}
        case MetricType.CHOICE:
            return {option: option for option in instrument.options}
        case MetricType.ORDINAL:
            return {str(value): float(value) for value in integer_scale(instrument) or ()}
        case _:
            return {}
