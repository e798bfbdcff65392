"""What an arm shares comes first, and is most of the prompt."""

from libs.contracts.protocol import Stimulus
from libs.contracts.turns import ChatMessage
from libs.minds.blocks import canonical
from libs.minds.memory import episode, remember
from libs.minds.prompt import turn_prompt
from libs.minds.schema import turn_schema
from tests.libs.minds.examples import EMAIL, EVERY, FUNNEL, agent, turn_of

PROSE, JSON = 4.5, 3.5  # characters in a token of the usual tokenizers, rather too few than too many


def tokens(messages: tuple[ChatMessage, ...]) -> float:
    """An estimate from above."""
    return sum(len(message.content) / (PROSE if message.role == "system" else JSON) for message in messages)


def test_agents_of_one_arm_share_the_same_bytes_before_their_own() -> None:
    first_shared, first_own = turn_prompt(EMAIL, FUNNEL, agent(1))
    second_shared, second_own = turn_prompt(EMAIL, FUNNEL, agent(2, segment=None, name="Bo Chen"))
    assert first_shared == second_shared
    assert first_own != second_own


def test_most_of_a_survey_prompt_is_shared() -> None:
    shared, own = turn_prompt(EMAIL, FUNNEL, agent())
    assert tokens(shared) >= 0.6 * (tokens(shared) + tokens(own))
    assert tokens(shared[:1]) >= 900


def test_a_prompt_with_a_whole_persona_and_a_full_memory_is_short() -> None:
    reply = '{"actions": [{"type": "THINK", "content": "%s"}], "answers": {}}' % ("so tired " * 99)
    past = remember([episode(number, EMAIL, turn_of(reply, ())) for number in range(1, 9)])
    shared, own = turn_prompt(EMAIL, FUNNEL, agent(), past)
    assert len(canonical(past.block())) > 600
    assert tokens(shared) + tokens(own) <= 2_200


def test_a_prompt_ends_with_the_call_to_answer_and_starts_with_the_rules() -> None:
    shared, own = turn_prompt(EMAIL, FUNNEL, agent())
    assert [message.role for message in (*shared, *own)] == ["system", "user", "user"]
    assert own[-1].content.endswith("JSON only.")


def test_the_rules_explain_every_field_of_the_schema() -> None:
    (system, _), _ = turn_prompt(None, EVERY, agent())
    assert all(f"`{field}`" in system.content for field in turn_schema(EVERY)["properties"])


def test_different_stimuli_change_only_what_comes_after_the_rules() -> None:
    other = Stimulus(content="Our clinical studies show 89% improvement...", channel="email", timing="afternoon")
    one, _ = turn_prompt(EMAIL, FUNNEL, agent())
    two, _ = turn_prompt(other, FUNNEL, agent())
    assert one[0] == two[0]
    assert one[1] != two[1]
