"""Pictures are drawn once, from arrays: what has no number leaves a gap, colours keep their
meaning, and no picture fails where there is nothing to draw.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from mismes_eval.pictures import flow, grids, intervals, plane, robustness, shares, style
from mismes_eval.pictures.intervals import Series
from mismes_eval.report.document.language import language
from mismes_eval.report.figures import colours_of

pytestmark = pytest.mark.property
NOTHING = np.array([np.nan, np.nan])


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    plt.close("all")


def line(name: str, at: list[float], value: list[float], **looks: str) -> Series:
    v = np.array(value)
    return Series(name, np.array(at), v, v - 1, v + 1, **looks)


def test_a_line_breaks_where_a_series_has_no_value_that_others_have() -> None:
    whole = line("a", [0, 1, 2], [1.0, 2.0, 3.0])
    gap = line("b", [0, 2], [1.0, 3.0])
    ax = intervals.path(None, [whole, gap], joined=True)
    joined = [
        np.asarray(drawn.get_ydata(), float) for drawn in ax.lines if len(drawn.get_ydata()) == 3
    ]
    assert np.isnan(joined[-1][1]) and not np.isnan(joined[0]).any()


def test_a_hidden_row_is_marked_and_draws_nothing() -> None:
    shown = line("a", [0.0, 2.0], [1.0, 3.0])
    ax = intervals.forest(None, ["x", "y", "z"], [shown], signs={1: "c"})
    assert [t.get_text() for t in ax.texts] == ["c"]
    assert len(ax.collections[0].get_segments()) == 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "y", "z"]


def test_nothing_to_draw_is_an_empty_picture() -> None:
    empty = Series(
        "a", np.array([0.0, 1.0]), NOTHING, NOTHING, NOTHING, wide=np.full((2, 2), np.nan)
    )
    axes = intervals.path(None, [empty], joined=True)
    axes.figure.canvas.draw()
    points = [y for line in axes.lines for y in np.asarray(line.get_ydata(), float)]
    assert not np.isfinite(points).any() or set(np.asarray(points)[np.isfinite(points)]) == {0.0}
    intervals.forest(None, ["x", "y"], [empty]).figure.canvas.draw()
    nowhere = np.full((3, 2), np.nan)
    drawn = plane.plane(None, nowhere, (np.nan, np.nan), nowhere.T, "e", "c")
    drawn.figure.canvas.draw()
    grids.counts(None, np.full((2, 2), np.nan), ["a", "b"], ["c", "d"]).figure.canvas.draw()
    starts = [0.0, 1.0]
    words = [["", ""], ["", ""]]
    grids.effects(
        None, np.full((2, 2), np.nan), words, ["a", "b"], ["c", "d"], starts, "x", "y"
    ).figure.canvas.draw()
    robustness.parting_trends(
        None,
        (np.nan,) * 3,
        np.array([0.0]),
        NOTHING[:1],
        NOTHING[:1],
        ["a", "b"],
        ("c", "d"),
        "",
        "",
    ).figure.canvas.draw()
    shares.areas(None, np.array([0.0, 1.0]), {"s": NOTHING}, ["red"], "", "").figure.canvas.draw()


def test_colours_keep_their_meaning_whatever_stands_beside_them_and_in_every_language() -> None:
    alone, both = style.colours(["comparison"]), style.colours(["x", "participants", "comparison"])
    assert alone == [style.ORANGE] and both[1:] == [style.BLUE, style.ORANGE]
    assert len(set(both)) == 3
    french = language("fr")
    words = [french("participants"), french("comparison")]
    assert colours_of(words, french) == [style.BLUE, style.ORANGE]
    assert len(set(style.colours([f"s{k}" for k in range(6)]))) == 6


def test_arms_have_one_colour_in_paths_overlap_and_areas() -> None:
    edges, share = np.linspace(0, 1, 3), np.array([40.0, 60.0])
    ax = robustness.overlap(None, edges, share, share, ("participants", "comparison"), "", "")
    colours = [to_hex(box[0].get_facecolor()) for box in ax.containers]
    assert colours == style.colours(["participants", "comparison"])


def test_every_step_of_a_flow_has_its_box_and_an_arrow_to_the_next() -> None:
    steps = [("enrolled\nn = 120", ""), ("interviewed\nn = 90", "refused 20; not contacted 10")]
    ax = flow.flow(None, steps)
    texts = [t.get_text() for t in ax.texts]
    assert texts[0] == "enrolled\nn = 120" and any("refused 20" in text for text in texts)
    arrows = [t for t in ax.texts if getattr(t, "arrow_patch", None) is not None]
    assert len(arrows) == len(steps) - 1
    assert ax.figure.get_size_inches()[0] <= 6


def test_the_highest_number_of_none_is_what_was_asked_for() -> None:
    assert style.highest(NOTHING, np.nan, least=2.0) == 2.0
    assert style.highest(np.array([1.0, 5.0, np.inf])) == 5.0
    assert not style.reaches_zero(NOTHING, NOTHING)
    assert style.reaches_zero(np.array([-1.0]), np.array([2.0]))
