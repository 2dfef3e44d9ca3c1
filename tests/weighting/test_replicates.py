"""Replicates: fast totals equal the replicate-by-replicate weights, linear statistics give the
linearised variance, every step is redone, bad designs are refused.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError
from mismes_eval.estimate.association import variance
from mismes_eval.estimate.quantile import quantile
from mismes_eval.estimate.regression import logit, ols, poisson
from mismes_eval.estimate.totals import mean, ratio, total
from mismes_eval.numerics.variance import Lonely
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.frames import combine_frames, stack_samples
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase, weight_share
from mismes_eval.weighting.pseudo import pseudo_weights
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.replication import replicate_weights
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.trim import trim

from ..some import some


def frame(seed: int = 0, n: int = 600, psus: int = 40, strata: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    psu = np.concatenate([np.arange(psus), rng.integers(0, psus, n - psus)])
    level = rng.normal(0, 1, psus)[psu]
    return pd.DataFrame(
        {
            "w": rng.uniform(5, 15, n),
            "psu": psu,
            "stratum": psu % strata,
            "fraction": 0.1 + 0.1 * (psu % strata),
            "y": 10 + level + rng.normal(size=n),
            "x": rng.uniform(1, 3, n),
            "sex": rng.choice(["F", "M"], n),
            "age": rng.choice(["15-24", "25-54", "55+"], n),
            "responded": rng.random(n) < 0.7,
            "listed": rng.random(n) < 0.3,
            "prob": np.where(psu % 2, 0.4, 0.7),
            "reached": rng.random(n) < 0.5,
        }
    )


def plain(seed: int = 0, **options: object) -> Sample:
    return Sample.from_frame(frame(seed), weights="w", strata="stratum", psu="psu", **options)  # type: ignore[arg-type]


MARGINS = {
    "sex": {"F": 3100.0, "M": 3000.0},
    "age": {"15-24": 2000.0, "25-54": 2100.0, "55+": 2000.0},
}


@pytest.mark.identity
@pytest.mark.parametrize("method", ["linear", "raking"])
@pytest.mark.parametrize("by", [None, "sex"])
def test_totals_are_those_of_the_replicate_weights(method: str, by: str | None) -> None:
    s = replicates(calibrate(plain(), {**MARGINS, "x": 12_500.0}, method=method), n=25, seed=3)  # type: ignore[arg-type]
    each = total(s, ["y", "x"], by=by).parts[0].replicates
    levels = s.frame["sex"].to_numpy() if by else np.full(s.n, "all")
    slow = [
        [w @ (s.frame[c] * (levels == v)) for v in np.unique(levels) for c in ("y", "x")]
        for w in replicate_weights(s.design)
    ]
    np.testing.assert_allclose(each, slow, rtol=1e-10)


@pytest.mark.identity
@pytest.mark.parametrize(
    "totals",
    [
        {"x": 12_500.0},
        {"x": 12_500.0, "z": 3_000.0},
        {"z": 3_000.0, "1": 6_100.0},
        {"sex": {"F": 3100.0, "M": 3000.0}, "z": 3_000.0},
    ],
)
def test_totals_of_numbers_without_a_constant_among_them(totals: dict[str, object]) -> None:
    """A calibration to one numeric total does not keep the number of persons: totals are those of
    each replicate's weights, not a regression through every row.
    """
    s = plain().with_columns({"z": frame()["y"] / 20})
    s = replicates(calibrate(s, totals), n=15, seed=3)  # type: ignore[arg-type]
    each = total(s, ["y", "x"], by="age").parts[0].replicates
    age = s.frame["age"].to_numpy()
    slow = [
        [w @ (s.frame[c] * (age == v)) for v in np.unique(age) for c in ("y", "x")]
        for w in replicate_weights(s.design)
    ]
    np.testing.assert_allclose(each, slow, rtol=1e-10)


@pytest.mark.identity
@pytest.mark.parametrize("method", ["linear", "raking"])
def test_every_replicate_meets_the_margins(method: str) -> None:
    s = replicates(
        calibrate(nonresponse(plain(), "responded", ["sex", "age"]), MARGINS, method=method),
        n=20,
        seed=1,
    )  # type: ignore[arg-type]
    for w in replicate_weights(s.design):
        for column, target in MARGINS.items():
            np.testing.assert_allclose(
                [w[s.frame[column] == level].sum() for level in target],
                list(target.values()),
                rtol=1e-9,
            )
        assert (w[~s.frame["responded"]] == 0).all()
    assert total(s, "sex").se.max() < 1e-7


@pytest.mark.identity
@pytest.mark.parametrize("fpc", [None, "fraction"])
def test_jackknife_of_a_total_is_the_linearised_variance(fpc: str | None) -> None:
    s = plain(fpc=fpc)
    np.testing.assert_allclose(
        total(replicates(s, "jackknife"), ["y", "x"]).vcov, total(s, ["y", "x"]).vcov, rtol=1e-10
    )


@pytest.mark.identity
@pytest.mark.parametrize("method", ["brr", "fay"])
def test_balanced_half_samples_of_a_total_are_the_linearised_variance(method: str) -> None:
    s = Sample.from_frame(frame(psus=24, strata=12), weights="w", strata="stratum", psu="psu")
    np.testing.assert_allclose(
        total(replicates(s, method), ["y", "x"]).vcov, total(s, ["y", "x"]).vcov, rtol=1e-10
    )
    assert replicates(s, method).degf == 12


@pytest.mark.whole
@pytest.mark.identity
def test_jackknife_through_nonresponse_and_raking_is_close_to_linearised() -> None:
    file = frame(2, n=2400, psus=160)
    margins = {
        column: {level: 4 * total for level, total in target.items()}
        for column, target in MARGINS.items()
    }
    s = calibrate(
        nonresponse(
            Sample.from_frame(file, weights="w", strata="stratum", psu="psu"),
            "responded",
            ["sex", "age"],
        ),
        margins,
        method="raking",
    )
    r = replicates(s, "jackknife")
    statistics = (
        lambda t: mean(t, "y"),
        lambda t: ratio(t, "y", "x"),
        lambda t: ols(t, "y ~ x + sex"),
        lambda t: logit(t, "listed ~ x + y"),
        lambda t: poisson(t, "x ~ sex + y"),
        lambda t: variance(t, "y"),
        lambda t: quantile(t, "y", [0.4, 0.6]),
        lambda t: mean(t, ["y", "x"], by="age"),
    )
    for statistic in statistics:
        np.testing.assert_allclose(statistic(r).se, statistic(s).se, rtol=0.03)
        np.testing.assert_allclose(statistic(r).value, statistic(s).value, rtol=1e-12)


@pytest.mark.identity
def test_bootstrap_quantile_both_ways_is_close_to_woodruff() -> None:
    s = calibrate(plain(7), MARGINS)
    r = replicates(s, n=300, seed=2)
    want = quantile(s, "y", [0.3, 0.5]).se
    np.testing.assert_allclose(quantile(r, "y", [0.3, 0.5]).se, want, rtol=0.2)
    np.testing.assert_allclose(quantile(r, "y", [0.3, 0.5], interval="quantile").se, want, rtol=0.4)


@pytest.mark.identity
def test_refitting_a_step_from_its_own_weights_gives_its_factor() -> None:
    base = plain()
    other = Sample.from_frame(
        frame(9, n=200, psus=20).assign(other=0.01), weights="w", strata="stratum", psu="psu"
    )
    own = base.with_columns({"other": np.where(base.frame["listed"], 0.02, 0.0)})
    reports = pd.DataFrame({"psu": np.arange(40), "s_i": 1 + np.arange(40) % 3})
    heads = Sample.from_frame(
        frame().groupby("psu", as_index=False).first(), weights="w", strata="stratum", psu="psu"
    )
    samples = [
        trim(
            calibrate(nonresponse(base, "responded", ["sex", "age"]), MARGINS, method="raking"),
            upper=40,
        ),
        calibrate(
            nonresponse(base, "responded", ["sex", "age"], method="cells"),
            MARGINS,
            method="logit",
            bounds=(0.3, 3),
        ),
        calibrate(base, MARGINS, method="linear", bounds=(0.7, 1.5)),
        calibrate(base, MARGINS, unit="w"),
        two_phase(base, "responded", "prob", "sex"),
        two_phase(base, "responded", "prob"),
        combine_frames([calibrate(own, MARGINS), other], ["other", "other"]),
        stack_samples([nonresponse(base, "responded", "sex"), base]),
        weight_share(heads, reports, key="psu"),
        pseudo_weights(frame(3, n=100)[["sex", "age", "y"]], base, ["sex", "age"]),
    ]
    for s in samples:
        for k, step in some(enumerate(s.design.steps)):
            np.testing.assert_allclose(
                step.refit(s.design.weights_after(k)),
                step.factor,
                rtol=1e-9,
                atol=1e-12,
                err_msg=step.name,
            )


@pytest.mark.identity
def test_weights_handed_to_absent_members_are_replicated() -> None:
    heads = Sample.from_frame(
        frame().groupby("psu", as_index=False).first(), weights="w", strata="stratum", psu="psu"
    )
    reports = pd.DataFrame({"psu": np.repeat(np.arange(40), 2), "s_i": 2, "age": np.arange(80.0)})
    s = weight_share(heads, reports, key="psu")
    np.testing.assert_allclose(
        total(replicates(s, "jackknife"), "age").se, total(s, "age").se, rtol=1e-10
    )


@pytest.mark.identity
def test_totals_with_an_error_of_their_own_keep_it() -> None:
    s = calibrate(
        plain(), {"sex": {"F": 3100.0, "M": 3000.0}}, total_se={"sex": {"F": 50.0, "M": 0.0}}
    )
    np.testing.assert_allclose(total(replicates(s, n=40, seed=1), "sex").se, [50.0, 0.0], atol=1e-6)


@pytest.mark.identity
@pytest.mark.parametrize("method", ["bootstrap", "jackknife"])
def test_replicate_weights_from_a_file_are_those_that_were_written(method: str) -> None:
    s = plain()
    r = replicates(s, method, n=30 if method == "bootstrap" else None, seed=1)
    made = r.design.replicates
    names = [f"r{b}" for b in range(made.count)]
    file = pd.concat(
        [s.frame, pd.DataFrame(np.column_stack(list(replicate_weights(r.design))), columns=names)],
        axis=1,
    )
    how = ReplicateWeights(
        names, "jkn" if method == "jackknife" else "bootstrap", rscales=list(made.rscales)
    )
    for psu in ("psu", None):
        read = Sample.from_frame(file, weights="w", strata="stratum", psu=psu, replicates=how)
        np.testing.assert_allclose(mean(read, ["y", "x"]).vcov, mean(r, ["y", "x"]).vcov, rtol=1e-9)
        np.testing.assert_allclose(
            mean(calibrate(read, MARGINS), "y").se,
            mean(
                replicates(
                    calibrate(s, MARGINS), method, n=30 if method == "bootstrap" else None, seed=1
                ),
                "y",
            ).se,
            rtol=1e-9,
        )
        assert read.degf == min(made.degf, made.count - 1)
    factors = pd.DataFrame(
        np.column_stack(list(replicate_weights(r.design))) / s.weights[:, None], columns=names
    )
    relative = ReplicateWeights(names, how.method, rscales=list(made.rscales), combined=False)
    read = Sample.from_frame(
        pd.concat([s.frame, factors], axis=1),
        weights="w",
        strata="stratum",
        psu="psu",
        replicates=relative,
    )
    np.testing.assert_allclose(mean(read, "y").se, mean(r, "y").se, rtol=1e-9)


@pytest.mark.identity
def test_contrasts_and_functions_use_the_replicates() -> None:
    r = replicates(calibrate(plain(), MARGINS), n=60, seed=5)
    by = mean(r, "y", by="sex")
    gap = by.contrast({"y, sex=F": 1, "y, sex=M": -1})
    np.testing.assert_allclose(
        gap.se[0] ** 2, np.array([1, -1]) @ by.vcov @ np.array([1, -1]), rtol=1e-10
    )
    squared = by.through(lambda v: v**2, np.diag(2 * by.value))
    each = by.parts[0].replicates
    assert each is not None
    np.testing.assert_allclose(squared.parts[0].replicates, each**2)


def test_what_cannot_be_resampled_is_refused() -> None:
    for bad, words in (
        (lambda: replicates(plain(), n=10), "seed"),
        (lambda: replicates(plain(), "brr"), "two PSUs"),
        (lambda: replicates(plain(), "jackknife", n=10), "number of replicates"),
        (lambda: replicates(plain(), "delete-a-group"), "unknown replicate method"),
        (lambda: replicates(replicates(plain(), n=5, seed=1), n=5, seed=1), "already"),
        (lambda: plain(replicates=ReplicateWeights(["nowhere", "x"], "fay")), "rho"),
        (lambda: plain(replicates=ReplicateWeights(["x", "y"], "jkn")), "rscales"),
    ):
        with pytest.raises(DesignError, match=words):
            bad()


@pytest.mark.identity
@pytest.mark.parametrize("fpc", [None, "fraction"])
@pytest.mark.parametrize("policy", ["adjust", "average", "remove", "certainty"])
def test_strata_with_one_psu_add_what_the_linearised_variance_adds(
    policy: Lonely, fpc: str | None
) -> None:
    alone = frame().assign(stratum=lambda f: np.where(f["psu"] < 2, 98 + f["psu"], f["stratum"]))
    s = Sample.from_frame(
        alone, weights="w", strata="stratum", psu="psu", lonely_psu=policy, fpc=fpc
    )
    assert len(s.design.lonely_strata) == 2
    linearised = total(s, ["y", "x"]).vcov
    once = total(replicates(s, "jackknife", mse=True), ["y", "x"]).vcov
    np.testing.assert_allclose(once, linearised, rtol=1e-10)
    drawn = replicates(s, n=6_000, seed=2)
    assert drawn.design.replicates is not None and drawn.design.replicates.factor.min() >= 0
    np.testing.assert_allclose(
        np.diag(total(drawn, ["y", "x"]).vcov), np.diag(linearised), rtol=0.07
    )
