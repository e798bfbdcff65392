"""Responses travel in messages that the bus can carry."""

from datetime import UTC, datetime

from libs.contracts.communication import Response
from libs.contracts.protocol import NO_USAGE
from services.communication.domain.turns import MAX_RESPONSES, in_messages


def response(place: int, text: str) -> Response:
    return Response(
        turn_id=str(place),
        agent_id=f"agent_{place:04d}",
        name="Ana",
        segment=None,
        demographic_profile={"region": "South"},
        status="answered",
        failure=None,
        response=text,
        reasoning=None,
        confidence=None,
        sentiment=None,
        answers={"why": text, "open_rate": True},
        usage=NO_USAGE,
        model="offline",
        responded_at=datetime.now(UTC),
    )


def test_short_responses_fill_messages() -> None:
    everybody = range(2 * MAX_RESPONSES + 50)
    groups = list(in_messages(response(place, "Hm.") for place in everybody))
    assert [len(group) for group in groups] == [MAX_RESPONSES, MAX_RESPONSES, 50]
    assert [item.turn_id for group in groups for item in group] == [
        str(place) for place in range(2 * MAX_RESPONSES + 50)
    ]


def test_long_responses_are_spread_over_messages_below_the_limit_of_the_bus() -> None:
    groups = list(in_messages(response(place, "\U0001f600" * 60_000) for place in range(12)))
    assert sum(map(len, groups)) == 12
    assert all(sum(len(item.model_dump_json().encode()) for item in group) < 4_000_000 for group in groups)


def test_no_responses_make_no_message() -> None:
    assert list(in_messages([])) == []
