"""Everybody reads the options in an order of their own, and answers in the order of the study."""

import json
from collections import Counter
from itertools import permutations

from libs.minds.blocks import read_blocks
from libs.minds.options import option_orders
from libs.minds.prompt import turn_prompt
from libs.minds.schema import turn_schema
from tests.libs.minds.examples import BRAND, EMAIL, EVERY, FUNNEL, ORDER, WHY, agent, turn_of

AGENTS = [f"agent_{index:04d}" for index in range(1, 3_001)]


def test_every_question_with_options_has_an_order_and_no_other() -> None:
    orders = option_orders(EVERY, 7, "agent_0001")
    assert {name: sorted(options) for name, options in orders.items()} == {
        BRAND.name: sorted(BRAND.options),
        ORDER.name: sorted(ORDER.options),
    }
    assert option_orders(FUNNEL, 7, "agent_0001") == {}


def test_each_order_is_read_by_as_many_agents() -> None:
    counts = Counter(option_orders([ORDER], 7, agent_id)[ORDER.name] for agent_id in AGENTS)
    assert counts.keys() == set(permutations(ORDER.options))
    chi_square = sum((count - 500) ** 2 / 500 for count in counts.values())
    assert chi_square < 20.5  # 0.999 of chi-square with 5 degrees of freedom


def test_the_order_depends_on_seed_agent_and_metric_and_on_nothing_else() -> None:
    orders = [option_orders([ORDER], 7, agent_id) for agent_id in AGENTS]
    assert orders == [{ORDER.name: option_orders(EVERY, 7, agent_id)[ORDER.name]} for agent_id in AGENTS]
    again = ORDER.model_copy(update={"options": ORDER.options[::-1]})
    assert orders == [option_orders([again], 7, agent_id) for agent_id in AGENTS]
    renamed = ORDER.model_copy(update={"name": "other"})
    for others in (
        [option_orders([ORDER], 8, agent_id)[ORDER.name] for agent_id in AGENTS],
        [option_orders([renamed], 7, agent_id)["other"] for agent_id in AGENTS],
    ):
        same = sum(order[ORDER.name] == other for order, other in zip(orders, others, strict=True))
        assert 400 < same < 600  # one in six by chance


def test_the_shared_questions_name_no_option_and_the_own_part_has_them_in_order() -> None:
    shared, own = turn_prompt(EMAIL, EVERY, agent(), seed=7)
    assert not any("options" in question for question in read_blocks(shared)["questions"])
    expected = {name: list(order) for name, order in option_orders(EVERY, 7, agent().agent_id).items()}
    assert read_blocks(own)["options"] == expected


def test_schema_and_answers_keep_the_spelling_and_order_of_the_study() -> None:
    answers = turn_schema((BRAND, ORDER, WHY))["properties"]["answers"]["properties"]
    assert answers["brand"]["enum"] == list(BRAND.options)
    reply = {"answers": {"brand": "ZENITH", "order": ["Look", "taste", "PRICE"], "why": "So."}}
    given = turn_of(json.dumps(reply), (BRAND, ORDER, WHY)).answers
    assert (given["brand"], given["order"]) == ("Zenith", ("look", "taste", "price"))
