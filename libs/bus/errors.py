"""What a handler may raise to say how its message is to be treated."""


class NotReadyError(Exception):
    """Something this message needs has not arrived yet: it is tried again soon, and no failure is counted."""


class OnHoldError(Exception):
    """Somebody has to decide something first: it is tried again every few seconds, for as long as that takes."""


class UndecodableError(Exception):
    """A message that no retry can make readable: it goes to the dead letters at once."""
