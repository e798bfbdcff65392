"""Laws of the metric catalogue and of how a request's metrics become instruments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.contracts.anchors import ANCHORS
from libs.contracts.base import JsonObject
from libs.contracts.catalogue import CATALOGUE, resolve
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import MetricType
from libs.contracts.specs import MetricSpec

NAMED = [
    "open_rate",
    "click_through",
    "conversion_rate",
    "purchase_intent",
    "engagement",
    "sign_up_rate",
    "share_intent",
    "unsubscribe",
    "recommendation",
    "satisfaction",
    "trust",
    "adoption_intent",
    "usage_frequency",
    "feature_usefulness",
    "policy_support",
    "perceived_fairness",
    "compliance_intent",
    "message_recall",
    "brand_awareness",
    "price_perception",
    "annoyance",
]


def own(name: str, kind: MetricType = MetricType.BINARY, **more: object) -> MetricSpec:
    return MetricSpec.model_validate({"name": name, "type": kind, "question": f"{name}?", **more})


def refused(*metrics: str | MetricSpec, field: str = "success_metrics") -> tuple[str, str, tuple[str, ...]]:
    with pytest.raises(InvalidError) as caught:
        resolve(metrics, field)
    [error] = caught.value.errors
    return error.field, error.message, error.allowed


def test_the_catalogue_names_the_promised_metrics() -> None:
    assert set(NAMED) <= set(CATALOGUE)
    assert len(CATALOGUE) >= 20


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_catalogue_metric_is_completely_declared(name: str) -> None:
    metric = CATALOGUE[name]
    assert len(metric.question) > 20
    scaled = metric.type in {MetricType.ORDINAL, MetricType.NUMERIC}
    assert (metric.minimum is not None and metric.maximum is not None) == scaled
    if metric.minimum is not None and metric.maximum is not None:
        assert metric.minimum < metric.maximum
    assert (len(metric.options) >= 2) == (metric.type in {MetricType.CHOICE, MetricType.RANKING})
    if metric.requires:
        assert CATALOGUE[metric.requires].type is MetricType.BINARY


def test_the_metrics_of_the_public_example_resolve_to_a_funnel_and_an_intent_everybody_is_asked() -> None:
    opened, clicked, intent = resolve(["open_rate", "click_through", "purchase_intent"])
    assert (opened.name, opened.type, opened.requires, opened.role) == ("open_rate", "binary", None, "primary")
    assert (clicked.name, clicked.requires, clicked.role) == ("click_through", "open_rate", "secondary")
    assert (intent.type, intent.minimum, intent.maximum, intent.requires) == ("ordinal", 1, 10, None)


def test_an_unlisted_parent_is_added_as_secondary_before_its_child() -> None:
    instruments = resolve(["purchase_intent", "conversion_rate"])
    assert [(each.name, each.role) for each in instruments] == [
        ("purchase_intent", "primary"),
        ("open_rate", "secondary"),
        ("click_through", "secondary"),
        ("conversion_rate", "secondary"),
    ]


def test_a_listed_child_stays_primary_when_its_parent_is_added() -> None:
    assert [(each.name, each.role) for each in resolve(["click_through"])] == [
        ("open_rate", "secondary"),
        ("click_through", "primary"),
    ]


def test_a_guardrail_is_never_primary_by_its_place() -> None:
    assert {each.name: each.role for each in resolve(["unsubscribe", "trust"])} == {
        "open_rate": "secondary",
        "unsubscribe": "guardrail",
        "trust": "primary",
    }


def test_a_declared_role_stands_and_a_declared_primary_replaces_the_first() -> None:
    roles = [each.role for each in resolve(["open_rate", own("visit", role="primary"), own("pain", role="guardrail")])]
    assert roles == ["secondary", "primary", "guardrail"]


def test_a_custom_metric_keeps_its_scale_options_and_question() -> None:
    score, pick = resolve(
        [own("worth", MetricType.NUMERIC, scale=[0, 50]), own("pick", MetricType.CHOICE, options=["a", "b"])]
    )
    assert (score.minimum, score.maximum, score.question) == (0, 50, "worth?")
    assert pick.options == ("a", "b")


def test_a_custom_metric_may_replace_the_catalogue_metric_of_its_name() -> None:
    instruments = resolve([own("open_rate"), "click_through"])
    assert instruments[0].question == "open_rate?"


def test_an_unknown_name_is_refused_with_the_names_a_guess_and_how_to_declare_ones_own() -> None:
    field, message, allowed = refused("open_rate", "Click Throughs")
    assert field == "success_metrics.1"
    assert "did you mean 'click_through'?" in message
    assert '"type": "binary|ordinal|numeric|choice|ranking|text"' in message
    assert set(allowed) == set(CATALOGUE)


def test_a_name_like_nothing_known_gets_no_guess() -> None:
    _, message, _ = refused("zzzzqqqq")
    assert "did you mean" not in message


def test_the_field_is_named_as_the_request_calls_it() -> None:
    assert refused("nonsense", field="metrics")[0] == "metrics.0"


def test_a_metric_listed_twice_is_refused() -> None:
    field, message, _ = refused("trust", "open_rate", own("trust"))
    assert field == "success_metrics.2"
    assert "success_metrics.0" in message


def test_a_parent_that_is_nowhere_is_refused_with_the_binary_metrics_there_are() -> None:
    field, message, allowed = refused(own("visit"), own("buy", requires="vist"))
    assert field == "success_metrics.1.requires"
    assert "not in this study" in message
    assert "visit" in allowed
    assert "open_rate" in allowed
    assert "purchase_intent" not in allowed


def test_a_parent_that_is_not_binary_is_refused() -> None:
    field, message, _ = refused("purchase_intent", own("buy", requires="purchase_intent"))
    assert field == "success_metrics.1.requires"
    assert "ordinal" in message
    assert refused(own("open_rate", MetricType.TEXT), "click_through")[0] == "success_metrics.1"


@pytest.mark.parametrize(
    "metrics", [[own("a", requires="a")], [own("a", requires="b"), own("b", requires="c"), own("c", requires="a")]]
)
def test_metrics_that_require_each_other_are_refused(metrics: list[MetricSpec]) -> None:
    field, message, _ = refused(*metrics)
    assert field.endswith(".requires")
    assert "require each other" in message


def test_an_instrument_says_how_its_answer_is_obtained_and_nothing_where_it_is_stated() -> None:
    scale = {"scale": [1, 3]}
    statements = [["no", "perhaps", "yes"], ["never", "sometimes", "always"]]
    direct, drawn, rated, mine = resolve(
        [
            own("a"),
            own("b", elicitation="distribution"),
            own("c", MetricType.ORDINAL, elicitation="ssr", anchors="trust", **scale),
            own("d", MetricType.ORDINAL, elicitation="ssr", anchors=statements, **scale),
        ]
    )
    assert (direct.elicitation, direct.anchors) == (None, None)
    assert (drawn.elicitation, drawn.anchors) == ("distribution", None)
    assert (rated.elicitation, rated.anchors) == ("ssr", ANCHORS["trust"])
    assert mine.anchors == tuple(tuple(each) for each in statements)


ORDINAL = {"type": "ordinal", "scale": [1, 5]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": "choice", "options": ["yes", "yes"]}, "two different options"),
        ({"type": "choice", "options": ["yes", "Yes "]}, "nothing but case or spaces"),
        ({"type": "text", "elicitation": "distribution"}, "allowed here: direct \\["),
        ({"type": "text", "elicitation": "ssr"}, "allowed here: direct \\["),
        ({"type": "numeric", "scale": [0, 9], "elicitation": "distribution"}, "allowed here: direct \\["),
        ({"type": "ranking", "options": ["a", "b"], "elicitation": "distribution"}, "allowed here: direct \\["),
        (
            {"type": "ordinal", "scale": [0, 21], "elicitation": "distribution"},
            "at most 21 steps; allowed here: direct \\[",
        ),
        ({"type": "binary", "elicitation": "ssr", "anchors": "trust"}, "allowed here: direct, distribution \\["),
        ({**ORDINAL, "elicitation": "guess"}, "'direct', 'distribution' or 'ssr'"),
        ({**ORDINAL, "elicitation": "ssr"}, "anchors: statements for each step, or one of likelihood, agreement"),
        ({**ORDINAL, "anchors": "trust"}, "needed for elicitation 'ssr', and for no other"),
        ({**ORDINAL, "elicitation": "ssr", "anchors": "mood"}, "there is no family 'mood'; allowed: likelihood"),
        ({**ORDINAL, "elicitation": "ssr", "anchors": [["no", "yes"]]}, "each set needs 5 statements"),
    ],
)
def test_an_elicitation_that_does_not_fit_the_metric_is_refused(spec: JsonObject, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        MetricSpec.model_validate({"name": "m", "question": "What?", **spec})
    assert len(caught.value.errors()) == 1


@pytest.mark.parametrize(
    "spec",
    [{"type": "binary"}, {"type": "choice", "options": ["a", "b"]}, {"type": "ordinal", "scale": [-10, 10]}],
)
def test_probabilities_can_be_asked_for_where_answers_can_be_listed(spec: JsonObject) -> None:
    assert MetricSpec.model_validate({"name": "m", "question": "What?", "elicitation": "distribution", **spec})


def test_no_metrics_make_no_instruments() -> None:
    assert resolve([]) == ()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(CATALOGUE)), unique=True, min_size=1, max_size=20))
def test_parents_come_first_listed_order_is_kept_and_at_most_one_metric_is_primary(names: list[str]) -> None:
    instruments = resolve(names)
    place = {each.name: index for index, each in enumerate(instruments)}
    assert set(names) <= set(place)
    assert len(place) == len(instruments)
    assert all(each.requires is None or place[each.requires] < place[each.name] for each in instruments)
    parents = {each.requires for each in instruments}
    free = [name for name in names if CATALOGUE[name].requires is None and name not in parents]
    assert free == [each.name for each in instruments if each.name in free]
    ordinary = [name for name in names if not CATALOGUE[name].is_guardrail]
    assert [each.name for each in instruments if each.role == "primary"] == ordinary[:1]
