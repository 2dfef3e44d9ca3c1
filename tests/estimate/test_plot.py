"""The picture of an estimate: the dots stand at the values, zero is drawn where intervals reach it,
and event time lies on the horizontal axis.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


@pytest.fixture
def means() -> me.Estimate:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"w": 1.0, "y": rng.normal(0, 1, 90), "g": np.tile(["a", "b", "c"], 30)})
    return me.mean(me.Sample.from_frame(frame, weights="w"), "y", by="g")


def test_dots_stand_at_the_values_and_zero_is_drawn(means: me.Estimate) -> None:
    axes = means.plot()
    drawn = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(drawn[0], means.value)
    assert [line for line in axes.lines if set(line.get_xdata()) == {0.0}]
    plt.close(axes.figure)


def test_event_time_is_horizontal(means: me.Estimate) -> None:
    path = replace(means, keys=means.keys.assign(event_time=[-2.0, 0.0, 1.0]))
    axes = path.plot()
    (drawn,) = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(drawn.get_xdata(), [-2.0, 0.0, 1.0])
    np.testing.assert_array_equal(drawn.get_ydata(), means.value)
    plt.close(axes.figure)


def test_what_cannot_be_estimated_has_its_reason_as_a_picture() -> None:
    nothing = me.NotEstimable("a < b")
    assert nothing.plot() is nothing
    assert "a &lt; b" in nothing._repr_html_()
