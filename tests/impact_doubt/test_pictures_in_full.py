"""Pictures of effects drawn as designed: every mark at its value, with its colour, width and label,
the line at zero, axes in words, no frame at the top and right.
"""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import mismes_eval as me
from mismes_eval.estimate.number_format import figure
from mismes_eval.impact.did.balance import balance
from mismes_eval.impact.did.staggered_plots import heat_map
from mismes_eval.impact.regression.bacon import bacon
from mismes_eval.impact.sensitivity.robustness import Specification, SpecificationCurve

from .made_up import att, effects, panel
from .made_up import wide as persons

BLUE, ORANGE, GREY = "#1f4e79", "#d55e00", "#6e6e6e"


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    plt.close("all")


def style(line: Any) -> tuple[str, float, str, str, float, str]:
    """Colour, width, dashes, marker, size and label of a line."""
    label = str(line.get_label())
    return (
        to_hex(line.get_color()),
        line.get_linewidth(),
        line.get_linestyle(),
        line.get_marker(),
        line.get_markersize(),
        "" if label.startswith("_") else label,
    )


def points(line: Any) -> tuple[list[float], list[float]]:
    return np.asarray(line.get_xdata(), float).tolist(), np.asarray(
        line.get_ydata(), float
    ).tolist()


def bars(collection: Any) -> tuple[list[list[float]], str, float]:
    """Vertical lines as (x, low, high), their colour and width."""
    each = [[float(s[0, 0]), float(s[0, 1]), float(s[1, 1])] for s in collection.get_segments()]
    return each, to_hex(collection.get_colors()[0]), float(collection.get_linewidths()[0])


def open_frame(ax: Any) -> bool:
    return (
        not ax.spines["top"].get_visible()
        and not ax.spines["right"].get_visible()
        and ax.spines["left"].get_visible()
        and ax.spines["bottom"].get_visible()
    )


def wide() -> me.Sample:
    return persons(w=1.0 + np.arange(80) % 3, g=np.arange(80) % 4 // 2)


def legend(ax: Any) -> list[str]:
    assert not ax.get_legend().get_frame_on()
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_an_event_study_has_thick_pointwise_and_thin_simultaneous_intervals() -> None:
    g = effects()
    estimate, band = g.aggregate("event"), me.sup_t(g.aggregate("event"), seed=4)
    ax = g.plot(seed=4)
    ci, wide_ = estimate.ci().to_numpy(float), band.to_frame()[["low", "high"]].to_numpy(float)
    at = estimate.keys["event_time"].to_numpy(float)
    known = np.isfinite(wide_[:, 0])
    expected = []
    for chosen, colour in ((at < 0, GREY), (at >= 0, BLUE)):
        rows = chosen & known
        for table, width in ((wide_, 1.0), (ci, 2.4)):
            expected.append((np.column_stack([at[rows], table[rows]]), colour, width))
    drawn = [bars(c) for c in ax.collections]
    for (each, colour, width), (lines, shown, thick) in zip(expected, drawn, strict=True):
        finite = [line for line in lines if np.isfinite(line).all()]
        np.testing.assert_allclose(finite, each)
        assert (colour, width) == (shown, thick)
    assert points(ax.lines[0])[0] == at[at < 0].tolist()
    assert points(ax.lines[1])[1] == estimate.value[at >= 0].tolist()
    zero, start = ax.lines[2:]
    assert points(zero)[1] == [0, 0] and points(start)[0] == [-0.5, -0.5]
    assert ax.get_xticks().tolist() == at.tolist()
    assert legend(ax) == ["before treatment", "after treatment"] and open_frame(ax)
    assert "Thick: pointwise 95% interval; thin: simultaneous" in ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("kind", "label"), [("cohort", "Cohort (first treated period)"), ("calendar", "Period")]
)
def test_averages_by_cohort_and_period_have_one_colour_and_no_line_at_treatment(
    kind: str, label: str
) -> None:
    _, given = plt.subplots()
    ax = effects().plot(kind, ax=given)
    assert ax is given and ax.get_xlabel() == label and legend(ax) == ["effect"]
    values, zero = ax.lines
    assert to_hex(values.get_color()) == BLUE and points(zero)[1] == [0, 0]


