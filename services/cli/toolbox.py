"""The commands of the tools and their options: extract, reduce, normalize, profile, story, enrich, style."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.cli.options import CODES, AsJson, PopulationId, SimulationId, Url, source_of

app = typer.Typer(rich_markup_mode=None)
Segment = Annotated[str | None, typer.Option(help="Only people of this segment.")]
Arm = Annotated[str | None, typer.Option(help="Only this arm.")]
Agent = Annotated[list[str] | None, typer.Option(help="Only this agent; may be given several times.")]
Out = Annotated[Path | None, typer.Option(help="The file to write.", show_default="stdout")]
Reader = Annotated[str | None, typer.Option("--model", help="The model that reads.", show_default="the simulation's")]
Writer = Annotated[str, typer.Option("--model", help="The language model that writes.")]
Draw = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Another number gives another version.")]
TextFile = Annotated[str, typer.Argument(metavar="FILE", help="A text file; - is standard input.")]
Kind = Annotated[str, typer.Option("--type", help="What it is: document, e-mail, dialogue, …")]
Context = Annotated[Path | None, typer.Option(help="A text file with background.")]


@app.command(epilog=CODES, short_help="Find out fields of every agent of a simulation.")
def extract(
    simulation: SimulationId,
    field: Annotated[list[str], typer.Option("--field", "-f", help="A field; may be given several times.")],
    hint: Annotated[list[str] | None, typer.Option(metavar="FIELD=TEXT", help="What is meant by a field.")] = None,
    objective: Annotated[str, typer.Option(help="What the extraction is for.")] = "",
    situation: Annotated[str, typer.Option(help="The situation the agents were in.")] = "",
    segment: Segment = None,
    arm: Arm = None,
    agent: Agent = None,
    model: Reader = None,
    out: Annotated[Path | None, typer.Option(help="Write a row per agent: .csv, or .jsonl.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Find out fields of every agent: recorded ones, by rules in what was said, or read by a language model.

    \b
    rehearsal extract SIM -f response -f rating -f concerns
    rehearsal extract SIM -f would_pay --hint would_pay="the most, in dollars" --model my-model --out fields.csv
    """
    from services.cli.exits import carry_out
    from services.cli.tools import extract_fields

    spec = {
        "simulation_id": simulation,
        "fields": field,
        "extraction_objective": objective,
        "situation": situation,
        "segment": segment,
        "arm": arm,
        "agent_ids": agent or [],
        "model": model,
    }
    carry_out(extract_fields(spec, hint or (), out, source_of(url), as_json=as_json))


