"""Samples of households from a made-up population: stratified two-stage area samples and two-phase
samples that screen for migrant households.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.scenario import Scenario, logistic

CLASSES = ("CUR_ABS", "RET", "NON")


@dataclass(frozen=True)
class Draw:
    """persons: sampled persons with weight stages; listing: phase-1 households (None for area
    samples); counts: phase-1 counts by class.
    """

    persons: pd.DataFrame
    absent: pd.DataFrame
    listing: pd.DataFrame | None = None
    counts: pd.DataFrame | None = None


def draw(sc: Scenario, pop: Population, two_phase: bool, name: str) -> Draw:
    """Interviewed households with d0_base, d1_nr (weights after each stage) and `weight`; `weight`
    sums to the covered population.
    """
    rng = sc.stream(f"sample/{name}/{pop.year}")
    homes = _homes(pop)
    psus = _select_psus(
        rng, homes, int(sc.design["two_phase"]["psus"] if two_phase else sc.design["psus"])
    )
    listed = homes[homes["psu"].isin(psus.index)].copy()
    listed["d0_base"] = listed["psu"].map(psus).to_numpy(dtype=float) * pop.scale
    listing = counts = None
    if two_phase:
        chosen, listing, counts = _phase_two(sc, rng, listed)
    else:
        chosen = _stage_two(rng, listed, int(sc.design["households"]))
    answered = _respond(rng, chosen, two_phase)
    persons = (
        pop.persons.merge(answered, on=["hh", "psu"], how="inner")
        .sort_values(["psu", "hh"], kind="stable")
        .reset_index(drop=True)
    )
    factor = float(sc.population["value"]) / persons["weight"].sum()
    stages = [column for column in ("d0_base", "d1_nr", "d2_phase2", "weight") if column in persons]
    persons[stages] = (persons[stages] * factor).round(4)
    absent = pop.absent.merge(
        persons.drop_duplicates("hh")[["hh", "psu", "stratum", "weight"]], on="hh", how="inner"
    )
    return Draw(
        persons,
        absent.sort_values(["psu", "hh", "abs_id"], kind="stable").reset_index(drop=True),
        listing,
        counts,
    )


def _homes(pop: Population) -> pd.DataFrame:
    """One row a household: stratum (region x urban) and screening class. A household with both
    kinds of migrants counts as CUR_ABS, as in HIMS.
    """
    by = pop.persons.groupby("hh", sort=True)
    homes = by.agg(
        psu=("psu", "first"),
        region=("region", "first"),
        rural=("urban", "first"),
        n=("age", "size"),
        ret=("returnee", "any"),
    ).reset_index()
    homes["stratum"] = homes["region"] * 2 + homes.pop("rural")
    reports = homes["hh"].isin(pop.absent["hh"])
    homes["phase1_class"] = np.select([reports, homes["ret"]], ["CUR_ABS", "RET"], "NON")
    return homes


def _select_psus(rng: np.random.Generator, homes: pd.DataFrame, total: int) -> pd.Series:
    """PSUs by simple random sampling in each stratum (PSUs hold equal numbers of households); value
    = 1 / inclusion probability.
    """
    frame = homes.drop_duplicates("psu")[["psu", "stratum"]]
    sizes = frame.groupby("stratum").size()
    want = np.sqrt(sizes) * np.sqrt(sizes.mean())
    take = np.clip(np.round(want / want.sum() * total), 2, sizes).astype(int)
    parts = []
    for stratum, psus in frame.groupby("stratum")["psu"]:
        count = int(take[stratum])
        parts.append(
            pd.Series(
                len(psus) / count, index=np.sort(rng.choice(psus.to_numpy(), count, replace=False))
            )
        )
    return pd.concat(parts)


def _stage_two(rng: np.random.Generator, listed: pd.DataFrame, per: int) -> pd.DataFrame:
    order = listed.assign(_u=rng.random(len(listed))).sort_values(["psu", "_u"], kind="stable")
    chosen = order[order.groupby("psu").cumcount() < per].copy()
    chosen["d0_base"] *= chosen["psu"].map(listed.groupby("psu").size() / per).to_numpy()
    return chosen.drop(columns="_u")


def _phase_two(
    sc: Scenario, rng: np.random.Generator, listed: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    u = rng.random(len(listed))
    rows, selected, prob = [], np.zeros(len(listed), dtype=bool), np.zeros(len(listed))
    code = listed["phase1_class"].to_numpy()
    for name in CLASSES:
        of = np.flatnonzero(code == name)
        n = min(int(sc.design["two_phase"]["take"][name]), len(of))
        selected[of[np.argsort(u[of], kind="stable")[:n]]] = True
        prob[of] = n / len(of)
        rows.append((name, len(of), n, n / len(of), listed["d0_base"].to_numpy()[of].sum()))
    counts = pd.DataFrame(
        rows,
        columns=[
            "phase1_class",
            "households_listed",
            "households_selected",
            "phase2_prob",
            "households_weighted",
        ],
    )
    listing = listed.assign(selected=selected, phase2_prob=prob.round(8))
    chosen = listing[selected].copy()
    chosen["d2_phase2"] = chosen["d0_base"] / prob[selected]
    return chosen.drop(columns="selected"), listing, counts


def _respond(rng: np.random.Generator, chosen: pd.DataFrame, two_phase: bool) -> pd.DataFrame:
    """Household non-response, adjusted for in cells: strata in an area sample, screening classes in
    a two-phase sample.
    """
    before = "d2_phase2" if two_phase else "d0_base"
    cell = chosen["phase1_class" if two_phase else "stratum"]
    urban = chosen["stratum"] % 2
    p = logistic(1.9 - 0.5 * urban.to_numpy() + 0.05 * chosen["n"].to_numpy())
    answered = rng.random(len(chosen)) < p
    w = chosen[before]
    factor = w.groupby(cell).transform("sum") / w.where(answered, 0.0).groupby(cell).transform(
        "sum"
    )
    out = chosen.assign(d1_nr=w * factor)[answered].copy()
    out["weight"] = out["d1_nr"]
    keep = ["hh", "psu", "stratum", "d0_base", "d1_nr", "weight"] + (
        ["d2_phase2", "phase1_class", "phase2_prob"] if two_phase else []
    )
    return out[keep]