def test_the_map_of_effects_writes_value_and_error_and_marks_the_start() -> None:
    cells = pd.DataFrame(
        {
            "cohort": [2, 2, 2, 3, 3, 3],
            "time": [1, 2, 3, 1, 2, 3],
            "att": [0.0, 1.25, -2.0, 0.5, np.nan, 1.0],
            "se": [np.nan, 0.25, 0.125, 0.1, np.nan, 0.2],
        }
    )
    ax = heat_map(cells)
    image = ax.images[0]
    np.testing.assert_array_equal(
        np.ma.filled(image.get_array().astype(float), np.nan), [[0, 1.25, -2], [0.5, np.nan, 1]]
    )
    assert (image.norm.vmin, image.norm.vmax) == (-2, 2)
    assert [(t.get_position(), t.get_text()) for t in ax.texts] == [
        ((0, 0), "0"),
        ((1, 0), "1.25\n(0.25)"),
        ((2, 0), "-2\n(0.12)"),
        ((0, 1), "0.5\n(0.1)"),
        ((2, 1), "1\n(0.2)"),
    ]
    expected = [([0.5, 0.5], [-0.5, 0.5]), ([1.5, 1.5], [0.5, 1.5])]
    assert [points(line) for line in ax.lines] == expected
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "3"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2", "3"]
    nothing = heat_map(cells.assign(att=0.0)).images[0].norm
    assert (nothing.vmin, nothing.vmax) == (-1, 1)


def test_the_decomposition_is_estimates_against_weights() -> None:
    b = bacon(panel(), "y", "cohort", unit="unit", time="t")
    ax = b.plot()
    kinds = sorted(set(b.table["kind"]))
    assert len(ax.lines) == len(kinds) + 1
    for line, kind in zip(ax.lines, kinds, strict=False):
        rows = b.table[b.table["kind"] == kind]
        assert points(line) == (rows["weight"].tolist(), rows["estimate"].tolist())
        assert line.get_label() == f"{kind} (weight {rows['weight'].sum():.2f})"
    looks = {(to_hex(line.get_color()), line.get_marker()) for line in ax.lines[:-1]}
    assert len(looks) == len(kinds) and len(legend(ax)) == len(kinds) and open_frame(ax)
    assert points(ax.lines[-1])[1] == [b.coefficient] * 2
    assert ax.texts[0].get_text() == f"two-way coefficient {b.coefficient:.3g}"
    html = b._repr_html_()
    words = b.table.assign(
        **{
            c: [
                "never" if g == np.inf else "always" if g == -np.inf else f"{g:g}"
                for g in b.table[c]
            ]
            for c in ("treated", "comparison")
        }
    )
    tables = [t.to_html(index=False, float_format=figure) for t in (b.by_kind(), words)]
    assert html == f"<p>{b.text}</p>" + "".join(tables) + "".join(
        f"<p><small>{n}</small></p>" for n in b.notes
    )
    assert "never" in words["comparison"].tolist()
    begun = bacon(
        panel().with_columns({"cohort": panel().frame["cohort"].replace(3.0, 1.0)}),
        "y",
        "cohort",
        unit="unit",
        time="t",
    )
    assert -np.inf in begun.table["comparison"].tolist()
    assert "<td>always</td>" in begun._repr_html_()


def test_balance_before_and_after() -> None:
    b = balance(wide(), "d", ["x", "y0"])
    ax = b.plot()
    before, after, limit = ax.lines
    assert points(before) == (b.table["before"].abs().tolist(), [1, 0])
    assert points(after) == (b.table["after"].abs().tolist(), [1, 0])
    assert points(limit)[0] == [0.1, 0.1]
    assert to_hex(before.get_markerfacecolor()) == "#ffffff" and to_hex(after.get_color()) == BLUE
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "y0"]
    assert ax.get_xlim()[0] == 0
    assert legend(ax) == ["before weighting", "after weighting"] and open_frame(ax)
    assert b._repr_html_().startswith(f"<p>{b.text}</p><table")
    assert f"{b.table['before'].iloc[0]:,.3f}" in b._repr_html_()


