"""The forest of a random-effects summary: each study with its own interval, the summary, the next
study's place only where there is one.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mismes_eval.impact.planning.meta_analysis import random_effects


def test_studies_summary_and_prediction_stand_at_their_numbers() -> None:
    value, se = [0.1, 0.3, 0.2], [0.05, 0.1, 0.02]
    found = random_effects(value, se)
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
    plt.close("all")


def test_two_studies_have_no_place_for_a_third() -> None:
    ax = random_effects([0.1, 0.3], [0.05, 0.1]).plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["study 1", "study 2", "summary"]
    plt.close("all")
