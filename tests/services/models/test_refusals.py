"""Why a server refused, whatever the shape in which it says so."""

import json

import pytest

from services.models.domain.capabilities import BEST, Capabilities, Format, TokenLimit
from services.models.domain.refusals import Cause, read_refusal

OPENAI = {"error": {"message": "it is wrong", "type": "invalid_request_error", "param": None, "code": None}}


@pytest.mark.parametrize(
    "document",
    [
        OPENAI,
        {"object": "error", "message": "it is wrong", "type": "BadRequestError", "code": 400},
        {"error": "it is wrong", "error_type": "validation"},
        {"detail": "it is wrong"},
        {"detail": [{"loc": ["body", "x"], "msg": "it is wrong", "type": "value_error"}]},
        {"error": {"code": 400, "message": "it is wrong", "type": "invalid_request_error"}},
        {"message": "it is wrong"},
        [{"error": {"message": "it is wrong"}}],
        "it is wrong",
    ],
)
def test_the_sentence_is_found_in_every_shape(document):
    assert read_refusal(400, json.dumps(document)).message == "the provider answered 400: it is wrong"
    assert not read_refusal(400, json.dumps(document)).is_retryable


@pytest.mark.parametrize(
    ("status", "said", "cause"),
    [
        (400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "FORMAT"),
        (400, "Failed to parse grammar", "FORMAT"),
        (500, 'response_format type must be one of "text" or "json_object", but got: json_schema', "FORMAT"),
        (422, "Failed to deserialize the JSON body: response_format: missing field `value` at line 1", "FORMAT_VALUE"),
        (400, "litellm.UnsupportedParamsError: x does not support parameters: ['seed'], for model=y", "SEED"),
        (400, "Unsupported parameter: 'max_tokens' is not supported with this model.", "TOKEN_LIMIT"),
        (400, "max_tokens is too large: 128000. This model supports at most 16384 completion tokens", "OTHER"),
        (400, "This model's maximum context length is 2048 tokens; 1024 in the completion", "OTHER"),
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model.", "SYSTEM_ROLE"),
        (400, "System role not supported", "SYSTEM_ROLE"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/...", "ALTERNATION"),
        (400, "The response was filtered due to Azure OpenAI's content management policy", "FILTER"),
        (429, "You exceeded your current quota, please check your plan and billing details.", "QUOTA"),
        (429, "Rate limit reached for json_schema requests", "OTHER"),
        (503, "The grammar server is overloaded", "OTHER"),
        (401, "Incorrect API key: response_format", "OTHER"),
    ],
)
def test_the_cause_is_read_from_what_was_said(status, said, cause):
    assert read_refusal(status, json.dumps({"error": {"message": said}})).cause is Cause[cause]


@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [
        (408, True),
        (409, True),
        (429, True),
        (500, True),
        (503, True),
        (529, True),
        (400, False),
        (401, False),
        (404, False),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(status, is_retryable):
    assert read_refusal(status, "{}").is_retryable is is_retryable


def test_nothing_that_a_server_says_can_be_too_much():
    for body in (
        "",
        "[" * 50_000,
        "{" * 5_000,
        "x" * 1_000_000,
        "\x00\ud800",
        json.dumps({"error": {"message": None}}),
    ):
        assert len(read_refusal(400, body).message) < 300


def test_every_refusal_leads_to_another_way_to_ask_and_to_an_end():
    for cause in Cause:
        asked, ways = BEST, 0
        while (weaker := asked.without(cause)) is not None:
            asked, ways = weaker, ways + 1
            assert ways < 10
    assert BEST.without(Cause.OTHER) is None


def test_all_refusals_together_end_in_the_plainest_request():
    asked, steps = BEST, 0
    while True:
        weaker = next((way for cause in Cause if (way := asked.without(cause)) is not None), None)
        if weaker is None:
            break
        asked, steps = weaker, steps + 1
        assert steps < 20
    assert asked == Capabilities(
        Format.PROMPT, TokenLimit.OLD, seed=False, system_role=False, consecutive_messages=False
    )