def test_overlap_is_shares_of_weight_up_and_down() -> None:
    b = balance(wide(), "d", ["x", "y0"])
    ax = b.plot("overlap")
    up, down = ax.containers
    for box, value, sign, colour, label in (
        (up, 1, 1, BLUE, "treated"),
        (down, 0, -1, ORANGE, "comparison"),
    ):
        rows = b.treated == value
        share = [
            sign
            * 100
            * b.weights[rows & (b.propensity >= k / 40) & (b.propensity < (k + 1) / 40)].sum()
            / b.weights[rows].sum()
            for k in range(40)
        ]
        np.testing.assert_allclose([bar.get_height() for bar in box], share, atol=1e-10)
        np.testing.assert_allclose([bar.get_x() for bar in box], np.arange(40) / 40, atol=1e-12)
        assert {to_hex(bar.get_facecolor()) for bar in box} == {colour}
        assert box.get_label() == label
    assert points(ax.lines[0])[1] == [0, 0] and legend(ax) == ["treated", "comparison"]


def test_the_plane_of_cost_and_effect() -> None:
    r = me.cost_effectiveness(att(wide()), 1000.0, cost_se=100.0, value=3000.0)
    ax = r.plot()
    cloud, ring, spot, upright, level, worth = ax.lines
    drawn = len(points(cloud)[0])
    assert points(cloud) == (r.draws[:drawn, 0].tolist(), r.draws[:drawn, 1].tolist())
    assert points(spot) == ([r.effect], [r.cost])
    at = np.array(points(ring)) - np.array([[r.effect], [r.cost]])
    distance = (at * np.linalg.solve(r.vcov, at)).sum(axis=0)
    # chi-square with two degrees of freedom, 95%
    np.testing.assert_allclose(distance, 5.991464547107979)
    np.testing.assert_allclose(at[:, 0], at[:, -1], atol=1e-9)
    assert points(level)[1] == [0, 0] and points(upright)[0] == [0, 0]
    x, y = points(worth)
    assert [v / u for u, v in zip(x, y, strict=True)] == pytest.approx([3000, 3000])
    expected = (f"{r.unit} gained per participant", f"cost per participant ({r.currency})")
    assert (ax.get_xlabel(), ax.get_ylabel()) == expected
    assert open_frame(ax)
    assert legend(ax) == [f"3,000 {r.currency} a {r.unit}"]
    bare = me.cost_effectiveness(att(wide()), 1000.0, cost_se=100.0).plot()
    assert len(bare.lines) == 5 and bare.get_legend() is None


