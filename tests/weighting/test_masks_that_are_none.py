"""A mask that is none is refused with a line that works on the frame as it stands."""

from __future__ import annotations

import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError

ROWS = 6


def made() -> me.Sample:
    frame = pd.DataFrame({"w": 1.0, "sex": ["m", "f"] * 3, "arm": [0, 1] * 3}, index=range(ROWS))
    return me.Sample.from_frame(frame.assign(age=range(14, 14 + ROWS)), weights="w")


@pytest.mark.parametrize(
    ("mask", "rows"),
    [
        ("age > 16", 3),
        ("age > 14 and sex == 'm'", 2),
        ("age > 14 & sex == 'm'", 2),
        ("not (sex == 'm')", 3),
        ("15 <= age < 17", 2),
        ("age in [15, 16]", 2),
        ("sex", 3),
        ("arm", 3),
        ("~arm", 3),
        ("df.age > 30", 5),
        ("age between 15 and 17", 5),
        ("sex = 'm'", 3),
        ("no such", 5),
        ("1 > 0", 5),
        ("", 5),
        (None, 5),
        (30, 5),
        ([1, 0] * 3, 3),
    ],
)
def test_the_line_that_a_refusal_offers_works(mask: object, rows: int) -> None:
    sample = made()
    with pytest.raises(DesignError) as refused:
        sample.where(mask)  # type: ignore[arg-type]
    (problem,) = refused.value.problems
    line = str(problem.fix).partition(": ")[2].removesuffix(".")
    told = eval(line, {"sample": sample, "mask": pd.Series(mask) if isinstance(mask, list) else 0})
    assert int(told.active.sum()) == rows
