"""Declared runs are made as declared, failures stay with their reason, group differences carry
their covariance, and sensitivity formulas invert their models.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.impact.sensitivity.oster import proportional_selection
from mismes_eval.impact.sensitivity.robustness import every_combination


def drawn(n: int = 900, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    psu = np.arange(n) // 10
    region, sex = psu % 6, rng.integers(0, 2, n)
    x = rng.normal(size=n)
    d = (rng.random(n) < 1 / (1 + np.exp(-0.5 * x))).astype(int)
    y0 = x + rng.normal(size=n) + 0.3 * rng.normal(size=90)[psu]
    y1 = y0 + 0.3 + 0.5 * d + 0.4 * d * sex + 0.3 * x + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y0": y0,
            "y1": y1,
            "p1": y0 + rng.normal(size=n),
            "d": d,
            "x": x,
            "sex": np.where(sex, "F", "M"),
            "region": region,
            "month": rng.integers(-6, 7, n),
            "w": rng.uniform(1, 3, n),
            "psu": psu,
            "h": psu % 3,
        }
    )


def sample(seed: int = 1) -> me.Sample:
    return me.Sample.from_frame(drawn(seed=seed), weights="w", strata="h", psu="psu")


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d", covariates=("x",))


def test_specification_curve():
    s = sample()
    specifications, choices = every_combination(
        {
            "method": {"doubly robust": "dr", "weighting": "ipw", "none": "none"},
            "covariates": {"x": ("x",), "no covariates": ()},
        }
    )
    curve = me.robustness(
        s,
        me.att_2x2,
        specifications,
        common={"outcome": ("y0", "y1"), "treated": "d"},
        reference="doubly robust, x",
        choices=choices,
    )
    t = curve.to_frame()
    assert len(t) == 6 and set(t.columns) >= {"method", "covariates", "value", "reason"}
    failed = t[t["reason"] != ""]
    assert failed["specification"].tolist() == ["none, x"]
    assert "takes no covariates" in failed["reason"].iloc[0]
    assert t.loc[0, "value"] == pytest.approx(att(s).value[0], abs=1e-12)
    assert isinstance(curve.result("none, x"), me.NotEstimable)
    assert "5 of 6 specifications were estimated" in curve.text
    axes = curve.plot()
    assert len(axes.figure.axes) == 2
    plt.close("all")
    narrowed = me.robustness(
        s,
        me.att_2x2,
        {"women": {"where": s.frame["sex"] == "F"}},
        common={"outcome": ("y0", "y1"), "treated": "d", "covariates": ("x",)},
    )
    assert narrowed.to_frame()["value"][0] == pytest.approx(
        att(s.where(s.frame["sex"] == "F")).value[0]
    )


def test_leave_one_out_and_donut():
    s = sample()
    curve = me.leave_one_out(att, s, "region").to_frame()
    assert len(curve) == 7
    assert curve.loc[1, "value"] == pytest.approx(att(s.where(s.frame["region"] != 0)).value[0])
    empty = me.donut(att, s, "month", [100]).to_frame()
    assert empty["reason"].iloc[1] != ""


@pytest.mark.identity
def test_group_differences_equal_the_interaction():
    s = sample()
    groups = me.by_group(lambda q: me.ols(q, "y1 ~ d").select([1]), s, "sex", reference="M")
    interaction = me.ols(s, "y1 ~ d * sex")
    k = next(i for i, name in enumerate(interaction.names) if ":" in name)
    assert isinstance(groups.differences, me.Estimate)
    assert abs(groups.differences.value[0]) == pytest.approx(abs(interaction.value[k]), abs=1e-10)
    assert groups.differences.se[0] == pytest.approx(interaction.se[k], rel=1e-10)
    apart = np.sqrt((groups.effects.se**2).sum())
    assert groups.differences.se[0] != pytest.approx(apart, rel=1e-6)  # sexes share PSUs
    t = groups.to_frame().set_index("group")
    assert np.isnan(t.loc["M", "difference"])
    assert t.loc["F", "difference"] == pytest.approx(groups.differences.value[0])
    assert groups.equality.p == pytest.approx(groups.differences.pvalue[0], abs=1e-10)
    assert (groups.adjusted("holm").adjusted >= groups.effects.pvalue - 1e-12).all()
    groups.plot()
    plt.close("all")


def test_groups_without_an_estimate_say_why():
    f = drawn()
    f["kind"] = np.where(f.region == 0, "all treated", np.where(f.region < 3, "a", "b"))
    f.loc[f.kind == "all treated", "d"] = 1
    s = me.Sample.from_frame(f, weights="w", strata="h", psu="psu")
    groups = me.by_group(att, s, "kind")
    assert list(groups.missing) == ["all treated"]
    assert "no comparison rows" in groups.missing["all treated"].reason
    assert "no comparison rows" in groups.to_frame()["reason"].iloc[-1]


def test_placebos():
    s = sample()
    outcomes = me.placebo_outcomes(
        lambda q, y: me.att_2x2(q, ("y0", y), "d", covariates=("x",)), s, ["p1", "nothing"]
    )
    t = outcomes.to_frame()
    assert t["reason"].tolist()[0] == "" and "unknown column" in t["reason"].tolist()[1]
    assert outcomes.joint.p == pytest.approx(t["p"][0], abs=1e-9)
    groups = me.placebo_groups(att, s, "d", "region")
    assert len(groups.to_frame()) == 7 and groups.to_frame()["specification"][0] == "actual"
    assert groups.rank_p == pytest.approx(1 / 7)
    dates = me.placebo_dates(
        lambda q, at: me.mean(q.where(q.frame["month"] < at), "y0"), s, [-1, -3]
    )
    assert dates.to_frame()["n"].is_monotonic_decreasing
    assert "All placebos 0" in dates._repr_html_()


@pytest.mark.identity
def test_oster_recovers_the_effect_when_selection_is_proportional():
    beta, g1, g2 = (
        0.7,
        0.4,
        0.25,
    )  # y = beta x + w1 + w2 + e; x = g1 w1 + g2 w2 + v, all independent but these
    v1, v2, ve, vv = 1.5, 0.8, 0.9, 0.6
    var_x = g1**2 * v1 + g2**2 * v2 + vv
    tau = g2**2 * v2 + vv
    cov_xy = beta * var_x + g1 * v1 + g2 * v2
    var_y = beta**2 * var_x + v1 + v2 + ve + 2 * beta * (g1 * v1 + g2 * v2)
    beta0 = cov_xy / var_x
    beta1 = beta + g2 * v2 / tau
    r0 = cov_xy**2 / var_x / var_y
    left = v2 + ve - (g2 * v2) ** 2 / tau
    r1, top = 1 - left / var_y, 1 - ve / var_y
    delta, _ = proportional_selection(beta0, r0, beta1, r1, top, var_y, var_x, tau, beta)
    assert delta == pytest.approx(g2 / g1, rel=1e-10)
    # equal proportions: the adjusted effect is the true one
    g2 = g1
    var_x = g1**2 * (v1 + v2) + vv
    tau = g2**2 * v2 + vv
    cov_xy = beta * var_x + g1 * v1 + g2 * v2
    var_y = beta**2 * var_x + v1 + v2 + ve + 2 * beta * (g1 * v1 + g2 * v2)
    left = v2 + ve - (g2 * v2) ** 2 / tau
    values = (
        cov_xy / var_x,
        cov_xy**2 / var_x / var_y,
        beta + g2 * v2 / tau,
        1 - left / var_y,
        1 - ve / var_y,
        var_y,
        var_x,
        tau,
    )
    delta, adjusted = proportional_selection(*values, beta)
    assert delta == pytest.approx(1, rel=1e-10) and adjusted == pytest.approx(beta, rel=1e-10)


def test_oster_on_a_sample():
    s = sample().with_columns({"change": drawn()["y1"] - drawn()["y0"]})
    out = me.oster(s, "change", "d", ["x"], always=["region"])
    assert out.r2_max == pytest.approx(1.3 * out.r2_controlled)
    assert out.r2_uncontrolled < out.r2_controlled
    at_null = me.oster(s, "change", "d", ["x"], always=["region"], null=out.adjusted)
    assert at_null.delta == pytest.approx(1, rel=1e-8)
    within = me.ols(s.with_columns({"r": s.frame["region"]}), "change ~ d + x + C(r)")
    numeric = me.oster(
        s.with_columns({"region": s.frame["region"].astype(str)}),
        "change",
        "d",
        ["x"],
        always=["region"],
    )
    assert numeric.controlled == pytest.approx(within.value[within.names.index("d")], rel=1e-10)
    assert "instead of" in numeric.text and numeric.to_frame().shape == (1, 9)


@pytest.mark.identity
def test_recall_without_error_is_the_plain_comparison():
    f = drawn(seed=3).assign(
        b=lambda g: (g.y0 > 0.2).astype(int), a=lambda g: (g.y1 > 0.2).astype(int)
    )
    s = me.Sample.from_frame(f, weights="w", strata="h", psu="psu")
    out = me.recall_sensitivity(s, "b", "a", "d", [1.0], [1.0])
    plain = me.att_2x2(s, ("b", "a"), "d", method="none")
    assert out.value[0] == pytest.approx(plain.value[0], abs=1e-12)
    assert out.se[0] == pytest.approx(plain.se[0], rel=1e-10)
