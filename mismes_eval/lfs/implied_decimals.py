"""Weights whose decimal point is not written: offices deliver 25321234 for 2532.1234. The labels
say so, or one respondent stands for more persons than in any survey; either is asked about, and a
stated factor (1 too) answers.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.frame.codes import plain
from mismes_eval.message import listed

WEIGHT = "weight"
MOST_PERSONS = 20_000  # for whom one respondent of a labour force survey stands, on average
SAID = re.compile(
    r"impli(ed|cit\w*) dec|dec\w* impli|assumed dec|dec\w* (places )?(assumed|understood)|"
    r"\d implied|divi\w* (by|par|por|entre|la) 10"
)
FEWEST, MOST = 1, 6  # decimals that are offered


def doubtful_weights(values: pd.Series, label: str) -> bool:
    """Whether a column of weights may have a decimal point that is not written."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
    known = numbers[np.isfinite(numbers)]
    if not known.size or (known != np.floor(known)).any():
        return False
    return bool(SAID.search(plain(label))) or float(known.mean()) > MOST_PERSONS


def decimals_asked(values: pd.Series, where: str, label: str) -> Problem:
    """The question, with the sum of weights under each number of decimals that may be implied."""
    total = float(pd.to_numeric(values, errors="coerce").sum())
    sums = [
        worded("{factor} makes {total:,.0f}", {"factor": f"{10.0**-d:g}", "total": total / 10**d})
        for d in range(FEWEST, MOST + 1)
        if total / 10**d > len(values)
    ]
    return Problem(
        what="weights may have a decimal point that is not written",
        where=where,
        expected=worded(
            "one person to stand for at most {most:,} on average", {"most": MOST_PERSONS}
        ),
        got=worded(
            "{rows:,} rows that stand for {total:,.0f} persons{label}",
            {"rows": len(values), "total": total, "label": f" ('{label}')" if label else ""},
        ),
        fix=worded(
            "Say the factor: units: {{weight: FACTOR}}, unit_factor in the workbook, or COLUMN * FACTOR in `mismes map`; 1 where they are right. {sums}.",
            {"sums": listed(sums, kind="reason")},
        ),
    )
