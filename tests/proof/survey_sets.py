"""Samples and estimators for the metamorphic relations: each set is a frame and the way from it to
a weighted sample, so that a relation can change the frame first.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import mismes_eval as me

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[[pd.DataFrame], me.Sample]


@dataclass(frozen=True)
class Survey:
    """frame: columns y, x (positive), d (0/1), k (count), c (category), g (domain) and the
    design's. weight: base weight column.

    free : the weights follow the base weights in proportion (no totals, no probabilities).  psu, stratum: columns that may be renamed.
    """

    frame: pd.DataFrame
    make: Make
    weight: str = "w"
    free: bool = True
    psu: str = "psu"
    stratum: str = "stratum"


def _outcomes(frame: pd.DataFrame, level: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    n = len(frame)
    x = rng.uniform(1, 5, n)
    c = rng.choice(["low", "middle", "high"], n, p=[0.3, 0.5, 0.2])
    return frame.assign(
        x=x,
        c=c,
        g=rng.choice(["north", "south", "west"], n),
        y=3 + level + 0.5 * x + (c == "high") + rng.normal(size=n),
        d=(rng.random(n) < 0.2 + 0.1 * x).astype(int),
        k=rng.poisson(0.3 * x),
    )


@cache
def clusters() -> Survey:
    """Eight strata, 64 PSUs."""
    rng = np.random.default_rng(11)
    psu = np.sort(rng.integers(0, 64, 900))
    frame = pd.DataFrame(
        {"psu": psu, "stratum": psu % 8, "w": rng.integers(1, 6, 900).astype(float)}
    )
    return Survey(
        _outcomes(frame, rng.normal(0, 0.4, 64)[psu], rng),
        lambda f: me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu"),
    )


@cache
def two_stages() -> Survey:
    """PSUs and households with sampling fractions at both stages."""
    rng = np.random.default_rng(12)
    psu = np.repeat(np.arange(40), 15)
    frame = pd.DataFrame(
        {
            "psu": psu,
            "stratum": psu % 4,
            "house": np.repeat(np.arange(200), 3),
            "n1": 60 + 10 * (psu % 4),
            "n2": 50,
            "w": rng.uniform(5, 9, 600),
        }
    )

    def make(f: pd.DataFrame) -> me.Sample:
        return me.Sample.from_frame(
            f, weights="w", strata="stratum", psu=["psu", "house"], fpc=["n1", "n2"]
        )

    return Survey(_outcomes(frame, rng.normal(0, 0.5, 40)[psu], rng), make)


@cache
def two_phases() -> Survey:
    """A listing, screened: classes sampled at different rates and weighted back to their phase-1
    totals.
    """
    rng = np.random.default_rng(13)
    psu = np.sort(rng.integers(0, 50, 1500))
    frame = pd.DataFrame(
        {
            "psu": psu,
            "stratum": psu % 5,
            "w": rng.uniform(2, 4, 1500),
            "class": rng.choice(["migrant", "other"], 1500, p=[0.2, 0.8]),
        }
    )
    frame["p2"] = np.where(frame["class"] == "migrant", 0.9, 0.3)
    frame["selected"] = rng.random(1500) < frame["p2"]

    def make(f: pd.DataFrame) -> me.Sample:
        return me.two_phase(
            me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu"),
            "selected",
            "p2",
            classes="class",
        )

    return Survey(_outcomes(frame, rng.normal(0, 0.4, 50)[psu], rng), make)


@cache
def moldova() -> Survey:
    """The SYNTHETIC labour force survey of Moldova, raked to three margins."""
    raw = pd.read_parquet(next((ROOT / "data_raw" / "MDA").glob("lfs_person*")))
    rng = np.random.default_rng(14)
    raw = raw[raw["age"] >= 15].sample(2500, random_state=1).reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "psu": raw["psu"].astype(str),
            "stratum": raw["strata"].astype(str),
            "w": raw["weight"].astype(float),
            "y": raw["age"].astype(float),
            "x": 1.0 + raw["educat7"].astype(float),
            "d": (raw["lstatus"] == 1).astype(int),
            "k": raw["hsize"].astype(int),
            "c": raw["urban"].map({1: "town", 0: "village"}),
            "g": raw["subnatid1"].astype(str),
            "male": raw["male"].astype(int),
            "band": pd.cut(raw["age"], [14, 34, 54, 120], labels=["young", "middle", "old"]).astype(
                str
            ),
        }
    )
    size = frame["w"].sum() * 1.03
    totals = {
        key: {
            level: float(v)
            for level, v in (
                share
                * (1 + 0.02 * np.arange(len(share)))
                * size
                / (share * (1 + 0.02 * np.arange(len(share)))).sum()
            ).items()
        }
        for key in ("male", "band", "c")
        for share in [frame.groupby(key)["w"].sum() / frame["w"].sum()]
    }
    del rng
    return Survey(
        frame,
        lambda f: me.calibrate(
            me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu"),
            totals,
            method="raking",
        ),
        free=False,
    )


@cache
def losses() -> Survey:
    """No PSU in the file: household clusters, and a fifth who did not answer, weighted for by
    propensity.
    """
    rng = np.random.default_rng(15)
    frame = pd.DataFrame(
        {"psu": np.repeat(np.arange(400), 3), "w": rng.uniform(10, 20, 1200)}
    ).assign(stratum=lambda f: f["psu"] % 4)
    frame = _outcomes(frame, rng.normal(0, 0.4, 400)[frame["psu"]], rng)
    frame["answered"] = rng.random(1200) < 1 / (1 + np.exp(-0.5 - 0.3 * frame["x"]))

    def make(f: pd.DataFrame) -> me.Sample:
        return me.nonresponse(
            me.Sample.from_frame(f, weights="w", strata="stratum", household="psu"),
            "answered",
            ["x", "c"],
        )

    return Survey(frame, make)


@cache
def jackknife() -> Survey:
    """Delete-one replicates with GREG redone in each."""
    rng = np.random.default_rng(16)
    psu = np.sort(rng.integers(0, 24, 480))
    frame = _outcomes(
        pd.DataFrame({"psu": psu, "stratum": psu % 6, "w": rng.uniform(3, 6, 480)}),
        rng.normal(0, 0.4, 24)[psu],
        rng,
    )
    totals = {"c": {k: 1.1 * v for k, v in frame.groupby("c")["w"].sum().items()}}

    def make(f: pd.DataFrame) -> me.Sample:
        return me.replicates(
            me.calibrate(me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu"), totals),
            method="jackknife",
        )

    return Survey(frame, make, free=False)


SETS: dict[str, Callable[[], Survey]] = {
    "clusters": clusters,
    "two stages with fpc": two_stages,
    "two phases": two_phases,
    "Moldova, raked": moldova,
    "households, propensity": losses,
    "jackknife, GREG": jackknife,
}

LEVEL = {  # estimators of a level: scale and location of y carry over
    "mean": lambda s: me.mean(s, "y"),
    "means by": lambda s: me.mean(s, ["y", "x"], by="g"),
    "median": lambda s: me.quantile(s, "y", [0.25, 0.5]),
}
OTHERS = {
    "total": lambda s: me.total(s, "y"),
    "totals by": lambda s: me.total(s, ["y", "d"], by="g"),
    "shares": lambda s: me.proportion(s, "c"),
    "ratio": lambda s: me.ratio(s, "y", "x"),
    "ols": lambda s: me.ols(s, "y ~ x + c"),
    "logit": lambda s: me.logit(s, "d ~ x"),
    "poisson": lambda s: me.poisson(s, "k ~ x"),
}
ESTIMATORS: dict[str, Callable[[me.Sample], me.Estimate]] = {**LEVEL, **OTHERS}


if __name__ == "__main__":
    samples = {name: made().make(made().frame) for name, made in SETS.items()}
    numbers = {
        f"{name}, {e}": (f(s).value.tolist(), f(s).se.tolist())
        for name, s in samples.items()
        for e, f in ESTIMATORS.items()
    }
    sys.stdout.write(json.dumps(numbers))
