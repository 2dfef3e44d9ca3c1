"""A made-up population: households in PSUs in regions, whose labour-market and migration rates
equal the scenario's anchors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.synthetic.scenario import AGE_GROUPS, Scenario, intercept, logistic, pick, spread

_SIZES = (0.22, 0.30, 0.22, 0.16, 0.07, 0.03)  # household sizes 1 to 6 among listed members
_SCHOOL = {  # educat7 1 to 7: older cohort, younger cohort
    "high": (
        (0.01, 0.02, 0.06, 0.08, 0.43, 0.20, 0.20),
        (0.005, 0.01, 0.03, 0.09, 0.41, 0.155, 0.30),
    ),
    "middle": (
        (0.02, 0.03, 0.10, 0.20, 0.35, 0.15, 0.15),
        (0.01, 0.01, 0.04, 0.24, 0.35, 0.13, 0.22),
    ),
    "mixed": (
        (0.24, 0.12, 0.18, 0.20, 0.14, 0.04, 0.08),
        (0.04, 0.05, 0.15, 0.30, 0.24, 0.07, 0.15),
    ),
    "low": ((0.47, 0.13, 0.14, 0.12, 0.07, 0.03, 0.04), (0.13, 0.10, 0.20, 0.26, 0.15, 0.06, 0.10)),
}


@dataclass(frozen=True)
class Population:
    """persons: one row a resident; absent: one row an (absent member, reporting household) pair;
    scale: real persons a row stands for.
    """

    persons: pd.DataFrame
    absent: pd.DataFrame
    scale: float
    year: int


def build(sc: Scenario, year: int) -> Population:
    """The population of one survey year. Region effects are the same in every year, so that trends
    are parallel but for the rollout's effect.
    """
    rng = sc.stream(f"population/{year}")
    p = _households(sc, rng)
    p = _people(sc, p, rng)
    p["returnee"] = _by_sex(
        rng,
        p,
        _returnee_slope(p),
        sc.anchor("returnee_m"),
        sc.anchor("returnee_f"),
        p["adult"].to_numpy(),
    )
    p = _labour(sc, p, year, rng)
    scale = float(sc.population["value"]) / len(p)
    return Population(p, _absent(sc, p, scale, rng), scale, year)


def _households(sc: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    design = sc.design
    share = np.array([region["share"] for region in sc.regions], dtype=float)
    counts = np.maximum(np.round(share / share.sum() * design["frame_psus"]).astype(int), 2)
    region = np.repeat(np.arange(len(sc.regions)), counts)
    urban = np.concatenate(
        [
            np.arange(count) < round(count * region["urban"])
            for count, region in zip(counts, sc.regions, strict=True)
        ]
    ).astype(int)
    n_psu = len(region)
    effect = rng.normal(0.0, 0.18, n_psu)
    cell = region * 2 + urban
    mean = np.bincount(cell, effect, 2 * len(counts)) / np.maximum(
        np.bincount(cell, minlength=2 * len(counts)), 1
    )
    per = int(design["frame_households"])
    hh_psu = np.repeat(np.arange(n_psu), per)
    size = rng.choice(np.arange(1, 7), len(hh_psu), p=_SIZES)
    hh = np.repeat(np.arange(len(hh_psu)), size)
    psu = hh_psu[hh]
    fixed = sc.stream("regions").normal(0.0, 0.15, len(counts))
    return pd.DataFrame(
        {
            "hh": hh,
            "psu": psu,
            "region": region[psu],
            "urban": urban[psu],
            "size": size[hh],
            "place": (effect - mean[cell])[psu] + fixed[region[psu]],
        }
    )


def _people(sc: Scenario, p: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    cells = sc.structure()
    n = len(p)
    quota = np.floor(cells["share"].to_numpy() * n).astype(int)
    quota[
        np.argsort(-(cells["share"].to_numpy() * n - quota), kind="stable")[: n - quota.sum()]
    ] += 1
    code = rng.permutation(np.repeat(np.arange(len(cells)), quota))
    group = cells["age_group"].to_numpy()[code]
    low = np.array(
        [0 if group == "0-14" else int(group.rstrip("+").split("-")[0]) for group in AGE_GROUPS]
    )
    width = np.array([15] + [5] * 14 + [10])
    at = np.array([AGE_GROUPS.index(group) for group in cells["age_group"]])[code]
    age = low[at] + (rng.random(n) * width[at]).astype(int)
    old, young = (np.array(x) for x in _SCHOOL[sc.labour["schooling"]])
    mix = np.clip((60 - age) / 35.0, 0.0, 1.0)[:, None]
    educat7 = 1 + pick(rng, (1 - mix) * old + mix * young)
    educat7 = np.where(age < 18, np.minimum(educat7, 5), educat7)
    educat7 = np.where(age < 22, np.minimum(educat7, 6), educat7)
    return p.assign(
        male=cells["male"].to_numpy()[code],
        age=age,
        age_group=group,
        educat7=educat7,
        adult=age >= 15,
    )


def _returnee_slope(p: pd.DataFrame) -> np.ndarray:
    age = p["age"].to_numpy()
    return (
        np.where((age < 18) | (age > 72), -4.0, -(((age - 41) / 16.0) ** 2))
        - 0.25 * p["urban"].to_numpy()
        + 2.0 * p["place"].to_numpy()
    )


def _by_sex(
    rng: np.random.Generator,
    p: pd.DataFrame,
    slope: np.ndarray,
    men: float,
    women: float,
    within: np.ndarray,
) -> np.ndarray:
    """Bernoulli draws whose expected share is `men` among men and `women` among women of `within`."""
    u = rng.random(len(p))
    out = np.zeros(len(p), dtype=bool)
    for male, target in ((1, men), (0, women)):
        rows = within & (p["male"].to_numpy() == male)
        out[rows] = u[rows] < logistic(slope[rows] + intercept(slope[rows], target))
    return out


def _labour(sc: Scenario, p: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """lstatus 1 employed, 2 unemployed, 3 out of the labour force, with (lstatus) and without
    (lstatus0) the rollout, from the same draw.
    """
    shift = sc.labour["years"].get(year, {"lfpr": 0.0, "ur": 0.0})
    age = p["age"].to_numpy()
    educ = p["educat7"].to_numpy()
    male = p["male"].to_numpy()
    returnee = p["returnee"].to_numpy()
    active = (
        -(((age - 40) / 15.5) ** 2)
        + 0.16 * (educ - 4)
        + 0.5 * p["place"].to_numpy()
        - 1.2 * (age >= 63)
        + 0.35 * returnee
    )
    idle = (
        0.9 * (age < 25)
        + 0.35 * (age < 30)
        + 0.45 * returnee
        - 0.5 * p["place"].to_numpy()
        + sc.labour.get("urban_ur", 0.2) * p["urban"].to_numpy()
    )
    cohort = np.array([region.get("cohort", 0) for region in sc.regions])[p["region"].to_numpy()]
    exposed = (cohort > 0) & (cohort <= year)
    gain = np.where(exposed, float(sc.rollout.get("effect_employment", 0.0)), 0.0)
    u, status, status0 = rng.random(len(p)), np.full(len(p), 3), np.full(len(p), 3)
    module = p["adult"].to_numpy() & (age <= int(sc.labour.get("max_age", 200)))
    for sex, name in ((1, "m"), (0, "f")):
        rows = module & (male == sex)
        lf, ur = sc.anchor(f"lfpr_{name}") + shift["lfpr"], sc.anchor(f"ur_{name}") + shift["ur"]
        in_force = logistic(active[rows] + intercept(active[rows], lf, 0.7 * gain[rows]))
        work = _employment(in_force, idle[rows], gain[rows], lf * (1 - ur))
        force1 = np.maximum(in_force + 0.7 * gain[rows], work + gain[rows])
        status[rows] = np.select([u[rows] < work + gain[rows], u[rows] < force1], [1, 2], 3)
        status0[rows] = np.select([u[rows] < work, u[rows] < in_force], [1, 2], 3)
    return p.assign(module=module, lstatus=status, lstatus0=status0, cohort=cohort, exposed=exposed)


def _employment(
    in_force: np.ndarray, idle: np.ndarray, gain: np.ndarray, target: float
) -> np.ndarray:
    low = -15.0
    high = 15.0
    for _ in range(60):
        mid = 0.5 * (low + high)
        work = in_force * (1 - logistic(mid + idle))
        low, high = (low, mid) if float(np.mean(work + gain)) < target else (mid, high)
    return np.asarray(in_force * (1 - logistic(0.5 * (low + high) + idle)))


def _absent(sc: Scenario, p: pd.DataFrame, scale: float, rng: np.random.Generator) -> pd.DataFrame:
    """Absent members with s_i households that may report each of them; the reporting households are
    kin and more often rural.
    """
    m = sc.migration
    count = round(sc.anchor("absent_total") / scale)
    homes = p.groupby("hh", sort=True).agg(urban=("urban", "first"), place=("place", "first"))
    pull = logistic(np.log(0.3) - 0.4 * homes["urban"].to_numpy() + rng.normal(0, 1.0, len(homes)))
    s_i = 1 + pick(rng, np.tile(np.asarray(m["multiplicity"], dtype=float), (count, 1)))
    person = np.repeat(np.arange(count), s_i)
    hh = rng.choice(len(homes), size=len(person), replace=True, p=pull / pull.sum())
    pairs = pd.DataFrame(
        {"abs_id": person, "hh": homes.index.to_numpy()[hh], "s_i": s_i[person]}
    ).drop_duplicates(["abs_id", "hh"])
    pairs["s_i"] = pairs.groupby("abs_id")["hh"].transform("size")
    male = (rng.random(count) < m["absent_male"]).astype(int)
    age = np.clip(np.round(rng.gamma(9.0, m["absent_age"] / 9.0, count)), 15, 72).astype(int)
    places = m["destinations_men"], m["destinations_women"]
    country = np.where(
        male == 1,
        spread(rng, count, list(places[0]), list(places[0].values())),
        spread(rng, count, list(places[1]), list(places[1].values())),
    )
    who = pd.DataFrame({"male": male, "age": age, "country": country})
    return pairs.join(who, on="abs_id")
