"""Scenario files: what a made-up country looks like, with the source of every public figure it is
built on.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from mismes_eval.errors import ParamsError, Problem, of_argument, worded

COUNTRIES = ("ARM", "GEO", "MDA", "MAR", "TUN")
SEED = 20260102
MARK = "SYNTHETIC"
NONE: Any = None  # a missing cell of an object array
AGE_GROUPS = ("0-14", *(f"{low}-{low + 4}" for low in range(15, 85, 5)), "85+")
STATUSES = ("public", "derived", "synthetic")
_SECTIONS = (
    "country",
    "name",
    "currency",
    "per_eur",
    "rounds",
    "coverage",
    "population",
    "anchors",
    "regions",
    "design",
    "labour",
    "migration",
    "rollout",
    "inventory",
    "tracer",
    "claims",
)


@dataclass(frozen=True)
class Scenario:
    """One country's scenario. `anchors` holds the aggregates it reproduces, each {value, year,
    status, source}; the other sections are synthetic settings.
    """

    country: str
    name: str
    currency: str
    per_eur: float
    rounds: tuple[int, ...]
    coverage: str
    population: Mapping[str, Any]
    anchors: Mapping[str, Mapping[str, Any]]
    regions: tuple[Mapping[str, Any], ...]
    design: Mapping[str, Any]
    labour: Mapping[str, Any]
    migration: Mapping[str, Any]
    rollout: Mapping[str, Any]
    inventory: Mapping[str, Any]
    tracer: tuple[Mapping[str, Any], ...]
    claims: Mapping[str, float]
    seed: int

    @property
    def year(self) -> int:
        """Reference round: the one the published targets belong to."""
        return self.rounds[-1]

    def anchor(self, name: str) -> float:
        return float(self.anchors[name]["value"])

    def stream(self, name: str) -> np.random.Generator:
        """A generator of its own for each country and file: adding a file never changes another
        one.
        """
        return np.random.Generator(
            np.random.PCG64(
                np.random.SeedSequence([self.seed, zlib.crc32(f"{self.country}/{name}".encode())])
            )
        )

    def structure(self) -> pd.DataFrame:
        """Rows male, age_group, share: the covered population by sex and age group (shares sum to
        1).
        """
        with (
            files("mismes_eval.synthetic")
            .joinpath("scenarios/population_structure.csv")
            .open(encoding="utf-8") as file
        ):
            table = pd.read_csv(file)
        table = table[table["country"].eq(self.country)]
        if self.coverage == "15+":
            table = table[table["age_group"].ne("0-14")]
        order = {group: i for i, group in enumerate(AGE_GROUPS)}
        table = (
            table.assign(_o=table["age_group"].map(order))
            .sort_values(["male", "_o"])
            .reset_index(drop=True)
        )
        return table.assign(share=table["thousands"] / table["thousands"].sum())[
            ["male", "age_group", "share", "source"]
        ]


def load(country: str, seed: int = SEED) -> Scenario:
    """Scenario of one country. Raises ParamsError for an unknown country and for every missing
    section or unsourced figure at once.
    """
    if country not in COUNTRIES:
        raise ParamsError(
            Problem(
                "no scenario for this country",
                of_argument("countries"),
                worded("one of {countries}", {"countries": ", ".join(COUNTRIES)}),
                repr(country),
            )
        )
    text = (
        files("mismes_eval.synthetic")
        .joinpath(f"scenarios/{country}.yaml")
        .read_text(encoding="utf-8")
    )
    raw = yaml.safe_load(text)
    problems = _problems(raw, f"scenarios/{country}.yaml")
    ParamsError.refuse(problems)
    lists = {key: tuple(raw[key]) for key in ("rounds", "regions", "tracer")}
    return Scenario(**{**{key: raw[key] for key in _SECTIONS}, **lists}, seed=seed)


def _problems(raw: Mapping[str, Any], where: str) -> list[Problem]:
    found = [
        Problem(
            "a section is missing",
            worded("{where}: {key}", {"where": where, "key": key}),
            worded("all of {sections}", {"sections": ", ".join(_SECTIONS)}),
        )
        for key in _SECTIONS
        if key not in raw
    ]
    found += [
        Problem(
            "an unknown section",
            worded("{where}: {key}", {"where": where, "key": key}),
            worded("one of {sections}", {"sections": ", ".join(_SECTIONS)}),
            key,
        )
        for key in raw
        if key not in _SECTIONS
    ]
    figures = {**raw.get("anchors", {}), "population": raw.get("population", {})}
    for name, item in figures.items():
        if item.get("status") not in STATUSES or not item.get("source"):
            found.append(
                Problem(
                    "a figure without status or source",
                    worded("{where}: {name}", {"where": where, "name": name}),
                    worded("status {statuses} and a source", {"statuses": " | ".join(STATUSES)}),
                    repr(dict(item)),
                )
            )
    return found


def pick(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    """Category 0..k-1 for each row of the probabilities p (n, k) (rows need not sum to 1)."""
    edges = np.cumsum(p, axis=1)
    return np.asarray(
        (rng.random(len(p))[:, None] * edges[:, -1:] > edges).sum(axis=1).clip(0, p.shape[1] - 1)
    )


def spread(
    rng: np.random.Generator, n: int, codes: Sequence[Any], shares: Sequence[float]
) -> np.ndarray:
    """n draws of `codes` with the given shares."""
    return np.asarray(
        np.asarray(codes, dtype=object)[pick(rng, np.tile(np.asarray(shares, dtype=float), (n, 1)))]
    )


def logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def intercept(slope: np.ndarray, target: float, extra: np.ndarray | float = 0.0) -> float:
    """a such that mean(logistic(a + slope) + extra) = target, by bisection."""
    low = -25.0
    high = 25.0
    for _ in range(60):
        mid = 0.5 * (low + high)
        low, high = (
            (mid, high) if float(np.mean(logistic(mid + slope) + extra)) < target else (low, mid)
        )
    return 0.5 * (low + high)