@pytest.mark.parametrize(
    ("method", "grid", "label", "gap"),
    [
        (
            "relative_magnitude",
            [0.0, 0.5, 2.0],
            "M: post-treatment breaks over the largest before",
            0.5,
        ),
        ("smoothness", [0.1], "M: change of the slope of the deviation, per period", 1.0),
    ],
)
def test_robust_intervals_stand_beside_that_of_parallel_trends(
    method: str, grid: list[float], label: str, gap: float
) -> None:
    h = me.honest_did(effects().aggregate("event"), method, grid=grid)  # type: ignore[arg-type]
    ax = h.plot()
    value, low, high = h.original
    assert bars(ax.collections[0])[0] == [[pytest.approx(grid[0] - gap), low, high]]
    table = h.table
    assert bars(ax.collections[1])[0] == [
        [m, a, b] for m, a, b in zip(table["m"], table["ci_low"], table["ci_high"], strict=True)
    ]
    assert points(ax.lines[0]) == ([pytest.approx(grid[0] - gap)], [value])
    assert points(ax.lines[1])[1] == [0, 0] and open_frame(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (label, h.target)
    assert legend(ax) == ["parallel trends", "robust 95% interval"]
    shown = h._repr_html_()
    assert shown.startswith(f"<p>{h.text}</p><table")
    assert shown.endswith("".join(f"<p><small>{n}</small></p>" for n in h.notes))
    assert repr(h).startswith(f"{h.text}\n") and len(repr(h).splitlines()) == 2 + len(grid)


@pytest.mark.parametrize("studentised", [True, False])
def test_other_assignments_are_a_histogram(studentised: bool) -> None:
    r = me.randomisation_test(
        wide(), att if studentised else (lambda s: float(att(s).value[0])), "d", draws=119
    )
    ax = r.plot()
    assert sum(bar.get_height() for bar in ax.patches) == np.isfinite(r.distribution).sum()
    assert len(ax.patches) == max(5, np.isfinite(r.distribution).sum() // 10)
    assert points(ax.lines[0])[0] == [r.observed, r.observed]
    assert ax.get_xlabel() == (
        "t under other assignments" if studentised else "statistic under other assignments"
    )
    assert ax.get_title(loc="left") == f"p = {r.p:.3g}" and open_frame(ax)
    assert r._repr_html_().endswith(
        "</table>" + "".join(f"<p><small>{n}</small></p>" for n in r.notes)
    )


def one(value: float, se: float) -> me.Estimate:
    s = wide()
    e = att(s)
    part = e.parts[0]
    return me.Estimate(
        np.array([value]),
        ("ATT",),
        (type(part)(part.design, part.influence.linear(np.array([[se / e.se[0]]]))),),
        e.keys,
        e.n,
        e.dof,
        "effect",
    )  # type: ignore[union-attr]


def curve() -> SpecificationCurve:
    runs = (
        Specification("plain", {"sample": "all", "covariates": "none"}, one(2.0, 0.5)),
        Specification("women", {"sample": "women", "covariates": "none"}, one(-1.0, 0.25)),
        Specification("gone", {"sample": "men", "covariates": "none"}, me.NotEstimable("no men")),
        Specification("age", {"sample": "all", "covariates": "age"}, one(0.5, 1.0)),
    )
    return SpecificationCurve(runs, "plain", ("As stated beforehand.",))


def test_specifications_in_order_of_size_over_their_choices() -> None:
    c = curve()
    ax = c.plot()
    half = np.array([0.25, 1, 0.5]) * abs(float((one(0.0, 1.0).ci()["low"]).iloc[0]))
    value = np.array([-1, 0.5, 2])
    expected = np.column_stack([[0, 1, 2], value - half, value + half])
    others, headline = (bars(collection) for collection in ax.collections)
    np.testing.assert_allclose(others[0], expected[:2])
    np.testing.assert_allclose(headline[0], expected[2:])
    assert (others[1], headline[1]) == (BLUE, ORANGE)
    assert [points(line) for line in ax.lines[:2]] == [([0, 1], [-1, 0.5]), ([2], [2])]
    assert points(ax.lines[2])[1] == [0, 0] and ax.get_ylabel() == "effect" and open_frame(ax)
    below = ax.figure.axes[1]
    found = [t.get_text() for t in below.get_yticklabels()]
    assert found == ["sample: women", "sample: all", "covariates: none", "covariates: age"]
    marks = [points(line) for line in below.lines]
    assert marks[::2] == [([0], [0]), ([1], [1]), ([0], [2]), ([1], [3])]
    assert marks[1::2] == [([], []), ([2], [1]), ([2], [2]), ([], [])]
    assert below.yaxis_inverted() and below.get_xticks().tolist() == []
    assert ax.get_shared_x_axes().joined(ax, below)


def test_specifications_on_given_axes_are_named_below() -> None:
    _, given = plt.subplots()
    assert curve().plot(given) is given
    assert [
        (t.get_text(), t.get_rotation(), t.get_ha(), t.get_fontsize())
        for t in given.get_xticklabels()
    ] == [(n, 60, "right", 8) for n in ("women", "age", "plain")]
    plain = SpecificationCurve(
        tuple(Specification(r.name, {}, r.result) for r in curve().runs), None, ()
    ).plot()
    assert len(plain.figure.axes) == 1
    expected = ["women", "age", "plain"]
    assert [t.get_text() for t in plain.get_xticklabels()] == expected


def test_the_table_of_specifications_has_a_reason_where_there_is_no_number() -> None:
    t = curve().to_frame(0.9)
    expected = "specification sample covariates value se ci_low ci_high p n degf reason".split()
    assert list(t.columns) == expected
    assert t["reason"].tolist() == ["", "", "no men", ""]
    assert t.iloc[2][["value", "se", "ci_low", "ci_high", "p", "n", "degf"]].isna().all()
    half = (t["ci_high"] - t["ci_low"])[[0, 1, 3]] / 2 / np.array([0.5, 0.25, 1.0])
    assert np.ptp(half) < 1e-12
    found = half.iloc[0]
    assert found < (curve().to_frame()["ci_high"] - curve().to_frame()["ci_low"]).iloc[0] / 2 / 0.5
    assert t["n"].tolist()[0] == 80 and t["degf"].tolist()[0] == 79
    html = curve()._repr_html_()
    assert html.startswith(f"<p>{curve().text}</p><table")
    assert html.endswith("</table><p><small>As stated beforehand.</small></p>")
    assert repr(curve()).splitlines()[0] == curve().text and curve().result("women").value[0] == -1  # type: ignore[union-attr]


def test_groups_are_drawn_with_a_line_at_zero() -> None:
    g = me.by_group(att, wide(), "g")
    ax = g.plot()
    assert points(ax.lines[-1])[0] == [0, 0]
    assert points(ax.lines[0])[0] == g.effects.value.tolist()
    html = g._repr_html_()
    assert f"<p>{g.equality}</p>" in html
    assert html.endswith("".join(f"<p><small>{n}</small></p>" for n in g.effects.notes))


DRAWN: dict[str, Callable[[], Any]] = {
    "group-time effects": effects,
    "band": lambda: effects().bands(),
    "decomposition": lambda: bacon(panel(), "y", "cohort", unit="unit", time="t"),
    "cost": lambda: me.cost_effectiveness(att(wide()), 1000.0, cost_se=100.0),
    "groups": lambda: me.by_group(att, wide(), "g"),
    "honest": lambda: me.honest_did(effects().aggregate("event")),
    "randomisation": lambda: me.randomisation_test(wide(), att, "d", draws=59),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_drawn_on_the_axes_that_are_given(name: str) -> None:
    _, given = plt.subplots()
    assert DRAWN[name]().plot(ax=given) is given and given.has_data()


def test_make_up_placebos_and_both_pictures_of_balance_are_drawn() -> None:
    made_up = me.composition_check(panel(), ["y"], "cohort", "t")
    placebo = me.placebo_groups(att, wide().with_columns({"g": np.arange(80) % 6 // 2}), "d", "g")
    assert made_up.plot().has_data() and placebo.plot().has_data()
    b = balance(wide(), "d", ["x", "y0"])
    for draw in (b.love_plot, b.overlap_plot):
        _, given = plt.subplots()
        assert draw(given) is given and given.has_data()


def test_a_curve_of_failures_says_so() -> None:
    failed = SpecificationCurve((Specification("a", {}, me.NotEstimable("no rows")),), None, ())
    assert failed.text == "None of 1 specifications could be estimated."
    assert failed.result("a") == me.NotEstimable("no rows")
    assert "no rows" in repr(failed)


def test_studies_summary_and_prediction_stand_at_their_numbers() -> None:
    value, se = [0.1, 0.3, 0.2], [0.05, 0.1, 0.02]
    found = me.random_effects(value, se)
    ax = found.plot(["A", "B", "C"])
    spans = [
        [(segment[0][0], segment[1][0]) for segment in c.get_segments()]
        for c in ax.collections
        if hasattr(c, "get_segments")
    ]
    half = 1.959963984540054 * np.array(se)
    assert spans[0] == [pytest.approx((v - h, v + h)) for v, h in zip(value, half, strict=True)]
    assert spans[1] == [pytest.approx((found.low, found.high))]
    assert spans[2] == [pytest.approx(found.prediction)]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["A", "B", "C", "summary", "a new study"]


def test_two_studies_have_no_place_for_a_third() -> None:
    ax = me.random_effects([0.1, 0.3], [0.05, 0.1]).plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["study 1", "study 2", "summary"]
