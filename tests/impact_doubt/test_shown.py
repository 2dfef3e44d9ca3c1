"""Every result shows itself: its table as HTML and text, its sentence, its picture on axes that are
given or made.
"""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.sensitivity.robustness import Specification, SpecificationCurve


def panel(n: int = 60) -> me.Sample:
    unit, t = np.repeat(np.arange(n), 5), np.tile(np.arange(1, 6), n)
    cohort = np.select([unit % 3 == 0, unit % 3 == 1], [3.0, 4.0], 0.0)
    rng = np.random.default_rng(1)
    y = (
        rng.normal(size=n)[unit]
        + 0.3 * t
        + 1.5 * ((cohort > 0) & (t >= cohort))
        + rng.normal(scale=0.3, size=unit.size)
    )
    return me.Sample.from_frame(
        pd.DataFrame({"unit": unit, "t": t, "cohort": cohort, "y": y, "w": 1.0}),
        weights="w",
        psu="unit",
    )


def wide(n: int = 80) -> me.Sample:
    rng = np.random.default_rng(2)
    d = np.arange(n) % 2
    f = pd.DataFrame(
        {
            "y0": rng.normal(size=n),
            "d": d,
            "x": rng.normal(size=n) + d,
            "w": 1.0,
            "g": np.arange(n) % 8,
            "s": np.arange(n) % 5 > 0,
        }
    )
    return me.Sample.from_frame(f.assign(y1=f["y0"] + d + rng.normal(size=n)), weights="w")


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def effects() -> me.GroupTime:
    return me.att_gt(panel(), "y", "cohort", "t", unit="unit", base="universal")


SHOWN: dict[str, Callable[[], object]] = {
    "group-time effects": effects,
    "band": lambda: effects().bands(),
    "decomposition": lambda: bacon(panel(), "y", "cohort", unit="unit", time="t"),
    "balance": lambda: balance(wide(), "d", ["x", "y0"]),
    "composition": lambda: me.composition_check(panel(), ["y"], "cohort", "t"),
    "cost": lambda: me.cost_effectiveness(att(wide()), 1000.0, cost_se=100.0, value=3000.0),
    "groups": lambda: me.by_group(att, wide().with_columns({"g": np.arange(80) % 4 // 2}), "g"),
    "honest": lambda: me.honest_did(effects().aggregate("event")),
    "honest, smooth": lambda: me.honest_did(
        effects().aggregate("event"), "smoothness", grid=[0.0, 0.1]
    ),
    "power of the pre-trend test": lambda: me.pretrend_power(
        effects().aggregate("event"), draws=2000
    ),
    "adjusted p-values": lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "holm"),
    "oster": lambda: me.oster(wide(), "y1", "d", ["x"]),
    "meta-analysis": lambda: me.random_effects([0.1, 0.3, 0.2], [0.1, 0.1, 0.2]),
    "wild bootstrap": lambda: wild_bootstrap(att(wide()), cluster=wide().frame["g"], draws=199),
    "randomisation": lambda: me.randomisation_test(wide(), att, "d", draws=59),
    "specifications": lambda: me.robustness(
        wide(),
        me.att_2x2,
        {"plain": {}, "covariate": {"covariates": ("x",)}},
        {"outcome": ("y0", "y1"), "treated": "d"},
        "plain",
    ),
    "placebo": lambda: me.placebo_groups(
        att, wide().with_columns({"g": np.arange(80) % 6 // 2}), "d", "g"
    ),
    "design of a study": lambda: me.minimum_detectable_effect(500, share=0.4),
    "linear panel": lambda: me.panel_ols(
        panel().with_columns(
            {
                "on": (
                    (panel().frame["cohort"] > 0) & (panel().frame["t"] >= panel().frame["cohort"])
                ).astype(float)
            }
        ),
        "y",
        treated="on",
        unit="unit",
        time="t",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_result_shows_its_table_and_its_sentence(name: str) -> None:
    result = SHOWN[name]()
    html = result._repr_html_()  # type: ignore[attr-defined]
    table = result.to_frame() if hasattr(result, "to_frame") else result.table  # type: ignore[attr-defined]
    assert isinstance(table, pd.DataFrame) and len(table)
    assert "<table" in html
    first = [str(c) for c in (table.columns if name != "design of a study" else table.columns[:1])]
    assert all(c in html for c in first)
    if hasattr(result, "text"):
        assert result.text and "{" not in result.text and "nan" not in result.text.lower()
        assert result.text.split()[0] in html
    for note in getattr(result, "notes", ()):
        assert note in html
    assert repr(result)


PICTURES = [
    n
    for n in SHOWN
    if n
    not in (
        "power of the pre-trend test",
        "adjusted p-values",
        "oster",
        "meta-analysis",
        "wild bootstrap",
        "design of a study",
        "linear panel",
        "band",
        "balance",
    )
]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_on_new_axes_and_on_given_ones(name: str) -> None:
    result = SHOWN[name]()
    ax = result.plot()  # type: ignore[attr-defined]
    assert ax.has_data() or ax.images
    if name not in ("placebo", "composition"):
        _, given = plt.subplots()
        assert result.plot(ax=given) is given  # type: ignore[attr-defined]
    plt.close("all")


def test_balance_has_two_pictures() -> None:
    b = balance(wide(), "d", ["x", "y0"])
    for draw in (b.love_plot, b.overlap_plot):
        _, given = plt.subplots()
        assert draw(given) is given and given.has_data()
        assert draw().has_data()
    plt.close("all")


def test_the_heat_map_leaves_out_what_was_not_estimated() -> None:
    ax = effects().plot("heat")
    written = [t.get_text() for t in ax.texts]
    assert written and all("nan" not in t for t in written)
    plt.close("all")


def test_a_curve_of_failures_says_so() -> None:
    curve = SpecificationCurve((Specification("a", {}, me.NotEstimable("no rows")),), None, ())
    assert curve.text == "None of 1 specifications could be estimated."
    assert curve.result("a") == me.NotEstimable("no rows")
    assert "no rows" in repr(curve)


def test_power_falls_with_the_effect_and_is_unknown_without_degrees_of_freedom() -> None:
    d = me.minimum_detectable_effect(500, share=0.4)
    curve = d.curve([0.0, 0.05, 0.2, 1.0])
    assert curve["power"].is_monotonic_increasing
    assert curve["power"].iloc[0] == pytest.approx(0.05, abs=1e-3)
    assert curve["power"].iloc[-1] == pytest.approx(1.0)
