"""For whom: effects by group, and differences between groups with the standard error of the
difference.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    MismesError,
    Problem,
    named,
    of_argument,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.inference.multiple_testing import AdjustedPValues, Method, adjust_pvalues
from mismes_eval.impact.inference.randomisation import D, sample_of
from mismes_eval.pictures.intervals import Series, forest
from mismes_eval.public import public
from mismes_eval.weighting.columns import Category, read
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class GroupEffects:
    """effects: one value a group; differences: each group minus the reference group, with their
    joint covariance; missing: groups without an estimate, and why.
    """

    effects: Estimate
    differences: Estimate | NotEstimable
    missing: Mapping[str, NotEstimable]
    reference: str

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, value, se, ci_low, ci_high, n, difference, difference_se,
        difference_p, reason.
        """
        table = (
            self.effects.to_frame()
            .rename(columns={"variable": "group"})[
                ["group", "value", "se", "ci_low", "ci_high", "n"]
            ]
            .assign(reason="")
        )
        extra = pd.DataFrame(
            {"group": list(self.missing), "reason": [m.reason for m in self.missing.values()]}
        )
        table = pd.concat([table, extra], ignore_index=True) if len(extra) else table
        if isinstance(self.differences, Estimate):
            contrasts = pd.DataFrame(
                {
                    "group": self.differences.keys["group"],
                    "difference": self.differences.value,
                    "difference_se": self.differences.se,
                    "difference_p": self.differences.pvalue,
                }
            )
            table = table.merge(contrasts, on="group", how="left")
        return table

    @property
    def equality(self) -> Test | NotEstimable:
        """Wald test that all groups have the same effect."""
        return (
            self.differences
            if isinstance(self.differences, NotEstimable)
            else wald(self.differences, list(self.differences.names))
        )

    def adjusted(self, method: Method = "romano_wolf") -> AdjustedPValues:
        """P-values of the group effects as a family."""
        return adjust_pvalues(self.effects, method)

    def plot(self, ax: Any = None) -> Any:
        """Forest plot of the effects, with a line at 0. Returns the axes."""
        rows = np.arange(self.effects.p, dtype=float)
        ci = self.effects.ci()
        ends = ci["low"].to_numpy(), ci["high"].to_numpy()
        series = Series("", rows, self.effects.value, *ends)
        return forest(ax, self.effects.names, [series], self.effects.kind, reference=0.0)

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), self.effects.notes, self.equality)


def _groups(sample: Sample, columns: Sequence[str]) -> list[tuple[Hashable, ...]]:
    """The values, or combinations, that occur in the domain. Raises EstimateError."""
    read(sample, EstimateError, **{f"g{k}": Category(column) for k, column in enumerate(columns)})
    inside = sample.frame.loc[sample.active, list(columns)]
    return sorted(set(inside.itertuples(index=False, name=None)), key=str)


@public(EstimateError)
def by_group(
    function: Callable[[D], Estimate],
    data: D,
    column: str | Sequence[str],
    reference: Hashable | None = None,
) -> GroupEffects:
    """The same estimate in each group, on one design.

    Parameters
    ----------
    function : of data like `data`, gives an Estimate of one value (e.g. lambda s: att_2x2(s, ...)).
    data : a Sample or a panel.
    column : column or columns of persons; one group a value or combination that occurs in the
        domain.
    reference : the group that others are held against (for several columns a tuple); default the
        first.

    Returns
    -------
    GroupEffects. A group whose estimate raises one of this package's errors is kept in `missing`
    with the reason.

    Raises
    ------
    EstimateError : unknown columns, missing groups in the domain, an unknown reference, no group
        with an estimate.
    """
    columns = [column] if isinstance(column, str) else list(column)
    sample = sample_of(data)
    groups = _groups(sample, columns)
    wanted = reference if reference is None or isinstance(reference, tuple) else (reference,)
    if wanted is not None and wanted not in groups:
        known = named(_label(group) for group in groups)
        raise EstimateError(
            Problem(
                "no such reference group",
                of_argument("reference"),
                worded("one of {groups}", {"groups": known}),
                repr(reference),
            )
        )
    found: dict[str, Estimate] = {}
    missing: dict[str, NotEstimable] = {}
    for group in groups:
        mask = np.ones(sample.n, bool)
        for c, value in zip(columns, group, strict=True):
            mask &= (sample.frame[c] == value).to_numpy(bool, na_value=False)
        try:
            effect = function(data.where(mask))
        except MismesError as error:
            missing[_label(group)] = NotEstimable(error.reason)
            continue
        if effect.p != 1:
            raise EstimateError(
                Problem(
                    what="a group needs one value",
                    where=of_argument("function"),
                    expected="an Estimate of one value",
                    got=worded("{place} values", {"place": effect.p}),
                    fix="Choose one with select([i]).",
                )
            )
        found[_label(group)] = effect
    if not found:
        EstimateError.refuse(
            Problem("no group has an estimate", label, got=m.reason.rstrip("."))
            for label, m in missing.items()
        )
    names = tuple(found)
    effects = replace(
        joint(list(found.values())),
        names=names,
        keys=pd.DataFrame({"variable": names}),
        kind="effect",
        definition=next(iter(found.values())).definition,
    )
    base = _label(wanted) if wanted is not None and _label(wanted) in found else names[0]
    return GroupEffects(effects, _differences(effects, base), missing, base)


def _label(group: tuple[object, ...]) -> str:
    return ", ".join(map(str, group))


def _differences(effects: Estimate, base: str) -> Estimate | NotEstimable:
    others = [i for i, name in enumerate(effects.names) if name != base]
    if not others:
        return NotEstimable("only one group has an estimate: nothing to compare")
    j = np.zeros((len(others), effects.p))
    j[np.arange(len(others)), others] = 1.0
    j[:, effects.names.index(base)] = -1.0
    names = tuple(f"{effects.names[i]} minus {base}" for i in others)
    out = effects.through(lambda v: j @ v, j, names)
    return replace(
        out, keys=pd.DataFrame({"variable": names, "group": [effects.names[i] for i in others]})
    )


def joint(estimates: Sequence[Estimate]) -> Estimate:
    """Estimates stacked, also where each was made from an equal copy of one design (a panel remakes
    its weights for every domain).
    """
    first = estimates[0].parts
    aligned = []
    for estimate in estimates:
        same = len(estimate.parts) == len(first) and all(
            _equal(p.design, q.design) for p, q in zip(estimate.parts, first, strict=True)
        )
        if not same:
            raise EstimateError(
                Problem(
                    what="the estimates stand on different designs",
                    where=of_argument("function"),
                    expected="one sample, narrowed by where()",
                    got=worded("other weights, units or strata"),
                    fix="Use independent() for separate samples.",
                )
            )
        aligned.append(
            replace(
                estimate,
                parts=tuple(
                    Part(q.design, p.influence, p.replicates, p.full, averages=p.averages)
                    for p, q in zip(estimate.parts, first, strict=True)
                ),
            )
        )
    return stack(*aligned)


def _equal(a: SurveyDesign, b: SurveyDesign) -> bool:
    if a is b:
        return True
    same_rows = (
        a.base.shape == b.base.shape
        and np.array_equal(a.base, b.base)
        and np.array_equal(a.unit, b.unit)
    )
    return (
        same_rows
        and len(a.stages) == len(b.stages)
        and [step.name for step in a.steps] == [step.name for step in b.steps]
        and np.array_equal(a.weights, b.weights)
    )
