"""Potential outcomes of a tracer population: every person with and without the measure, from the
same draws, so that the true effect is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from mismes_eval.synthetic.population import _SCHOOL
from mismes_eval.synthetic.scenario import Scenario, logistic, pick

WAVES = {-1: -12, 0: 0, 1: 6, 2: 12, 3: 24, 4: 36}  # wave -> months since enrolment
NODES = np.array([-24, -12, 0, 6, 12, 24, 36])
_AT = {w: int(np.flatnonzero(m == NODES)[0]) for w, m in WAVES.items()}
OUTCOMES = ("employed", "employed_home", "abroad", "earnings", "months_employed_12m", "job_match")
SIZE = 48_000
YOUNGEST, OLDEST = 18, 60  # at enrolment


@dataclass(frozen=True)
class Path:
    """employed, abroad, match: bool (n, 7 nodes); earn: home currency a month (n, 7), 0 without
    work; months: bool employed in each month -23..36 (n, 60).
    """

    employed: np.ndarray
    abroad: np.ndarray
    match: np.ndarray
    earn: np.ndarray
    months: np.ndarray

    def outcome(self, name: str, wave: int) -> np.ndarray:
        place = _AT[wave]
        if name == "months_employed_12m":
            end = WAVES[wave] + 24
            return np.asarray(self.months[:, end - 12 : end].sum(axis=1).astype(float))
        work = self.employed[:, place]
        values = {
            "employed": work,
            "employed_home": work & ~self.abroad[:, place],
            "abroad": self.abroad[:, place],
            "earnings": self.earn[:, place],
            "job_match": work & self.match[:, place],
        }
        return np.asarray(values[name].astype(float))


@dataclass(frozen=True)
class Streams:
    """The population of one measure's tracer: covariates, arm (True = treated), path without (y0)
    and with (y1) the measure, months of state changes (n, 6).
    """

    people: pd.DataFrame
    treated: np.ndarray
    y0: Path
    y1: Path
    switch: np.ndarray


def simulate(sc: Scenario, spec: Mapping[str, Any], name: str) -> Streams:
    """Potential outcomes of one measure.

    Without the measure the chance of work is person level + common trend, so trends are parallel
    unless the scenario sets `dip` (Ashenfelter: treated persons lose work just before they enrol)
    or `pretrend` (treated persons drift apart by this much a year). Levels differ by arm: who
    enrols is more vulnerable.
    """
    rng = sc.stream(f"tracer/{name}/people")
    people, drive = _people(sc, rng)
    treated = rng.random(SIZE) < logistic(
        -1.25
        + 0.7 * people["vuln_debt"].to_numpy()
        + 0.4 * people["vuln_health"].to_numpy()
        - 4.0 * drive
        + 0.25 * (people["male"].to_numpy() == 0)
    )
    level = (
        float(spec["base_employment"])
        + 0.045 * (people["educat7"].to_numpy() - 4.5)
        + 0.05 * people["male"].to_numpy()
        - 0.05 * people["vuln_debt"].to_numpy()
        + drive
    )
    trend = np.concatenate([[-0.01, 0.0, 0.0], np.asarray(spec["trend"], dtype=float)])
    p0 = (
        level[:, None]
        + trend
        + treated[:, None] * (float(spec["pretrend"]) * NODES / 12.0 + float(spec["dip"]) * _dip())
    )
    u, a = _persistent(rng, 0.45), _persistent(rng, 0.75)
    u_match = _persistent(rng, 0.6)
    noise = rng.normal(0, 0.25, (SIZE, 7))
    switch = np.column_stack([rng.integers(lo + 1, hi + 1, SIZE) for lo, hi in pairwise(NODES)])
    away = np.concatenate(
        [
            [0.8 if spec["event"] == "RETURN" else 0.0, 0.0, 0.0],
            np.asarray(spec["abroad"], dtype=float),
        ]
    )
    wage = (
        np.log(float(sc.labour["wage_mean"]))
        + 0.06 * (people["educat7"].to_numpy() - 4.5)
        + 0.15 * people["male"].to_numpy()
        + rng.normal(0, 0.3, SIZE)
    )
    fit = 0.52 + 0.03 * (people["educat7"].to_numpy() - 4.5)
    paths = []
    for on in (0.0, 1.0):
        gain = {
            k: on * np.concatenate([[0.0, 0.0, 0.0], np.asarray(effect, dtype=float)])
            for k, effect in spec["effects"].items()
        }
        abroad = a < away + gain["abroad"]
        employed = u < np.clip(p0 + gain["employed"] + 0.2 * abroad, 0.01, 0.99)
        match = u_match < fit[:, None] + gain["match"] - 0.12 * abroad
        earn = np.round(
            np.where(
                employed, np.exp(wage[:, None] + noise + gain["log_earnings"] + 0.6 * abroad), 0.0
            )
        )
        paths.append(
            Path(
                employed=employed,
                abroad=abroad,
                match=match,
                earn=earn,
                months=_calendar(employed, switch),
            )
        )
    return Streams(people=people, treated=treated, y0=paths[0], y1=paths[1], switch=switch)


def _dip() -> np.ndarray:
    """Share of the Ashenfelter dip at each node: whole at enrolment, gone six months later."""
    return np.where(NODES == 0, -1.0, 0.0)


def _persistent(rng: np.random.Generator, rho: float) -> np.ndarray:
    """Uniform draws (n, 7) that are correlated rho over a person's nodes."""
    z = np.sqrt(rho) * rng.normal(size=(SIZE, 1)) + np.sqrt(1 - rho) * rng.normal(size=(SIZE, 7))
    return np.asarray(ndtr(z))


