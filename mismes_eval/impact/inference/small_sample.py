"""The small-sample rule of regressions, and which rules a design allows.

A variance has the design's factor m / (m - 1), m PSUs. Where k coefficients beside the effect are
estimated it is also multiplied by (n - 1) / (n - k), n rows: with persons drawn one by one (m = n)
both together are HC1's n / (n - k), with clusters they are CR1 of Stata and fixest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismes_eval.errors import Problem, of_argument, unknown
from mismes_eval.weighting.design import SurveyDesign


def coefficients_factor(rows: int, coefficients: int) -> float:
    """The factor on a standard error that has m / (m - 1) already. coefficients: all of them, fewer
    than the rows.
    """
    return float(np.sqrt((rows - 1) / (rows - coefficients)))


def rule_problems(design: SurveyDesign, small_sample: str, rules: Sequence[str]) -> list[Problem]:
    """What is wrong with a rule that is none of these, or that replicates leave no room for."""
    problems = unknown("unknown small-sample rule", "small_sample", small_sample, rules)
    if problems or design.replicates is None or small_sample == "design":
        return problems
    return [
        Problem(
            "replicates carry their own degrees of freedom",
            of_argument("small_sample"),
            "'design'",
            repr(small_sample),
        )
    ]
