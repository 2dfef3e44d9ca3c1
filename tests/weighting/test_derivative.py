"""Chains of steps, frames and steps in domains pass the influence of an estimate back to the base
weights: equal to the change of the estimate when one base weight moves and the whole chain is made
again. Single steps: `proof/test_influence_is_the_derivative.py`.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from _pytest.mark.structures import ParameterSet

import mismes_eval as me

from ..derivative import by_weight

Chain = Callable[[pd.DataFrame], me.Sample]
N = 72


def people() -> pd.DataFrame:
    rng = np.random.default_rng(21)
    f = pd.DataFrame(
        {
            "psu": np.arange(N) % 12,
            "stratum": np.arange(N) % 3,
            "w": rng.uniform(5, 15, N),
            "x": rng.normal(3, 1, N),
        }
    )
    f["sex"] = np.where(rng.random(N) < 0.5, "F", "M")
    f["age"] = np.where(rng.random(N) < 0.4, "old", "young")
    f["y"] = f["x"] + (f["sex"] == "F") + rng.normal(size=N)
    f["r"] = (rng.random(N) < 0.75).astype(float)
    f["taken"], f["p"], f["both"], f["share"] = (
        rng.random(N) < 0.6,
        rng.uniform(0.3, 0.9, N),
        rng.random(N) < 0.5,
        np.where(rng.random(N) < 0.5, 0.3, 0.0),
    )
    return f


def base(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu")


SEX, AGE = {"sex": {"F": 400.0, "M": 380.0}}, {"age": {"old": 300.0, "young": 480.0}}
OTHER = people().iloc[::-1].reset_index(drop=True)
CHAINS: dict[str, Chain] = {
    "raking, then response": lambda f: me.nonresponse(
        me.calibrate(base(f), {**SEX, **AGE}, method="raking"), "r", ["age", "x"]
    ),
    "raking twice": lambda f: me.calibrate(
        me.calibrate(base(f), SEX, method="raking"), AGE, method="raking"
    ),
    "second phase": lambda f: me.two_phase(base(f), "taken", "p"),
    "second phase, then raking": lambda f: me.calibrate(
        me.two_phase(base(f), "taken", "p", "sex"), AGE, method="raking"
    ),
    "two frames, theta": lambda f: me.combine_frames(
        [base(f), base(OTHER)], ["both", "both"], "hartley", 0.4
    ),
    "two frames, then linear": lambda f: me.calibrate(
        me.combine_frames([base(f), base(OTHER)], ["both", "both"], "hartley", 0.4),
        {"sex": {"F": 700.0, "M": 800.0}},
    ),
}


def narrowed(f: pd.DataFrame) -> me.Sample:
    return base(f).where(f["x"] > 2.2)


INNER = {"sex": {"F": 330.0, "M": 300.0}}
CHAINS |= {
    "linear in a domain": lambda f: me.calibrate(narrowed(f), INNER),
    "linear in a domain with a number": lambda f: me.calibrate(narrowed(f), {**INNER, "x": 2150.0}),
    "poststratified in a domain": lambda f: me.poststratify(
        narrowed(f), "sex", {"F": 330.0, "M": 300.0}
    ),
    "response by cells in a domain": lambda f: me.nonresponse(
        narrowed(f), "r", ["sex", "age"], method="cells"
    ),
    "second phase in a domain": lambda f: me.two_phase(narrowed(f), "taken", "p", "sex"),
    "balance in a domain": lambda f: me.balance_weights(narrowed(f), "taken", ["sex", "x"]),
    "two steps in a domain": lambda f: me.calibrate(
        me.nonresponse(narrowed(f), "r", ["sex"]), INNER
    ),
    "a step in a domain, then all": lambda f: me.calibrate(
        me.nonresponse(narrowed(f), "r", ["sex"]).everybody(), SEX
    ),
}
STATISTICS = {
    "total": lambda s: me.total(s, "y"),
    "mean": lambda s: me.mean(s, "y"),
    "ratio": lambda s: me.ratio(s, "y", "x"),
    "domain": lambda s: me.mean(s, "y", by="age"),
    "ols": lambda s: me.ols(s, "y ~ x"),
}


def on_base(estimate: me.Estimate) -> np.ndarray:
    """(n, p) influence on the base weights."""
    (part,) = estimate.parts
    assert part.influence is not None
    return np.asarray(part.design.pull_back(part.influence).dense())


def cases() -> list[ParameterSet]:
    """Every statistic after every chain; each chain with two of them stands for the others."""
    return [
        pytest.param(chain, statistic, marks=[pytest.mark.slow] * ((j - i) % len(STATISTICS) > 1))
        for i, chain in enumerate(CHAINS)
        for j, statistic in enumerate(STATISTICS)
    ]


@pytest.mark.identity
@pytest.mark.parametrize(("chain", "statistic"), cases())
def test_influence_is_the_change_of_the_estimate_by_each_base_weight(
    chain: str, statistic: str
) -> None:
    f, value = people(), STATISTICS[statistic]
    z = on_base(value(CHAINS[chain](f)))
    rows = range(0, N, 9)
    slopes = by_weight(
        lambda w: value(CHAINS[chain](f.assign(w=w))).value, f["w"].to_numpy(), rows, 1e-4
    )
    np.testing.assert_allclose(z[rows], slopes, rtol=1e-4, atol=1e-6 * np.abs(slopes).max())


@pytest.mark.identity
def test_shares_of_households_pass_influence_back_to_the_households() -> None:
    rng = np.random.default_rng(2)
    homes = pd.DataFrame(
        {"hhid": np.arange(20), "w": rng.uniform(5, 9, 20), "psu": np.arange(20) % 5}
    )
    reports = pd.DataFrame(
        {
            "hhid": rng.integers(0, 20, 15),
            "s_i": rng.integers(1, 4, 15),
            "y": rng.normal(3, 1, 15),
            "abroad": rng.random(15) < 0.5,
        }
    )

    def chain(f: pd.DataFrame) -> me.Sample:
        return me.weight_share(me.Sample.from_frame(f, weights="w", psu="psu"), reports)

    for value in (lambda s: me.total(s, "y"), lambda s: me.mean(s, "y", by="abroad")):
        slopes = by_weight(
            lambda w, value=value: value(chain(homes.assign(w=w))).value,
            homes["w"].to_numpy(),
            range(20),
            1e-4,
        )
        np.testing.assert_allclose(on_base(value(chain(homes))), slopes, rtol=1e-5, atol=1e-8)
    expected = sum(
        homes["w"].iloc[h] / s * y
        for h, s, y in zip(reports["hhid"], reports["s_i"], reports["y"], strict=True)
    )
    assert me.total(chain(homes), "y").value[0] == pytest.approx(expected)


@pytest.mark.identity
def test_pseudo_weights_pass_influence_back_to_the_reference_sample() -> None:
    rng = np.random.default_rng(3)
    volunteers = pd.DataFrame(
        {
            "x": rng.normal(3.4, 1, 40),
            "y": rng.normal(size=40),
            "sex": np.where(rng.random(40) < 0.5, "F", "M"),
        }
    )

    def chain(f: pd.DataFrame) -> me.Sample:
        return me.pseudo_weights(volunteers, base(f), ["x", "sex"])

    made = chain(people())
    assert made.flags
    z = on_base(me.mean(made, "y"))
    reference = np.flatnonzero(~np.isin(np.arange(made.n), np.flatnonzero(made.weights > 0)))
    assert reference.size == N and (made.weights > 0).sum() == 40
    f, rows = people(), range(0, N, 7)
    slopes = by_weight(
        lambda w: me.mean(chain(f.assign(w=w)), "y").value, f["w"].to_numpy(), rows, 1e-4
    )
    np.testing.assert_allclose(z[reference[rows]], slopes, rtol=2e-5, atol=1e-8)


@pytest.mark.identity
def test_totals_that_are_estimates_add_their_variance() -> None:
    f = people()
    known = me.calibrate(base(f), SEX)
    guessed = me.calibrate(base(f), SEX, total_se={"sex": {"F": 20.0, "M": 0.0}})
    slope = [
        me.total(me.calibrate(base(f), {"sex": {"F": 400.0 + d, "M": 380.0}}), "y").value[0]
        for d in (1.0, -1.0)
    ]
    extra = ((slope[0] - slope[1]) / 2 * 20.0) ** 2
    assert me.total(guessed, "y").vcov[0, 0] == pytest.approx(
        me.total(known, "y").vcov[0, 0] + extra, rel=1e-9
    )
    several = me.total(guessed, ["y", "x"])
    np.testing.assert_allclose(several.se**2, np.diag(several.vcov), rtol=1e-12)


@pytest.mark.identity
def test_a_second_phase_adds_the_variance_of_its_draw() -> None:
    """Under a first phase with finite population correction the squared deviations of phase 1 miss
    a share f of the draw's variance: f (1 - pi) of each squared weighted value.
    """
    f = people().assign(
        pop=np.select([people()["stratum"] == 0, people()["stratum"] == 1], [8.0, 10.0], 16.0)
    )
    with_fpc = me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu", fpc="pop")
    drawn = me.two_phase(with_fpc, "taken", "p")
    value = np.where(f["taken"], f["w"] / f["p"] * f["y"], 0.0)
    first = 0.0
    for h, size in ((0, 8.0), (1, 10.0), (2, 16.0)):
        units = np.array(
            [
                value[(f["stratum"] == h) & (f["psu"] == k)].sum()
                for k in f.loc[f["stratum"] == h, "psu"].unique()
            ]
        )
        first += (
            (1 - units.size / size)
            * units.size
            / (units.size - 1)
            * ((units - units.mean()) ** 2).sum()
        )
    fraction = f["stratum"].map({0: 4 / 8.0, 1: 4 / 10.0, 2: 4 / 16.0})
    second = float((fraction * (1 - f["p"]) * value**2).sum())
    assert me.total(drawn, "y").vcov[0, 0] == pytest.approx(first + second, rel=1e-10)
