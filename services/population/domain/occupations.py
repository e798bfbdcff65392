"""What people do: an occupation that fits schooling, income and main activity, in TinyTroupe's three fields."""

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

from libs.contracts.base import Body
from libs.contracts.demographics import Template

FILE = Path(__file__).parent.parent / "data" / "occupations.json"
SCHOOLING = {"low": 0, "school": 1, "degree": 3, "postgraduate": 4}
OTHER_SCHOOLING = 2
INCOME_FIT = 3.0


class Job(Body):
    """One occupation of the file."""

    title: str
    education: tuple[int, int]
    income: float
    field: str
    organizations: tuple[str, ...]
    description: str
    skills: tuple[str, ...]
    self_employed: bool


class JobList(Body):
    """The file."""

    note: str
    occupations: tuple[Job, ...]


class Work(NamedTuple):
    """A person's main activity; `field` is what they trained for, whether they work in it or not."""

    title: str
    organization: str
    description: str
    skills: tuple[str, ...]
    field: str


class Occupations:
    """Jobs ranked for the schooling and income bands of one template."""

    def __init__(self, jobs: tuple[Job, ...], template: Template) -> None:
        self._jobs = jobs
        levels = template.dimensions["education"].levels
        self._schooling = dict.fromkeys(template.dimensions["education"].values, OTHER_SCHOOLING)
        for level in ("low", "school", "degree", "postgraduate"):
            self._schooling |= dict.fromkeys(levels.get(level, ()), SCHOOLING[level])
        self._has_postgraduate = "postgraduate" in levels
        self._income = template.dimensions["income_band"].scores()
        self._ranked: dict[tuple[int, float, bool], tuple[list[Job], list[float]]] = {}

    def draw(self, profile: Mapping[str, str], random: Random) -> Work:
        """An occupation for these attributes."""
        activity = profile["employment"]
        schooling, income = self._schooling[profile["education"]], self._income[profile["income_band"]]
        jobs, chances = self._fitting(schooling, income, activity == "self-employed")
        job = random.choices(jobs, cum_weights=chances)[0]
        organization = random.choice(job.organizations)
        former = f"as {_article(job.title)} {_lower(job.title)}"
        title, organization, description = {
            "employed full-time": (job.title, organization, job.description),
            "employed part-time": (job.title, organization, f"{job.description} You work part-time."),
            "self-employed": (f"Self-employed {_lower(job.title)}", "your own business", job.description),
            "student": ("Student", "a university or college", f"You study {job.field} and live on little."),
            "retired": (f"Retired {_lower(job.title)}", "none", f"You worked {former} until you retired."),
            "unemployed": ("Unemployed", "none", f"You last worked {former} and are looking for a new job."),
            "homemaker": ("Homemaker", "none", "You run the household and look after those in it."),
        }.get(activity, ("Unable to work", "none", f"You used to work {former}; illness ended that."))
        return Work(title, organization, description, job.skills, job.field)

    def _fitting(self, schooling: int, income: float, is_own: bool) -> tuple[list[Job], list[float]]:
        """The jobs of people like these and their chances, added up; a template has a few dozen kinds of people."""
        key = (schooling, income, is_own)
        if key not in self._ranked:
            top = 4 if schooling == 3 and not self._has_postgraduate else schooling
            jobs = [job for job in self._jobs if job.education[0] <= top and job.education[1] >= schooling]
            if is_own:
                jobs = [job for job in jobs if job.self_employed] or jobs
            weights = (1 / (1 + INCOME_FIT * (job.income - income) ** 2) for job in jobs)
            self._ranked[key] = jobs, list(accumulate(weights))
        return self._ranked[key]


def _lower(title: str) -> str:
    """The title inside a sentence; abbreviations keep their capitals."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _article(title: str) -> str:
    return "an" if title[0] in "AEIO" else "a"


@lru_cache(maxsize=1)
def load_jobs(file: Path = FILE) -> tuple[Job, ...]:
    """The occupations that come with the service."""
    return JobList.model_validate(json.loads(file.read_text("utf-8"))).occupations
