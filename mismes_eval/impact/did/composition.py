"""Did the people change? In repeated cross-sections migration alters who is resident:
difference-in-differences on traits that treatment cannot change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, IdentificationError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.estimate.totals import answers
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.group_time_result import by_fewer_psus
from mismes_eval.impact.did.periods import Control
from mismes_eval.public import public
from mismes_eval.weighting.columns import refuse_unknown
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class Composition:
    """estimate: "effect" on the mean of each trait; test: that all are 0. A rejected test says that
    the groups' make-up moved apart with treatment.
    """

    estimate: Estimate
    test: Test | NotEstimable

    def to_frame(self) -> pd.DataFrame:
        """One row a trait: value, se, ci_low, ci_high, p."""
        return self.estimate.to_frame()

    def plot(self, ax: Any = None) -> Any:
        """Change of each trait with its interval. Returns the axes."""
        return self.estimate.plot(ax)

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), text=self.test)


@public(EstimateError)
def composition_check(
    sample: Sample, traits: str | Sequence[str], cohort: str, time: str, control: Control = "never"
) -> Composition:
    """Average post-treatment "effect" on traits fixed before treatment (age group, sex, schooling,
    birthplace), by `att_gt` without covariates.

    Parameters
    ----------
    sample : repeated cross-sections.
    traits : columns; categories become shares.
    cohort, time, control : as in `att_gt`.

    Raises
    ------
    IdentificationError : no trait, or what `att_gt` refuses.

    References
    ----------
    Hong (2013), Journal of Applied Econometrics 28, 297-324; Sant'Anna and Xu (2023),
    Difference-in-differences with compositional changes, arXiv:2304.13925.
    """
    names = [traits] if isinstance(traits, str) else list(traits)
    if not names:
        raise IdentificationError(
            Problem(
                "no trait to compare", of_argument("traits"), "one column or more", worded("none")
            )
        )
    refuse_unknown(sample, [*names, cohort, time])
    (values, keys, labels), _ = answers(sample, names)
    wide = sample.with_columns(
        {
            f"trait {label}": np.where(sample.active, value, 0.0)
            for label, value in zip(labels, values, strict=True)
        }
    )
    effects = [
        att_gt(wide, f"trait {label}", cohort, time, control=control, method="none")
        for label in labels
    ]
    joint = _settled(stack(*(effect.overall("simple") for effect in effects)), sample, values)
    estimate = Estimate(
        value=joint.value,
        names=tuple(labels),
        parts=joint.parts,
        keys=keys,
        n=joint.n,
        dof=joint.dof,
        kind="change in the make-up",
        definition=(
            "Change of a trait's mean among the treated beyond that of the comparison group: 0 if"
            " the same kind of people was asked before and after."
        ),
        notes=sample.notes,
    )
    first = keys.groupby("variable", sort=False).cumcount() + 1
    last = first == keys.groupby("variable")["level"].transform("size")
    free = [
        label
        for label, drop, level in zip(labels, last, keys["level"], strict=True)
        if not (drop and level != "")
    ]
    moving = [label for label in free or labels if estimate.se[labels.index(label)] > 0]
    if not moving:
        return Composition(
            estimate, NotEstimable("no trait changed at all: the same people stand in every period")
        )
    test = wald(estimate, moving)
    return Composition(
        estimate, test if isinstance(test, NotEstimable) else by_fewer_psus(test, effects[0].free)
    )


def _settled(joint: Estimate, sample: Sample, values: Sequence[np.ndarray]) -> Estimate:
    """The same, with 0 and no error where what is left of both is rounding, as where the same
    people stand in every period.
    """
    spread = np.array([np.std(values_[sample.active].astype(float)) for values_ in values])
    keep = np.diag((joint.se > 1e-10 * spread).astype(float))
    settled = joint.through(lambda v: keep @ v, keep, joint.names)
    return replace(settled, keys=joint.keys, n=joint.n, dof=joint.dof)
