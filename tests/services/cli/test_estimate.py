"""What `rehearsal run` says of the power of a study, before anybody is asked and beside the verdict."""

from typing import Any

from services.cli.estimate import said_of_power, too_little_power
from services.intervention.domain.power import screen
from tests.services.intervention.test_design import made


def estimated(people: int, **design: Any) -> dict[str, Any]:
    """An estimate of a study with so many people in each arm, as the platform answers it."""
    of = made(**design)
    return {"power": screen(of, {arm.name: people for arm in of.arms}).model_dump(mode="json")}


def test_a_power_that_is_enough_is_said_before_the_run_and_not_beside_the_verdict() -> None:
    enough = estimated(500)
    assert said_of_power(enough) == (
        "The power to find an effect of 0.2 standard deviations in purchase_intent is 88%.",
    )
    assert too_little_power(enough) == ()


def test_a_hopeless_and_a_weak_power_are_said_both_times() -> None:
    for people, word in ((60, "Hopeless"), (300, "Weak")):
        few = estimated(people)
        [said] = said_of_power(few)
        assert said.startswith(f"{word}: the power to find an effect of 0.2 standard deviations in purchase_intent is ")
        assert too_little_power(few) == (said,)


def test_where_nothing_is_compared_the_verdict_says_so_itself() -> None:
    alone = estimated(50, variants=[{"name": "a", "content": "A"}])
    assert said_of_power(alone) == ("There is one arm only: nothing is compared.",)
    assert too_little_power(alone) == ()


def test_a_study_without_a_screen_has_nothing_to_say_of_power() -> None:
    for estimate in (None, {"power": None}):
        assert (said_of_power(estimate), too_little_power(estimate)) == ((), ())
