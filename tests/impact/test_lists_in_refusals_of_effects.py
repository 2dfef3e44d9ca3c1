"""A refusal of an effect counts every bad row or unit, names the first five and says which column;
rows outside the domain are never blamed; breaks count from after the last untreated period.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import IdentificationError
from mismes_eval.impact.did.breaks import refuse_between, refuse_starts, starts_at_breaks
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.weighting.sample import Sample

N = 24
BAD = np.arange(N) % 3 == 1  # eight rows: 1, 4, ..., 22


def wide(**columns: object) -> Sample:
    i = np.arange(N)
    f = pd.DataFrame(
        {
            "w": 1.0,
            "i": i,
            "d": i % 2,
            "y0": np.cos(i),
            "y1": np.sin(i),
            "s": True,
            "tried": False,
            "found": False,
            "h": i // 2,
        }
    ).assign(**columns)
    return Sample.from_frame(f, weights="w")


def long(**columns: object) -> pd.DataFrame:
    """Eight units in three periods; rows 1, 4, ... are the second ones."""
    u, t = np.repeat(np.arange(8), 3), np.tile([1, 2, 3], 8)
    g = np.where(u % 2, 3.0, 0.0)
    return pd.DataFrame(
        {
            "w": 1.0,
            "u": u,
            "t": t,
            "g": g,
            "y": np.cos(np.arange(N)),
            "x": 1.0,
            "on": ((g > 0) & (t >= g)).astype(float),
        }
    ).assign(**columns)


def of(frame: pd.DataFrame) -> Sample:
    return Sample.from_frame(frame, weights="w")


def spoiled(column: str, value: float) -> np.ndarray:
    return np.where(BAD, value, long()[column])


def test_rows_outside_the_domain_are_not_blamed() -> None:
    kept = ~BAD
    for bad in (np.nan, np.inf, 2.0):
        s = wide(
            d=np.where(BAD, bad, np.arange(N) % 2), y0=np.where(BAD, bad, np.cos(np.arange(N)))
        ).where(kept)
        e = me.att_2x2(s, ("y0", "y1"), "d")
        y, d = np.sin(np.arange(N)) - np.cos(np.arange(N)), np.arange(N) % 2
        assert e.value[0] == pytest.approx(y[kept & (d == 1)].mean() - y[kept & (d == 0)].mean())
    frame = long(y=spoiled("y", np.inf), on=spoiled("on", np.nan))
    assert np.isfinite(two_way(of(frame).where(kept), "y", "on", unit="u", time="t").value).all()
    assert len(gt_of(of(frame).where(kept)).to_frame()) == 1


def gt_of(sample: Sample) -> me.GroupTime:
    return me.att_gt(sample, "y", "g", "t", "u")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 2], None),
        (["a1", "a2"], None),
        ([1, 1], "1 values: 1"),
        ([1, 2, 3, 4, 5, 6, 7], "7 values: 1, 2, 3, 4, 5, 6, 7"),
    ],
)
def test_two_periods_are_two(values: list[object], words: str | None) -> None:
    frame = pd.DataFrame(
        {
            "w": 1.0,
            "y": np.arange(56.0),
            "d": np.arange(56) // 7 % 2,
            "t": [values[i // 14 % 2 if len(values) == 2 else i % 7] for i in range(56)],
        }
    )
    if words is None:
        low, high = (
            frame["y"][(frame["t"] == v) & (frame["d"] == 1)].mean()
            - frame["y"][(frame["t"] == v) & (frame["d"] == 0)].mean()
            for v in values
        )
        assert me.att_2x2(of(frame), "y", "d", "t").value[0] == pytest.approx(high - low)
        return
    with pytest.raises(IdentificationError) as caught:
        me.att_2x2(of(frame), "y", "d", "t")
    assert caught.value.problems[0].got == words
    assert caught.value.problems[0].what == "two periods are needed"


def test_a_break_counts_after_the_last_untreated_and_up_to_the_first_treated_period() -> None:
    periods = np.array([2010.0, 2012.0, 2014.0, 2016.0])

    def hit(b: float, **words: float) -> list[str]:
        return [p.where for p in starts_at_breaks(periods, [2014.0], [b], **words)]

    assert hit(2012) == []
    assert hit(2012.5) == ["cohort 2014, break at 2012.5"]
    assert hit(2014) == ["cohort 2014, break at 2014"]
    assert hit(2014.5) == []
    assert hit(2011, anticipation=2) == ["cohort 2014, break at 2011"]
    assert hit(2010, anticipation=2) == []
    assert starts_at_breaks(periods, [2010.0, 2018.0], [2010.0, 2017.0]) == []
    p = starts_at_breaks(periods, [2014.0], [2013.0])[0]
    assert (p.what, p.expected, p.got) == (
        "treatment starts at a break of the series",
        "no break after 2012 and up to 2014",
        "2013",
    )
    with pytest.raises(IdentificationError) as caught:
        refuse_starts(periods, np.array([2014.0, np.inf, 2012.0, 2014.0]), [2012.0, 2014.0], False)
    expected = ["cohort 2012, break at 2012", "cohort 2014, break at 2014"]
    assert [p.where for p in caught.value.problems] == expected
    assert len(refuse_starts(periods, np.array([2014.0, 2012.0]), [2012.0, 2014.0], True)) >= 1
    assert refuse_starts(periods, np.array([2014.0]), [2016.0], False) == ()


def test_a_break_between_two_periods() -> None:
    assert refuse_between(None, (2010, 2012), (), False) == ()
    assert refuse_between(None, (2010, 2012), [2010, 2013], False) == ()
    for b in (2011, 2012):
        with pytest.raises(IdentificationError) as caught:
            refuse_between(None, (2012, 2010), [b, 2015], False)
        assert [(p.where, p.expected, p.got) for p in caught.value.problems] == [
            (f"break at {b}", "none after 2010 and up to 2012", str(b))
        ]
        assert len(refuse_between(None, (2010, 2012), [b], True)) == 1
    with pytest.raises(
        IdentificationError, match="breaks of the series cannot be placed: argument 'series_breaks'"
    ):
        refuse_between(None, ("before", "after"), [2011], False)
    assert refuse_between(None, None, [2011], True) == (
        "Breaks of the series were acknowledged and not placed.",
    )
    frame = pd.DataFrame({"w": [1.0, 1, 1], "t": [2010, 2012, 2015]})
    narrow = of(frame).where(frame["t"] < 2015)
    assert refuse_between(narrow, "t", [2014], False) == ()
    with pytest.raises(IdentificationError, match="break at 2011"):
        refuse_between(narrow, "t", [2011], False)
