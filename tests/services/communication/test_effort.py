"""Processor time of one process, divided among what it does at the same time."""

from services.communication.domain.effort import Effort


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_is_shared_by_what_is_at_hand_and_adds_up() -> None:
    clock = Clock()
    effort = Effort(clock)
    clock.now = 1.0  # nothing is at hand: nobody's
    with effort.of_work() as first:
        clock.now = 3.0
        with effort.of_work() as second:
            clock.now = 7.0
            assert second.seconds() == 2.0
        clock.now = 8.0
    clock.now = 99.0
    assert (first.seconds(), second.seconds()) == (5.0, 2.0)