@app.command("reduce", epilog=CODES, short_help="Events of a simulation as rows, by rules in a file.")
def reduce_(
    simulation: SimulationId,
    rules: Annotated[Path, typer.Argument(metavar="RULES.yaml", help="Rules; examples/tools/reduce.yaml shows some.")],
    form: Annotated[
        Literal["csv", "records", "split"], typer.Option("--format", help="split and records are for pandas.")
    ] = "csv",
    segment: Segment = None,
    arm: Arm = None,
    agent: Agent = None,
    out: Out = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Events of a simulation (stimulus, think, talk, answer, …) as rows; --json is --format records.

    \b
    rehearsal reduce SIM examples/tools/reduce.yaml > rows.csv
    rehearsal reduce SIM rules.yaml --format split --out frame.json   # pandas.DataFrame(**json.load(open(…)))
    """
    from services.cli.exits import carry_out
    from services.cli.tools import reduce_events

    scope = {"simulation_id": simulation, "segment": segment, "arm": arm, "agent_ids": agent or []}
    spec = {**scope, "format": "records" if as_json else form}
    carry_out(reduce_events(rules, spec, out, source_of(url)))


@app.command(epilog=CODES, short_help="Sort free texts into few labels.")
def normalize(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="One text a line; - is standard input.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=50, help="Labels at most, Other included.")] = 5,
    simulation: Annotated[str | None, typer.Option(metavar="SIM", help="Instead of a file: a simulation …")] = None,
    field: Annotated[str | None, typer.Option(help="… and the field of it to be sorted.")] = None,
    extraction: Annotated[str | None, typer.Option(metavar="EXTRACTION", help="The field is one of this.")] = None,
    hint: Annotated[str, typer.Option(help="What the labels are for.")] = "",
    model: Annotated[str, typer.Option(help="The model that sorts; offline: by likeness of words.")] = "offline",
    out: Annotated[Path | None, typer.Option(help="Write every text with its label, as CSV.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Sort free texts into at most N labels; what fits nowhere is Other.

    \b
    rehearsal normalize reasons.txt -n 6
    rehearsal normalize --simulation SIM --field why -n 6 --model my-model --out labels.csv
    """
    from services.cli.exits import carry_out
    from services.cli.tools import normalize_texts

    if (file is None) == (simulation is None):
        raise typer.BadParameter("name a file of texts, or --simulation with --field")
    source = {"simulation_id": simulation, "field": field, "extraction_id": extraction}
    carry_out(
        normalize_texts(file, {**source, "n": n, "hint": hint, "model": model}, out, source_of(url), as_json=as_json)
    )


@app.command(epilog=CODES, short_help="How a population is spread, and which attributes go together.")
def profile(
    population: PopulationId,
    segment: Segment = None,
    compare_with: Annotated[str | None, typer.Option(metavar="POPULATION", help="Another to put beside it.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write the profile with its plots as a page.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Write every plot as SVG into this folder.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """How the attributes of a population are spread, which go together, and how another population differs.

    \b
    rehearsal profile POPULATION --html profile.html
    rehearsal profile POPULATION --compare-with POPULATION --json
    """
    from services.cli.exits import carry_out
    from services.cli.profile import show_profile

    carry_out(show_profile(population, segment, compare_with, page, plots, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Begin a story of a simulation, or go on with one.")
def story(
    simulation: SimulationId,
    continue_: Annotated[str | None, typer.Option("--continue", metavar="STORY", help="Go on with this story.")] = None,
    show: Annotated[str | None, typer.Option(metavar="STORY", help="Only print this story from its beginning.")] = None,
    requirements: Annotated[str, typer.Option(help="What the part is to be about.")] = "",
    words: Annotated[int, typer.Option(min=20, max=3_000, help="About how long it is to be.")] = 100,
    plot_twist: Annotated[bool, typer.Option("--plot-twist", help="Something unexpected is to happen.")] = False,
    agent: Annotated[str | None, typer.Option(help="Only what concerns this agent.")] = None,
    first_n: Annotated[int, typer.Option(min=0, max=200, help="Items from the beginning of the history.")] = 10,
    last_n: Annotated[int, typer.Option(min=1, max=200, help="Items up to now.")] = 20,
    model: Annotated[str, typer.Option(help="The model that tells; offline: a chronicle by rules.")] = "offline",
    seed: Draw = 0,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Begin a story of a simulation, or go on with one; prints the part, and on stderr how to go on.

    \b
    rehearsal story SIM --model my-model --requirements "Follow those who changed their minds."
    rehearsal story SIM --continue STORY --plot-twist --model my-model
    """
    from services.cli.exits import carry_out
    from services.cli.writing import show_story, tell_story

    if show is not None:
        carry_out(show_story(simulation, show, source_of(url), as_json=as_json))
    spec = {
        "story_id": continue_,
        "requirements": requirements,
        "words": words,
        "include_plot_twist": plot_twist,
        "agent_id": agent,
        "first_n": first_n,
        "last_n": last_n,
        "model": model,
        "seed": seed,
    }
    carry_out(tell_story(simulation, spec, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Make a text richer.")
def enrich(
    file: TextFile,
    requirements: Annotated[str, typer.Option(help="What is to be added or worked out.")],
    model: Writer,
    kind: Kind = "",
    context: Context = None,
    seed: Draw = 0,
    out: Out = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have a language model make a text richer, keeping all of it.

    \b
    rehearsal enrich plan.md --requirements "Add a section on risks with figures." --model my-model --out plan2.md
    """
    from services.cli.exits import carry_out
    from services.cli.writing import Text, write_anew

    text = Text(file, kind, context, model, seed)
    carry_out(write_anew("enrich", text, {"requirements": requirements}, out, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Write a text in another style.")
def style(
    file: TextFile,
    in_style: Annotated[str, typer.Option("--style", help="How it is to sound, and for whom.")],
    model: Writer,
    kind: Kind = "",
    context: Context = None,
    seed: Draw = 0,
    out: Out = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have a language model write a text in another style, saying the same.

    \b
    rehearsal style notice.txt --style "plain words, for people in a hurry" --model my-model
    """
    from services.cli.exits import carry_out
    from services.cli.writing import Text, write_anew

    text = Text(file, kind, context, model, seed)
    carry_out(write_anew("style", text, {"style": in_style}, out, source_of(url), as_json=as_json))
