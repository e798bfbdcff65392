"""The HTML report, parsed as a browser would."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from libs.contracts.decision import decide
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Condition, Contact, Stimulus
from services.results.domain.people import People, people_of
from services.results.domain.records import Study, Turn
from services.results.domain.report.page import to_html
from services.results.domain.report.voices import choose, persona_line
from services.results.service.files.pdf import to_pdf
from tests.services.results import build
from tests.services.results.test_files import pages
from tests.services.results.told import findings

ATTACKS = (
    '<script>alert("x")</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><svg onload=alert(1)>",
    "</bdi></main><iframe src=javascript:alert(1)>",
    "<!-- --><a href='javascript:alert(1)'>&lt;b&gt;",
)
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Elements, texts, and whether every element is closed in its order."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(body.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def page(study: Study, turns: list[Turn], *, is_completed: bool = True) -> Page:
    parsed = Page(to_html(findings(study, turns, "completed" if is_completed else "running")))
    assert parsed.open == []
    return parsed


def sections(body: bytes) -> list[str]:
    return re.findall(r"<section.*?</section>", body.decode(), re.DOTALL)


def every_type() -> list[Instrument]:
    return [
        build.instrument("opened", role="primary"),
        build.instrument("clicked", requires="opened"),
        build.instrument("liked", "ordinal", minimum=1, maximum=5, role="guardrail"),
        build.instrument("days", "numeric", minimum=0, maximum=30),
        build.instrument("colour", "choice", options=("red", "blue", "green")),
        build.instrument("order", "ranking", options=("x", "y", "z")),
        build.instrument("why", "text"),
    ]


def varied(arms: tuple[str, ...] = ("a", "b", "c"), people: int = 60) -> tuple[Study, list[Turn]]:
    """A study with a metric of every type."""
    study = build.study(build.plan(arms, every_type(), {arm: people // len(arms) for arm in arms}))
    turns = [
        build.turn(
            i,
            arms[i % len(arms)],
            {
                "opened": i % 3 != 0,
                "clicked": i % 2 == 0 if i % 3 else None,
                "liked": float(1 + i % 5),
                "days": float(i % 31),
                "colour": ("red", "blue", "green")[i % 7 % 3],
                "order": (("x", "y", "z"), ("z", "y", "x"))[i % 2],
                "why": "because",
            },
            segment=("young", "old", None)[i % 3],
        )
        for i in range(people)
    ]
    return study, turns


def test_the_verdict_with_its_worth_comes_before_everything_else() -> None:
    found = findings(*build.campaign())
    seen = page(*build.campaign())
    assert found.analysis is not None
    sentence = found.analysis.verdict.split(" — ")[0]
    order = [
        "Simulated respondents",
        sentence,
        "Evidence grade",
        "Effective n",
        "nothing about real people",
        "Differences",
        "Estimates with their",
        "Comparisons",
        "Answers",
        "Funnel",
        "Exploratory: nobody planned",
        "Sample ratio",
        "Voices",
        "Plan hash",
        "The same study with the same seed",
    ]
    body = seen.text[seen.text.index("simulated respondents — Rehearsal") :]
    places = [body.index(words) for words in order]
    assert places == sorted(places)


def test_views_of_a_comparison_are_named_as_people_name_them() -> None:
    seen = page(*varied()).text
    assert "Cliff's delta" in seen
    assert "difference in the share of the two highest answers" in seen
    assert "cliffs" not in seen


def test_what_was_found_of_ranks_is_better_or_worse_in_report_and_pdf() -> None:
    order = build.instrument("order", "ranking", options=("x", "y"), role="primary")
    study = build.study(build.plan(("a", "b"), [order], {"a": 12, "b": 12}))
    turns = [build.turn(i, "ab"[i % 2], {"order": ("y", "x") if i % 2 and i > 1 else ("x", "y")}) for i in range(24)]
    found = findings(study, turns)
    pdf = b" ".join(pages(to_pdf(found))).decode(errors="replace")
    for said in (Page(to_html(found)).text, pdf):
        assert "ranked better" in said
        assert "ranked worse" in said
        assert "higher" not in said


def test_names_are_said_in_words_in_report_pdf_and_decision() -> None:
    study, turns = build.campaign(effect=0.5)
    asked = [
        *study.instruments,
        build.instrument("best_one", "choice", question="Which?", options=("dark_blue", "red")),
    ]
    assert study.plan is not None
    plan = study.plan.model_copy(update={"instruments": tuple(asked)})
    chosen = [replace(turn, answers=turn.answers | {"best_one": "dark_blue"}) for turn in turns]
    found = findings(replace(study, plan=plan, instruments=tuple(asked)), chosen)
    assert found.analysis is not None
    assert found.decision is not None
    pdf = b" ".join(pages(to_pdf(found))).decode(errors="replace")
    for said in (Page(to_html(found)).text, pdf, found.analysis.verdict, " ".join(found.decision.reasons)):
        assert not re.findall(r"[a-z]+_[a-z]+", said)
        assert "open rate" in said.lower()


def test_the_study_is_named_and_its_intervention_where_that_has_another_name() -> None:
    study, turns = build.campaign()
    about = "Email Campaign A/B Test · marketing intervention · 2 arms"
    assert about in page(replace(study, name="Spring campaign"), turns).text
    assert about not in page(study, turns).text


@pytest.mark.parametrize("is_completed", [True, False])
def test_every_section_says_that_the_respondents_are_simulated_and_what_that_is_worth(is_completed: bool) -> None:
    found = findings(*varied(), "completed" if is_completed else "running")
    parts = sections(to_html(found))
    assert len(parts) == (15 if is_completed else 6)
    for part in parts:
        assert "Simulated respondents</b>" in part
        assert "evidence grade C, effective n 0" in part
        assert found.evidence.caveat in part


def test_there_is_no_script_and_nothing_is_fetched() -> None:
    body = to_html(findings(*varied())).decode()
    seen = Page(body.encode())
    names = {name for name, _ in seen.elements}
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "use",
        "image",
        "foreignobject",
    }
    for _, attributes in seen.elements:
        assert not [key for key in attributes if key.startswith("on") or key in {"src", "href", "style", "action"}]
    assert "url(" not in body
    assert "@import" not in body
    policy = next(m["content"] for m in seen.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy


def hostile(attack: str) -> People:
    """People whose every word is this."""
    makeup = build.makeup(
        attack,
        attack,
        eligible=(attack,),
        margins=({"dimension": attack, "source": attack, "year": 2025},),
        **dict.fromkeys(("base", "title", "described_as", "planned_by", "written_by", "read_by"), attack),
    )
    return people_of(build.ready(makeup, name=attack))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("is_completed", [True, False])
def test_a_text_from_outside_is_text_wherever_it_stands(attack: str, is_completed: bool) -> None:
    asked = [
        build.instrument(f"m{attack}", role="primary", question=attack),
        build.instrument(f"n{attack}", requires=f"m{attack}"),
        build.instrument(f"c{attack}", "choice", options=(attack, "b")),
        build.instrument(f"r{attack}", "ranking", options=(attack, "b")),
        build.instrument(f"t{attack}", "text"),
    ]
    arms = (f"a{attack}", f"b{attack}")
    plan = build.plan(
        arms,
        asked,
        dict.fromkeys(arms, 3),
        name=attack,
        type=attack,
        correction=attack,
        stopping_rule=attack,
        target_segments=(attack,),
    )
    stimulus = Stimulus(content=attack, channel=attack, timing=attack, source=attack)
    long = stimulus.model_copy(update={"content": f"{attack} " * 100})
    asked_before = Condition(metric=attack, step_id=attack, operator="is", value=attack)
    contacts = tuple(
        Contact(name=attack, stimulus=one, at_s=0, metrics=(), condition=asked_before, responds=True, rich=None)
        for one in (stimulus, long)
    )
    shown = {"stimulus": stimulus, "contacts": contacts, "copy_of": attack}
    plan = plan.model_copy(update={"arms": tuple(arm.model_copy(update=shown) for arm in plan.arms)})
    ids = dict.fromkeys(("simulation_id", "population_id", "intervention_id", "model", "name", "plan_hash"), attack)
    answers = {
        f"m{attack}": True,
        f"n{attack}": False,
        f"c{attack}": attack,
        f"r{attack}": (attack, "b"),
        f"t{attack}": attack,
    }
    texts = dict.fromkeys(("name", "segment", "response", "reasoning", "model", "agent_id"), attack)
    turns = [
        build.turn(
            i,
            arms[i % 2],
            answers,
            **{**texts, "agent_id": f"{i}{attack}"},
            demographic_profile={attack: attack, "occupation": attack},
        )
        for i in range(4)
    ]
    turns.append(build.turn(5, arms[0], None, failure=attack, name=attack, segment=attack))
    seen = page(build.study(plan, **ids, people=hostile(attack)), turns, is_completed=is_completed)
    clean = page(*varied(), is_completed=is_completed)
    assert {name for name, _ in seen.elements} <= {name for name, _ in clean.elements} | {
        "ul",
        "li",
        "details",
        "summary",
    }
    for name, attributes in seen.elements:
        assert not [key for key in attributes if key.startswith("on") or key in {"src", "href", "style"}], name
    assert attack in "".join(seen.texts)


def test_a_control_or_direction_character_cannot_disturb_the_page() -> None:
    study, turns = varied()
    turns[0] = replace(turns[0], name="Eve\x00\x1b[31m", response="harmless \u202egnp.exe")
    body = to_html(findings(study, [turns[0]]))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e]", body.decode())


def test_p_values_are_behind_a_click_and_never_called_significance() -> None:
    body = to_html(findings(*build.campaign())).decode()
    details = re.search(r"<details.*?</details>", body, re.DOTALL)
    assert details is not None
    assert "would these simulated arms differ again" in details.group()
    assert "p adjusted" in details.group()
    outside = body.replace(details.group(), "")
    assert "p adjusted" not in outside
    assert "signific" not in body.lower()


def test_the_numbers_of_the_analysis_are_on_the_page() -> None:
    study, turns = build.campaign(failures=3)
    seen = page(study, turns)
    for words in ("+23.0 pp", "+5.3 to +38.7", "67.2%", "54.7% to 77.7%", "+52%", "122", "of 125 assigned"):
        assert words in seen.text
    assert study.plan_hash is not None
    assert study.plan_hash in seen.text
    assert "seed 7" in seen.text
    assert "the model gave no valid answer — 3 turns" in seen.text


def test_differences_of_the_primary_metric_are_drawn_first_and_a_mean_has_its_scale() -> None:
    liked = build.instrument("liked", "ordinal", minimum=1, maximum=7, role="primary")
    study = build.study(build.plan(("a", "b"), [build.instrument("bought"), liked], {"a": 20, "b": 20}))
    turns = [build.turn(i, "ab"[i % 2], {"bought": i % 3 == 0, "liked": float(1 + i % 7)}) for i in range(40)]
    text = page(study, turns).text
    differences = text[text.index("Each row is one arm minus") :]
    assert differences.index("Points on a scale from 1 to 7") < differences.index("Percentage points")
    assert "on a scale from 1 to 7" in text[text.index("Estimates with their") : text.index("All comparisons are with")]


def test_an_arm_has_the_colour_of_its_place_in_the_plan() -> None:
    html = to_html(findings(*varied(("plain", "air", "money")), "completed")).decode()
    chips = set(re.findall(r'class="chip arm-(\d)"><i class="swatch"></i><bdi>(\w+)', html))
    assert chips == {("0", "plain"), ("1", "air"), ("2", "money")}


def test_while_it_runs_the_report_has_counts_and_no_estimate() -> None:
    seen = page(*build.campaign(), is_completed=False)
    assert "125 of 125 simulated respondents have answered so far" in seen.text
    assert "Counts only" in seen.text
    assert "pp" not in seen.text.split()


def test_the_decision_stands_on_the_page_with_its_reasons_and_every_check() -> None:
    study, turns = build.campaign(effect=0.5)
    found = findings(study, turns)
    assert found.decision is not None
    assert found.analysis is not None
    assert study.plan is not None
    assert found.decision == decide(study.plan, found.analysis)
    seen = page(study, turns)
    assert found.decision.headline in seen.text
    assert all(reason in seen.text for reason in found.decision.reasons)
    assert "sample ratio" in seen.text
    assert "keep it running" in page(study, turns[:9], is_completed=False).text.lower()


def test_every_view_is_told_in_plain_words_beside_the_name_of_its_method() -> None:
    liked = build.instrument("liked", "ordinal", role="primary", minimum=1, maximum=7)
    study = build.study(build.plan(("a", "b"), [liked], {"a": 30, "b": 30}, design="within"))
    turns = [
        build.turn(i, arm, {"liked": float(1 + (i + shift * (i % 3)) % 7)}, step_id=arm)
        for shift, arm in enumerate(("a", "b"))
        for i in range(30)
    ]
    seen = page(study, turns).text
    assert re.search(r"share of the two highest answerstop-2 box[+−]?[0-9.]+ pp", seen)
    assert re.search(r"moved one way more than by chanceWilcoxon signed-rank testp [0-9<.]+–", seen)


@pytest.mark.parametrize("answered", [0, 1])
def test_a_study_that_nearly_nobody_answered_has_a_report_too(answered: int) -> None:
    study, turns = varied()
    seen = page(study, turns[:answered])
    assert "Health" in seen.text


def test_a_broadcast_has_a_report_without_comparisons() -> None:
    study = build.study(None, instruments=tuple(every_type()))
    _, turns = varied(("all",))
    seen = page(study, turns)
    assert "Comparisons" not in seen.text
    assert "no intervention" in seen.text


def test_the_report_is_the_same_whatever_order_the_turns_came_in() -> None:
    study, turns = build.campaign()
    assert to_html(findings(study, turns)) == to_html(findings(study, turns[::-1]))


def test_the_people_are_named_with_how_they_were_made_and_with_what_was_not_understood() -> None:
    study, turns = build.campaign()
    seen = page(replace(study, people=people_of(build.ready(build.makeup()))), turns)
    people = seen.text[seen.text.index("The population as it was asked for") :]
    for words in (
        "Customers",
        "Size125 people",
        "Drawn from uk_demographics (Adults of the United Kingdom) with seed 7.",
        "adults who buy groceries",
        "gender (Our customers, 2025)",
        "worth 83.2 people (design effect 1.50); results count each once",
        "Not understood, so nobody was drawn by it:families: of diabetics",
        "parents of diabetics",
        "tech_savvy",
        "everybody else15",
    ):
        assert words in people, words
    top = seen.text[: seen.text.index("The population as it was asked for")]
    assert "Nobody was drawn by words that were not understood: of diabetics (families), see People." in top


def test_of_people_of_an_earlier_release_name_and_sizes_are_told() -> None:
    study, turns = build.campaign()
    seen = page(replace(study, people=people_of(build.ready())), turns)
    people = seen.text[seen.text.index("The population as it was asked for") :]
    assert "Customers" in people
    assert "young professionals50" in people
    for words in ("Drawn from", "not understood:", "How they came"):
        assert words not in people
    unknown = page(study, turns)
    assert "The population as it was asked for" not in unknown.text
    assert "pop_1" in unknown.text


def test_people_of_models_and_of_files_are_told_apart() -> None:
    def told(**fields: object) -> str | None:
        return people_of(build.ready(build.makeup(**fields))).made

    assert told(way="imported", base="imported", title=None, seed=None) == "Taken from files, as they were given."
    assert told(planned_by="m", read_by="m", written_by="w") == (
        "Drawn from uk_demographics (Adults of the United Kingdom) with seed 7; by margins that m planned; "
        "m read words that no rule knows; w wrote their personas."
    )


def test_voices_are_spread_over_the_arms_and_do_not_follow_the_answers() -> None:
    _, turns = varied()
    chosen = choose(turns, ("a", "b", "c"))
    assert len(chosen) == 8
    assert {turn.arm for turn in chosen} == {"a", "b", "c"}
    changed = [replace(turn, answers={}) for turn in turns]
    assert [turn.agent_id for turn in choose(changed, ("a", "b", "c"))] == [turn.agent_id for turn in chosen]
    assert len(choose(turns, tuple("abcdefghijkl"))) <= 8
    assert choose([build.turn(1, "a", None)], ("a",)) == []


def test_a_persona_line_takes_what_is_known() -> None:
    profile = {"region": "West", "age": 34, "income": 1, "occupation": "nurse"}
    assert persona_line("families", profile) == "34 · nurse · West · families"
    assert persona_line(None, {"x": 1, "a": "b"}) == "b · 1"
