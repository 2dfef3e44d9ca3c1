"""ATT from two periods: panels, wide samples and repeated cross-sections, with the survey, the
calibration and the attrition in its standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    of_argument,
    of_arguments,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.impact.did.breaks import refuse_between
from mismes_eval.impact.did.two_periods import (
    TwoTimes,
    order_said,
    outcome_pair,
    pair_of,
    side_by_side,
    two_periods,
    waves_named,
)
from mismes_eval.message import Message
from mismes_eval.numerics.averages import arms
from mismes_eval.numerics.did import (
    ESTIMANDS,
    METHODS,
    Effect,
    Estimand,
    Method,
    compared,
    cross_sections,
    panel,
    tilted,
)
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import Finite, public
from mismes_eval.weighting.columns import Number, YesNo, read, refuse_unknown
from mismes_eval.weighting.covariates import unreadable
from mismes_eval.weighting.domain import no_negative_weights
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.panel import PanelLike, refuse_other
from mismes_eval.weighting.read_once import absent, once
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

NAMES = {
    "dr": "doubly robust",
    "dr_improved": "doubly robust, improved",
    "ipw": "inverse probability weighted, normalised",
    "ipw_ht": "inverse probability weighted, not normalised",
    "or": "outcome regression",
    "none": "difference of mean changes",
}
EXTREME = 0.995
PROPENSITY = ("dr", "dr_improved", "ipw", "ipw_ht")


@public(EstimateError)
def att_2x2(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    treated: str,
    time: TwoTimes = None,
    covariates: Sequence[str] = (),
    method: Method = "dr",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
    estimand: Estimand = "att",
    cap: Finite | None = None,
) -> Estimate:
    """Average effect on the treated by difference-in-differences with two periods.

    Parameters
    ----------
    data : a tracer panel with time=(wave before, wave after), which a panel of two waves does not
        need; or a Sample with one row a unit and outcome=("y_before", "y_after"); or a long Sample
        with `time`, a column with two values (repeated cross-sections).
    time : the order of two periods is that of their values (numbers, dates, ordered categories,
        text that reads as one kind of period) or is stated: time=("pre", "post"), or
        time={"period": ("pre", "post")} where several columns hold these values.
    treated : boolean or 0/1 column.
    covariates : columns known before treatment; categories become indicators, an intercept is
        always there.
    method : "dr", "dr_improved" (Sant'Anna and Zhao 2020), "ipw" (normalised), "ipw_ht" (Abadie
        2005), "or" (regression), "none" (no covariates).
    series_breaks : first periods of new series: one between the two periods stops the run unless
        acknowledge_breaks.
    estimand : on whom the effect is an average, with method="ipw". "att": the treated; "overlap":
        those who might be in either group (each counts p (1 - p), Li, Morgan and Zaslavsky 2018);
        "capped": the treated, but where the odds p / (1 - p) exceed `cap` they count cap / odds.
        The latter two hold where a few heavy comparison rows would carry the ATT.
    cap : largest odds, for estimand="capped".

    Returns
    -------
    Estimate "ATT" ("ATO", "capped ATT") in the outcome's units, on the design's degrees of freedom.
    Rows with weight 0 (lost, outside the domain) stay in the design.

    Raises
    ------
    IdentificationError : no treated or no comparison rows, missing outcomes among rows with weight,
        separation, collinear covariates.

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122. The variance is the design's,
    not the iid one.
    """
    refuse_other(data)
    IdentificationError.refuse(unknown("unknown method", "method", method, METHODS))
    if isinstance(covariates, str):
        covariates = (covariates,)
    _refuse_estimand(estimand, cap, method, covariates)
    pair = pair_of(data, time)
    notes = refuse_between(data, pair, series_breaks, acknowledge_breaks)
    how = _How(method, estimand, cap)
    return _by_layout(data, outcome, treated, pair, covariates, how).annotated(notes=notes)


@dataclass(frozen=True, slots=True)
class _How:
    """The estimator, on whom its effect is an average, and the largest odds where they are capped."""

    method: Method
    estimand: Estimand
    cap: float | None

    @property
    def name(self) -> str:
        return {"att": "ATT", "overlap": "ATO", "capped": "capped ATT"}[self.estimand]

    @property
    def definition(self) -> str:
        if self.estimand == "overlap":
            return "Average effect of the treatment on those who might be in either group."
        if self.estimand == "capped":
            return (
                "Average effect of the treatment on the treated, those with odds above"
                f" {self.cap:g} counting less."
            )
        return "Average effect of the treatment on the treated."

    def changes(self, w: Float, d: Float, change: Float, x: Float) -> Effect:
        """The effect from changes."""
        if self.estimand == "att":
            return panel(w, d, change, x, self.method)
        return tilted(w, d, None, change, x, self.estimand, self.cap or np.inf)

    def sections(self, w: Float, d: Float, post: Float, y: Float, x: Float) -> Effect:
        """The effect from two cross-sections."""
        if self.estimand == "att":
            return cross_sections(w, d, post, y, x, self.method)
        return tilted(w, d, post, y, x, self.estimand, self.cap or np.inf)


def _refuse_estimand(
    estimand: str, cap: float | None, method: str, covariates: Sequence[str]
) -> None:
    problems = []
    if estimand not in ESTIMANDS:
        problems.append(
            Problem(
                "unknown estimand",
                of_argument("estimand"),
                worded("one of {estimands}", {"estimands": ", ".join(ESTIMANDS)}),
                repr(estimand),
            )
        )
    elif estimand != "att" and (method != "ipw" or not covariates):
        problems.append(
            Problem(
                worded("the estimand '{estimand}' comes by weighting", {"estimand": estimand}),
                of_arguments("method", "covariates"),
                "method='ipw' with covariates",
                worded(
                    "{method}, {covariates}",
                    {"method": repr(method), "covariates": ", ".join(covariates) or "none"},
                ),
            )
        )
    wanted = estimand == "capped"
    if (cap is not None) != wanted or (cap is not None and not cap > 0):
        problems.append(
            Problem(
                "largest odds go with estimand='capped'",
                of_argument("cap"),
                "a positive number" if wanted else "None",
                repr(cap),
            )
        )
    IdentificationError.refuse(problems)


def _by_layout(
    data: Sample | PanelLike,
    outcome: str | tuple[str, str],
    treated: str,
    time: TwoTimes,
    covariates: Sequence[str],
    how: _How,
) -> Estimate:
    """A panel, a wide sample, or repeated cross-sections."""
    if not isinstance(data, Sample):
        sample, names = side_by_side(data, outcome, time)
        order = waves_named(data, time)
        return _of_changes(sample, names, treated, covariates, how, order)
    if not isinstance(outcome, str):
        if time is not None:
            raise IdentificationError(
                Problem(
                    "a wide sample has no time column",
                    of_argument("time"),
                    "None with outcome=(before, after)",
                    repr(time),
                )
            )
        pair = outcome_pair(outcome)
        return _of_changes(data, pair, treated, covariates, how, pair)
    return _of_cross_sections(data, outcome, treated, time, covariates, how)


def _of_changes(
    sample: Sample,
    outcome: tuple[str, str],
    treated: str,
    covariates: Sequence[str],
    how: _How,
    order: tuple[str, str],
) -> Estimate:
    refuse_unknown(sample, [*outcome, treated, *covariates])
    inside = sample.active
    data = read(
        sample,
        IdentificationError,
        before=Number(outcome[0]),
        after=Number(outcome[1]),
        d=YesNo(treated),
    )
    d = np.where(inside, data.d, 0.0)
    before, after = (np.where(inside, values, 0.0) for values in (data.before, data.after))
    change = after - before
    w = np.where(inside, sample.weights, 0.0)
    _refuse_one_sided([("", inside)], d, treated)
    x, names = design_matrix(sample, covariates, inside, how.method)
    change = np.where(inside, change, 0.0)
    size = float(max(np.abs(before).max(), np.abs(after).max()))
    effect, part = _fitted(lambda v: how.changes(v, d, change, x), sample, w, names, how.method)
    return _settled(
        _estimate(
            sample,
            effect,
            replace(part, averages=arms(w, compared(d, effect))),
            d,
            f"{outcome[0]} to {outcome[1]}",
            covariates,
            how,
            "one row a unit",
            order,
        ),
        size,
    )


def _of_cross_sections(
    sample: Sample,
    outcome: str,
    treated: str,
    time: TwoTimes,
    covariates: Sequence[str],
    how: _How,
) -> Estimate:
    refuse_unknown(sample, [outcome, treated, *covariates])
    two = two_periods(sample, time, [outcome, treated, *covariates])
    sample, post = two.sample, two.post
    data = read(sample, IdentificationError, y=Number(outcome), d=YesNo(treated))
    inside = sample.active
    y, d = (np.where(inside, values, 0.0) for values in (data.y, data.d))
    w = np.where(inside, sample.weights, 0.0)
    _refuse_one_sided(
        [
            (f" in {two.column} {label}", inside & (post == place))
            for place, label in enumerate((two.before, two.after))
        ],
        d,
        treated,
    )
    x, names = design_matrix(sample, covariates, inside, how.method)
    size = float(np.abs(y).max())
    effect, part = _fitted(lambda v: how.sections(v, d, post, y, x), sample, w, names, how.method)
    return _settled(
        _estimate(
            sample,
            effect,
            replace(part, averages=arms(w, compared(d, effect, post))),
            d,
            f"{outcome}, {two.before} to {two.after}",
            covariates,
            how,
            "repeated cross-sections",
            (two.before, two.after),
        ),
        size,
    )


def _refuse_one_sided(parts: Sequence[tuple[str, Bool]], d: Float, column: str) -> None:
    problems = []
    for where, rows in parts:
        treated, compared = int((d[rows] == 1).sum()), int((d[rows] == 0).sum())
        if not treated or not compared:
            problems.append(
                Problem(
                    worded(
                        "no {value} rows{where}",
                        {"value": "treated" if not treated else "comparison", "where": where},
                    ),
                    in_column(column),
                    "both groups",
                    worded(
                        "{treated} treated, {compared} comparison",
                        {"treated": treated, "compared": compared},
                    ),
                )
            )
    IdentificationError.refuse(problems)


def design_matrix(
    sample: Sample, covariates: Sequence[str], inside: Bool, method: Method
) -> tuple[Float, tuple[str, ...]]:
    """(n, q) intercept and covariates, categories as indicators, 0 outside, and their names;
    missing values are refused.
    """
    gone = [
        column
        for column in dict.fromkeys(covariates)
        if (once(sample.frame, column, absent) & inside).any()
    ]
    if gone:
        raise IdentificationError(
            [
                Problem(
                    what="a covariate is missing",
                    where=in_column(column),
                    expected="a value in every row of the domain that carries weight",
                    got=worded("missing"),
                    fix="Narrow the domain, or make missing a category.",
                    count=int(sample.frame.loc[inside, column].isna().sum()),
                )
                for column in gone
            ]
        )
    unread = unreadable(sample.frame, list(covariates), inside)
    IdentificationError.refuse(unread)
    if covariates and method in PROPENSITY:
        no_negative_weights(sample, f"method '{method}'")
    if covariates and method == "none":
        raise IdentificationError(
            Problem(
                "method 'none' takes no covariates",
                of_argument("covariates"),
                "()",
                ", ".join(covariates),
            )
        )
    rows, names = named_effects(sample.frame, list(covariates), inside)
    return rows.values, names


def _fitted(
    estimator: Callable[[Float], Effect],
    sample: Sample,
    w: Float,
    names: Sequence[str],
    method: Method,
) -> tuple[Effect, Part]:
    """The effect, and the part that carries its variance: influence, and in replicate designs the
    effect fitted anew in each replicate.
    """
    where = ""
    try:
        effect = estimator(w)
        where = " in a replicate"
        each = None
        if sample.design.replicates is not None:
            each = replicated(sample, lambda v: np.array([estimator(v).att]))
    except Separation as error:
        raise IdentificationError(
            Problem(
                what=worded("the comparison cannot be fitted{where}", {"where": where}),
                where=worded(
                    "covariates {names}, method '{method}'",
                    {"names": ", ".join(names[1:]) or "none", "method": method},
                ),
                expected="overlap between the groups and covariates that are not collinear",
                got=error.named(names),
                fix="Merge categories, drop a covariate, or choose a comparison group that overlaps.",
            )
        ) from error
    return effect, Part(
        sample.design,
        Influence.of(np.where(w > 0, effect.z, 0.0)),
        each,
        None if each is None else np.array([effect.att]),
    )


def _settled(e: Estimate, size: float) -> Estimate:
    """The estimate; where its error is the rounding of outcomes of this size, without error, and 0
    where it is as small itself: their ratio would be a finding.
    """
    if not e.se[0] <= 1e-13 * size:
        return e
    value = np.array([0.0 if abs(e.value[0]) <= 1e-13 * size else e.value[0]])
    return replace(
        e.through(lambda _: value, np.zeros((1, 1)), e.names),
        keys=e.keys,
        n=e.n,
        dof=e.dof,
        extra=e.extra,
    )


def _method_said(
    method: Method, kind: str, covariates: Sequence[str], rows: tuple[int, int]
) -> Message:
    """How the effect was estimated, and from how many treated and comparison rows."""
    sizes = {"treated": f"{rows[0]:,}", "controls": f"{rows[1]:,}"}
    model = {"method": NAMES[method], "covariates": ", ".join(covariates)}
    adjusted = "covariates: {covariates}" if covariates else "no covariates"
    return Message(
        f"Difference-in-differences, {{method}}, {kind}; {adjusted};"
        " {treated} treated and {controls} comparison rows.",
        model | sizes,
    )


def _estimate(
    sample: Sample,
    effect: Effect,
    part: Part,
    d: Float,
    what: str,
    covariates: Sequence[str],
    how: _How,
    kind: str,
    order: tuple[str, str],
) -> Estimate:
    inside = sample.active
    treated, compared = sample.counted(inside & (d == 1)), sample.counted(inside & (d == 0))
    notes: list[str] = [
        _method_said(how.method, kind, covariates, (treated, compared)),
        order_said(*order),
    ]
    extreme = 0.0
    if effect.propensity is not None and covariates:
        compare = inside & (d == 0)
        extreme = float(
            sample.weights[compare & (effect.propensity > EXTREME)].sum()
            / sample.weights[compare].sum()
        )
        if extreme > 0:
            notes.append(
                f"Weak overlap: {100 * extreme:.1f}% of the comparison weight has a propensity"
                f" above {EXTREME}; nothing was trimmed."
            )
    return Estimate(
        value=np.array([effect.att]),
        names=(how.name,),
        parts=(part,),
        keys=pd.DataFrame({"variable": [what]}),
        n=np.array([float(treated + compared)]),
        dof=np.array([sample.degf]),
        kind="effect",
        definition=how.definition,
        notes=(*notes, *sample.notes),
        extra={
            "n_treated": treated,
            "n_comparison": compared,
            "method": how.method,
            "extreme_overlap": extreme,
            "propensity": effect.propensity,
            "arm": d,
        },
    )
