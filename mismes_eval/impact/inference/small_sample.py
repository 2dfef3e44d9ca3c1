"""Which small-sample rules a design allows."""

from __future__ import annotations

from collections.abc import Sequence

from mismes_eval.errors import IdentificationError, Problem, of_argument, unknown
from mismes_eval.weighting.design import SurveyDesign


def refuse_rule(design: SurveyDesign, small_sample: str, rules: Sequence[str]) -> None:
    """Raise IdentificationError for a rule that is none of these, or that replicates leave no room
    for.
    """
    problems = unknown("unknown small-sample rule", "small_sample", small_sample, rules)
    if not problems and design.replicates is not None and small_sample != "design":
        problems = [
            Problem(
                "replicates carry their own degrees of freedom",
                of_argument("small_sample"),
                "'design'",
                repr(small_sample),
            )
        ]
    IdentificationError.refuse(problems)
