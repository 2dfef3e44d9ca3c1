"""Property: every estimator of a change refuses a treatment that starts at a series break, names
cohort and break, and prints the break where it is acknowledged; breaks elsewhere change nothing.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


def panel() -> me.Sample:
    """SYNTHETIC: 60 units, 2015 to 2020, a third starts in 2018, a third in 2019."""
    rng = np.random.default_rng(5)
    f = pd.DataFrame(
        {"unit": np.repeat(np.arange(60), 6), "year": np.tile(np.arange(2015, 2021), 60), "w": 1.0}
    )
    f["g"] = np.repeat(np.tile([0, 2018, 2019], 20), 6)
    f["d"] = ((f["g"] > 0) & (f["year"] >= f["g"])).astype(float)
    f["event"] = np.where(f["g"] > 0, f["year"] - f["g"], np.inf)
    f["y"] = rng.normal(size=len(f)) + f["d"]
    return me.Sample.from_frame(f, "w")


KEY = {"unit": "unit", "time": "year"}
CALLS: dict[str, Callable[..., object]] = {
    "imputation": lambda s, **b: me.imputation(s, "y", "g", **KEY, **b),
    "static": lambda s, **b: me.two_way(s, "y", treated="d", **KEY, **b),
    "event study": lambda s, **b: me.two_way(s, "y", event_time="event", **KEY, **b),
    "sun_abraham": lambda s, **b: me.sun_abraham(s, "y", "g", **KEY, **b),
}


@pytest.mark.parametrize("name", list(CALLS))
def test_a_start_at_a_break_is_refused_unless_acknowledged(name: str) -> None:
    s, call = panel(), CALLS[name]
    plain = call(s)
    with pytest.raises(me.IdentificationError, match="cohort 2018, break at 2018") as caught:
        call(s, series_breaks=(2018, 2019))
    assert len(caught.value.problems) == 2
    elsewhere = call(s, series_breaks=(2016, 2020))
    np.testing.assert_array_equal(elsewhere.value, plain.value)
    assert not any("Acknowledged" in n for n in elsewhere.notes)
    said = call(s, series_breaks=(2018,), acknowledge_breaks=True)
    np.testing.assert_array_equal(said.value, plain.value)
    assert any(
        "Acknowledged break of the series: cohort 2018, break at 2018" in n for n in said.notes
    )


def test_textbook_errors_refuse_too() -> None:
    with pytest.raises(me.IdentificationError, match="break of the series"):
        me.panel_ols(panel(), "y", treated="d", series_breaks=(2019,), **KEY)


def test_a_break_between_the_two_periods_of_a_triple_difference() -> None:
    f = (
        panel()
        .frame.query("year in (2016, 2020)")
        .assign(eligible=lambda x: x["unit"] % 2, treated=lambda x: (x["g"] > 0).astype(int))
    )
    s = me.Sample.from_frame(f, "w")
    with pytest.raises(me.IdentificationError, match="lies between the two periods"):
        me.triple_difference(
            s, "y", "treated", "eligible", "year", method="none", series_breaks=(2018,)
        )
    said = me.triple_difference(
        s,
        "y",
        "treated",
        "eligible",
        "year",
        method="none",
        series_breaks=(2018,),
        acknowledge_breaks=True,
    )
    assert any("break at 2018" in n for n in said.notes)