def _calendar(state: np.ndarray, switch: np.ndarray) -> np.ndarray:
    """Monthly state (n, 60) for months -23..36: the state of a node holds until the month of change
    before the next node.
    """
    month = np.arange(-23, 37)
    out = np.empty((len(state), 60), dtype=state.dtype)
    for place in range(6):
        at = (month > NODES[place]) & (month <= NODES[place + 1])
        out[:, at] = np.where(
            month[at] >= switch[:, place : place + 1],
            state[:, place + 1 : place + 2],
            state[:, place : place + 1],
        )
    return out


def calendar(state: np.ndarray, switch: np.ndarray) -> np.ndarray:
    """Monthly codes for months -23..36 of a node state; public name of the rule above for the
    episode table.
    """
    return _calendar(state, switch)


def _people(sc: Scenario, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    share = np.array([region["share"] for region in sc.regions], dtype=float)
    region = pick(rng, np.tile(share, (SIZE, 1)))
    area = rng.integers(0, 12, SIZE)
    urban = rng.random(SIZE) < np.array([region["urban"] for region in sc.regions])[region]
    educ = 1 + pick(rng, np.tile(np.asarray(_SCHOOL[sc.labour["schooling"]][1]), (SIZE, 1)))
    people = pd.DataFrame(
        {
            "region": region,
            "psu": region * 12 + area,
            "urban": urban.astype(int),
            "male": (rng.random(SIZE) < sc.migration["absent_male"]).astype(int),
        }
    )
    people["age"] = np.clip(np.round(rng.gamma(16.0, 33 / 16.0, SIZE)), YOUNGEST, OLDEST).astype(
        int
    )
    people["educat7"] = educ
    people["vuln_debt"], people["vuln_health"] = rng.random(SIZE) < 0.3, rng.random(SIZE) < 0.12
    return people, rng.uniform(-0.15, 0.15, SIZE)


def truth(
    sc: Scenario, streams: Mapping[str, Streams], specs: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """True ATT by measure, outcome and wave, computed from the potential outcomes of the whole
    tracer population.

    trend_gap_w0 and trend_gap_wm1: what a population DiD with base wave 0 or -1 adds to the ATT
    because trends without the measure are not parallel.
    """
    rows = []
    for name, stream in streams.items():
        treated = stream.treated
        for outcome in OUTCOMES:
            for wave in (1, 2, 3, 4):
                gap = {
                    base: stream.y0.outcome(outcome, wave) - stream.y0.outcome(outcome, base)
                    for base in (0, -1)
                }
                effect = (
                    stream.y1.outcome(outcome, wave)[treated]
                    - stream.y0.outcome(outcome, wave)[treated]
                )
                gaps = [
                    float(difference[treated].mean() - difference[~treated].mean())
                    for difference in (gap[0], gap[-1])
                ]
                rows.append(
                    (
                        sc.country,
                        "tracer",
                        name,
                        outcome,
                        wave,
                        WAVES[wave],
                        float(effect.mean()),
                        *gaps,
                        int(specs[name]["enrolled"]),
                        specs[name]["key"],
                    )
                )
    columns = [
        "country",
        "source",
        "measure_id",
        "outcome",
        "wave",
        "months",
        "att",
        "trend_gap_w0",
        "trend_gap_wm1",
        "n_treated_population",
        "note",
    ]
    table = pd.DataFrame(rows, columns=columns)
    if len(streams) > 1:
        table = pd.concat([table, _pooled(table, streams)], ignore_index=True)
    return table


def _pooled(table: pd.DataFrame, streams: Mapping[str, Streams]) -> pd.DataFrame:
    n = table["n_treated_population"]
    weighted = table.assign(
        **{column: table[column] * n for column in ("att", "trend_gap_w0", "trend_gap_wm1")}
    )
    out = (
        weighted.groupby(["country", "source", "outcome", "wave", "months"], sort=False)[
            ["att", "trend_gap_w0", "trend_gap_wm1", "n_treated_population"]
        ]
        .sum()
        .reset_index()
    )
    for column in ("att", "trend_gap_w0", "trend_gap_wm1"):
        out[column] /= out["n_treated_population"]
    out["trend_gap_w0"] = out["trend_gap_wm1"] = np.nan
    return out.assign(
        measure_id="ALL",
        note=f"pooled over {len(streams)} measures, weighted by treated population",
    )[table.columns]
