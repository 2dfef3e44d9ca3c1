"""What a result shows is its sentence, its table to the stated digits and its notes, in this order
and nothing else; tables of costs, summaries and groups row by row.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.estimate.number_format import figure
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap

from .made_up import att, effects, panel, wide


def four(v: float) -> str:
    return f"{v:,.4g}"


def small(notes: object) -> str:
    return "".join(f"<p><small>{n}</small></p>" for n in notes)  # type: ignore[attr-defined]


def event() -> me.Estimate:
    return effects().aggregate("event")


HTML: dict[str, tuple[Callable[[], object], Callable[[object], str]]] = {
    "oster": (
        lambda: me.oster(wide(), "y1", "d", ["x"]),
        lambda r: (
            f"<p>{r.text}</p>"
            + r.to_frame().to_html(index=False, float_format=four)
            + small(r.notes)
        ),
    ),
    "summary": (
        lambda: me.random_effects([0.1, 0.3, 0.2], [0.1, 0.1, 0.2]),
        lambda r: (
            f"<p>{r.definition}</p>"
            + r.to_frame().to_html(index=False, float_format=figure, na_rep="")
        ),
    ),
    "p-values": (
        lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "holm"),
        lambda r: r.to_frame().to_html(index=False, float_format=four) + small(r.notes),
    ),
    "power of the pre-trend test": (
        lambda: me.pretrend_power(event(), draws=2000),
        lambda r: r.to_frame().to_html(index=False, float_format=four) + small(r.notes),
    ),
    "linear panel": (
        lambda: me.panel_ols(panel(), "y", treated="on", unit="unit", time="t"),
        lambda r: (
            r.to_frame().to_html(index=False, float_format=four) + f"<p><small>{r.note}</small></p>"
        ),
    ),
    "design of a study": (
        lambda: me.minimum_detectable_effect(500, share=0.4),
        lambda r: (
            f"<p>{r.text}</p>"
            + r.to_frame().T.to_html(header=False, float_format=figure, na_rep="")
        ),
    ),
    "composition": (
        lambda: me.composition_check(panel(), ["y"], "cohort", "t"),
        lambda r: (
            f"<p>{r.test}</p>" + r.to_frame().to_html(index=False, float_format=figure, na_rep="")
        ),
    ),
    "group-time effects": (
        lambda: me.att_gt(panel(), "y", "cohort", "t", unit="unit"),
        lambda r: r.to_frame().to_html(index=False, float_format=four) + small(r.estimate.notes),
    ),
    "placebo": (
        lambda: me.placebo_groups(att, wide(), "d", "h"),
        lambda r: (
            f"{r.curve._repr_html_()}<p>All placebos 0: {r.joint}</p><p>Share of effects at least as large as the actual one, itself counted: {r.rank_p:.3g}.</p>"
        ),
    ),
}


@pytest.mark.parametrize("name", HTML)
def test_html_is_sentence_table_and_notes(name: str) -> None:
    make, compose = HTML[name]
    result = make()
    assert result._repr_html_() == compose(result)  # type: ignore[attr-defined]


def test_texts_are_tables_without_row_numbers() -> None:
    p = me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "holm")
    assert repr(p) == p.to_frame().to_string(index=False) + "".join(f"\n{n}" for n in p.notes)
    c = me.cost_effectiveness(att(wide()), 1000.0)
    assert repr(c).startswith(f"{c.text}\n") and "cost per participant" in repr(c)
    assert c._repr_html_().startswith(f"<p>{c.text}</p><table")
    assert c._repr_html_().endswith("</table>" + small(c.notes))
    g = me.att_gt(panel(), "y", "cohort", "t", unit="unit")
    assert repr(g) == g.to_frame().to_string(index=False) + "".join(
        f"\n{n}" for n in g.estimate.notes
    )


def test_every_row_of_a_cost() -> None:
    r = me.cost_effectiveness(
        att(wide()),
        500_000.0,
        cost_se=50_000.0,
        value=3000.0,
        years=2.0,
        participants=500,
        unit="job",
        currency="MDL",
    )
    t = r.to_frame().set_index("figure")
    assert list(r.to_frame().columns) == ["figure", "unit", "value", "low", "high", "note"]
    e = att(wide())
    half = float(e.ci()["high"].iloc[0] - e.value[0])
    gain = 2 * e.value[0]
    assert t.index.tolist() == [
        "effect per participant",
        "cost per participant",
        "job gained in all",
        *["cost per additional job"] * 2,
        "break-even effect (ATT)",
        "net benefit per participant",
    ]
    assert t["unit"].tolist() == ["job", "MDL", "job", "MDL", "MDL", "", "MDL"]
    assert t["note"].tolist() == [
        f"ATT {e.value[0]:.4g} over 2 years",
        "",
        "500 participants",
        "Fieller",
        "bootstrap",
        "",
        "",
    ]
    assert t.loc["effect per participant", ["value", "low", "high"]].tolist() == pytest.approx(
        [gain, gain - 2 * half, gain + 2 * half]
    )
    assert t.loc["job gained in all", ["value", "low", "high"]].tolist() == pytest.approx(
        [500 * gain, 500 * (gain - 2 * half), 500 * (gain + 2 * half)]
    )
    width = half / float(e.se[0]) * 100
    assert t.loc["cost per participant", ["value", "low", "high"]].tolist() == pytest.approx(
        [1000, 1000 - width, 1000 + width]
    )
    assert t["value"].iloc[3] == t["value"].iloc[4] == pytest.approx(1000 / gain)
    assert t["low"].iloc[3] < 1000 / gain < t["high"].iloc[3]
    assert t["low"].iloc[4] < 1000 / gain < t["high"].iloc[4]
    assert t.loc["break-even effect (ATT)", "value"] == pytest.approx(1000 / 6000)
    assert t.loc["break-even effect (ATT)", ["low", "high"]].isna().all()
    net = 3000 * gain - 1000
    spread = half / float(e.se[0]) * np.hypot(3000 * 2 * float(e.se[0]), 100)
    assert t.loc["net benefit per participant", ["value", "low", "high"]].tolist() == pytest.approx(
        [net, net - spread, net + spread]
    )


def test_a_cost_without_a_ratio_says_why_in_the_table() -> None:
    nothing = me.att_2x2(
        wide().with_columns({"y1": wide().frame["y0"] + np.arange(80) % 3}), ("y0", "y1"), "d"
    )
    r = me.cost_effectiveness(nothing, 1000.0)
    t = r.to_frame().set_index("figure")
    assert t.index.tolist()[2:] == [
        f"cost per additional {r.unit}",
        "break-even effect (ATT)",
        "net benefit per participant",
    ]
    assert t.iloc[2:][["value", "low", "high"]].isna().all(axis=None)
    assert "covers 0" in t["note"].iloc[2]
    assert t["note"].tolist()[3:] == [f"no value of a {r.unit} was given"] * 2


def test_worth_of_a_unit_and_the_share_of_draws_that_pay() -> None:
    r = me.cost_effectiveness(att(wide()), 1000.0, cost_se=100.0, value=3000.0)
    a = r.acceptability([0.0, 500.0, 1e9])
    assert list(a.columns) == ["value", "probability"] and a["value"].tolist() == [0, 500, 1e9]
    gain, cost = r.draws.T
    assert a["probability"].tolist() == pytest.approx(
        [(cost < 0).mean(), (500 * gain > cost).mean(), (gain > cost / 1e9).mean()]
    )


def test_every_row_of_a_summary() -> None:
    r = me.random_effects([0.1, 0.3, 0.2], [0.1, 0.1, 0.2])
    t = r.to_frame()
    assert list(t.columns) == ["quantity", "value", "low", "high"]
    assert t["quantity"].tolist() == [
        "summary",
        "standard error",
        "prediction",
        "tau2",
        "I2",
        "Q",
        "Q, degrees of freedom",
        "Q, p-value",
        "common effect",
    ]
    w = np.array([100, 100, 25])
    common = w @ [0.1, 0.3, 0.2] / 225
    q = w @ (np.array([0.1, 0.3, 0.2]) - common) ** 2
    values = t.set_index("quantity")["value"]
    assert values[
        ["Q", "Q, degrees of freedom", "common effect", "Q, p-value"]
    ].tolist() == pytest.approx([q, 2, common, np.exp(-q / 2)])
    assert t.loc[[1, 5, 6, 7, 8], ["low", "high"]].isna().all(axis=None)
    assert t.loc[0, ["low", "high"]].tolist() == [r.low, r.high]


def test_every_row_of_the_groups() -> None:
    g = me.by_group(att, wide(), "h")
    t = g.to_frame().set_index("group")
    expected = "value se ci_low ci_high n reason difference difference_se difference_p".split()
    assert list(t.columns) == expected
    each = {k: att(wide().where(wide().frame["h"] == k)) for k in (0, 1)}
    assert t["value"].tolist() == pytest.approx([float(e.value[0]) for e in each.values()])
    assert t["n"].tolist() == [40, 40]
    gap = each[1].value[0] - each[0].value[0]
    others = t[t["difference"].notna()]
    assert len(others) == 1
    assert abs(others["difference"].iloc[0]) == pytest.approx(abs(gap))
    assert t["reason"].tolist() == ["", ""]
    assert others["difference_se"].iloc[0] ** 2 == pytest.approx(
        each[0].se[0] ** 2 + each[1].se[0] ** 2, rel=0.05
    )
    assert g.adjusted("bonferroni").to_frame()["p_adjusted"].tolist() == pytest.approx(
        np.minimum(2 * g.effects.pvalue, 1).tolist()
    )


def test_a_linear_panel_has_t_and_p_of_its_degrees_of_freedom() -> None:
    r = me.panel_ols(panel(), "y", treated="on", unit="unit", time="t")
    t = r.to_frame(0.9)
    ratio = t["value"] / t["se"]
    np.testing.assert_allclose(t["t"], ratio)
    np.testing.assert_allclose(t["p"], 2 * stats.t.cdf(-np.abs(ratio), r.df))
    np.testing.assert_allclose(t["ci_high"] - t["value"], stats.t.ppf(0.95, r.df) * t["se"])
    np.testing.assert_allclose(
        r.to_frame()["value"] - r.to_frame()["ci_low"], stats.t.ppf(0.975, r.df) * t["se"]
    )


def test_a_wild_bootstrap_shows_one_row() -> None:
    b = wild_bootstrap(att(wide()), cluster=wide().frame["g"], draws=199)
    html = b._repr_html_()
    assert html.startswith("<") and f"{float(att(wide()).value[0]):,.4g}" in html


def test_power_falls_with_the_effect_and_is_unknown_without_degrees_of_freedom() -> None:
    d = me.minimum_detectable_effect(500, share=0.4)
    curve = d.curve([0.0, 0.05, 0.2, 1.0])
    assert curve["power"].is_monotonic_increasing
    assert curve["power"].iloc[0] == pytest.approx(0.05, abs=1e-3)
    assert curve["power"].iloc[-1] == pytest.approx(1.0)
