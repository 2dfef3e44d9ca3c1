"""Numbers in the table of a result: no powers of ten for counts and sums, no 'NaN' for what is not
there.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.number_format import figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0123456, "0.01235"),
        (-0.5, "-0.5"),
        (12.345, "12.35"),
        (1234.56, "1,235"),
        (9999.4, "9,999"),
        (9999.5, "10,000"),
        (11216.0, "11,216"),
        (-2354800.4, "-2,354,800"),
        (1.2345e-5, "1.234e-05"),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_number(value: float, text: str) -> None:
    assert figure(value) == text


def test_an_estimate_shows_its_counts_whole() -> None:
    n = 12_345
    sample = me.Sample.from_frame(
        pd.DataFrame({"w": np.full(n, 10.0), "y": np.arange(n) % 2}), weights="w"
    )
    html = me.stack(me.total(sample, "y"), me.mean(sample, "y"))._repr_html_()
    assert "12,345" in html and "61,720" in html
    assert "e+0" not in html


def test_diagnostics_show_no_powers_of_ten_but_for_small_probabilities() -> None:
    """The event times of a band, the persons of a plan: four digits, whole from ten thousand on."""
    plan = me.minimum_detectable_effect(
        n=20_000, share=0.5, icc=0.03, cluster_size=15, rho=0.5, attrition=0.25
    )
    html = plan._repr_html_()
    assert "1,333" in html and "1333.333333" not in html
