"""Two-way fixed effects, static and event study, with the design's variance or the cluster rules of
fixest and Stata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    named,
    of_arguments,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.impact.did.breaks import placed, refuse_starts
from mismes_eval.impact.inference.small_sample import coefficients_factor, rule_problems
from mismes_eval.impact.regression.long_rows import by_code, ever_and_never, regression_panel
from mismes_eval.numerics.averages import Averages, Source
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.numerics.two_way import Columns, codes, within
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.panel import Panel, PanelLike
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn

SmallSample = Literal["design", "nested", "full"]
RULES = ("design", "nested", "full")
SMALL = {
    "design": "the design's",
    "nested": (
        "(n - 1)/(n - K), unit effects nested in clusters not counted (fixest, Stata xtreg and"
        " reghdfe)"
    ),
    "crossed": (
        "(n - 1)/(n - K), all effects counted, as units are not nested in clusters (fixest, Stata"
        " reghdfe)"
    ),
    "periods": "(n - 1)/(n - K), period effects nested in clusters not counted (fixest)",
    "full": "(n - 1)/(n - K), all effects counted (Stata areg)",
}


@public(EstimateError)
def two_way(
    data: Sample | PanelLike,
    outcome: str,
    treated: str | None = None,
    event_time: str | None = None,
    cluster: str | None = None,
    unit: str | None = None,
    time: TimeColumn = None,
    covariates: Sequence[str] = (),
    reference: Sequence[float] | None = None,
    small_sample: SmallSample = "design",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Regression on unit and period effects: beside the other estimators, never instead of them,
    where starts are staggered.

    Parameters
    ----------
    data : a tracer panel, or a long Sample with `unit` and `time`.
    treated : 0/1 in the row's period (static effect).
    event_time : time since treatment in each row, in any unit; infinite means never, a finite value
        is always a time. Give one of both.
    reference : event times left out; None: -1, or where it does not occur the last one before 0.
    covariates : numeric columns that vary over time.
    cluster : column (of the persons of a panel); None: the design's PSUs, or units where the file
        has none.
    small_sample : "design" (m/(m - 1)), "nested" or "full", which multiply the variance by (n -
        1)/(n - K) too; K of "nested" leaves out effects that are nested in the clusters, which is
        looked up.
    series_breaks : first periods of new series: treatment that starts on one stops the run unless
        acknowledge_breaks.

    Returns
    -------
    Estimate: covariates, then "ATT" or one value an event time.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277, on what the static coefficient
    averages: see `bacon`.
    """
    covariates = listed_names(covariates)
    if (treated is None) == (event_time is None):
        raise IdentificationError(
            Problem(
                "two_way needs one of two descriptions of treatment",
                of_arguments("treated", "event_time"),
                "exactly one of them",
                worded(
                    "{treated}, {event_time}",
                    {"treated": repr(treated), "event_time": repr(event_time)},
                ),
            )
        )
    column = treated or event_time or ""
    long = regression_panel(
        data, [outcome, column, *covariates], unit, time, cluster, event=event_time
    )
    dose = long.columns[column]
    starts = _starts(long, dose, treated is not None)
    said = (
        *refuse_starts(placed(long.time, series_breaks), starts, series_breaks, acknowledge_breaks),
        long.time.said,
    )
    if treated is not None:
        _refuse_other_than_begun(long, dose, column)
        return regress(
            long,
            outcome,
            covariates,
            (np.zeros(dose.size, np.intp), ()),
            pd.DataFrame({"variable": [*covariates, "ATT"]}),
            small_sample,
            f"Two-way fixed effects, static, of {outcome} on {column}.",
            {"ATT": dose},
        ).annotated(notes=said)
    _refuse_standing_still(long, dose, column)
    occurring = np.unique(dose[np.isfinite(dose)])
    left_out = _references(occurring, reference, column)
    times = [float(moment) for moment in occurring if moment not in left_out]
    keys = pd.DataFrame(
        {
            "variable": [*covariates, *["event"] * len(times)],
            "event_time": [*[np.nan] * len(covariates), *times],
        }
    )
    text = (
        f"Two-way fixed effects event study of {outcome}; reference"
        f" {', '.join(f'{moment:g}' for moment in left_out)}."
    )
    study = regress(
        long,
        outcome,
        covariates,
        (codes(dose, times), [f"{moment:.12g}" for moment in times]),
        keys,
        small_sample,
        text,
    ).annotated(notes=said)
    return replace(study, extra={**study.extra, "references": left_out})


def _refuse_standing_still(long: Panel, d: Float, column: str) -> None:
    """Time since treatment passes from one period of a unit to the next."""
    order = np.lexsort((long.period, long.unit))
    same = np.diff(long.unit[order]) == 0
    both = np.isfinite(d[order][1:]) & np.isfinite(d[order][:-1])
    still = np.flatnonzero(same & both & (d[order][1:] <= d[order][:-1])) + 1
    if still.size:
        value = f"{d[order][still[0]]:g}"
        raise IdentificationError(
            Problem(
                what="the time since treatment does not pass",
                where=in_column(column),
                expected="a time that grows from period to period, or numpy.inf for never treated",
                got=worded(
                    "{value} after {domain:g}", {"value": value, "domain": d[order][still[0] - 1]}
                ),
                fix=worded(
                    "Where {value} means never treated: frame['{column}'] = frame['{column}'].replace({value}, numpy.inf).",
                    {"value": value, "column": column},
                ),
                count=int(still.size),
                rows=tuple(np.sort(long.row[order][still]).tolist()),
            )
        )


def _references(
    occurring: Float, reference: Sequence[float] | None, column: str
) -> tuple[float, ...]:
    """Event times to leave out, of those that occur (k,). Raises IdentificationError for one that
    does not.
    """
    before = occurring[occurring < 0]
    if reference is None and (before.size or -1 in occurring):
        return (-1.0,) if -1 in occurring else (float(before[-1]),)
    unknown = [float(moment) for moment in reference or () if moment not in occurring]
    if unknown or not reference:
        raise IdentificationError(
            Problem(
                what="a reference event time does not occur",
                where=in_column(column),
                expected=worded(
                    "one of {occurring}",
                    {"occurring": named(f"{moment:g}" for moment in occurring)},
                ),
                got=", ".join(f"{moment:g}" for moment in unknown)
                or worded("no event time before 0"),
                fix="Name an event time that occurs: reference=(...,).",
            )
        )
    return tuple(float(moment) for moment in reference)


def regress(
    long: Panel,
    outcome: str,
    covariates: Sequence[str],
    indicators: tuple[Int, Sequence[str]],
    keys: pd.DataFrame,
    small_sample: SmallSample,
    text: str,
    dose: dict[str, Float] | None = None,
) -> Estimate:
    """Least squares of the outcome on covariates, dose and indicators, unit and period effects
    taken out; influence of every coefficient.

    indicators : codes (n,) and their names, one coefficient each, none for rows with a code beyond
        the names.
    """
    design = long.sample.design
    dose = dose or {}
    IdentificationError.refuse(rule_problems(design, small_sample, RULES))
    code, labels = indicators
    names = [*covariates, *dose, *labels]
    dense = (
        np.array([*(long.columns[covariate] for covariate in covariates), *dose.values()])
        .reshape(-1, long.unit.size)
        .T
    )
    columns = Columns(dense, ((code, len(labels)), (long.period, long.periods.size)))
    y = long.columns[outcome]
    w = long.weights
    model = within(w, long.unit, long.units, columns)
    left = model.left()
    _refuse_collinear(left, np.sqrt(model.whole), names)
    bread = np.asarray(np.linalg.inv(left), float)
    beta, residual = model.fit(y, bread)
    n = y.size
    k = len(names)
    effects, rule = _counted(long, small_sample)
    scale = 1.0 if small_sample == "design" else coefficients_factor(n, k + effects)
    influence = long.carried(model.blocks(residual, model.coefficients(bread * scale)))
    each = None
    if design.replicates is not None:
        each = replicated(long.sample, lambda v: _refitted(v[long.row], long, columns, y, names))
    note = (
        f"{text} {long.units:,} units, {long.periods.size} periods, {n:,} rows. Small-sample"
        f" factor: {SMALL[rule]}."
    )
    full = None if each is None else beta
    count = np.concatenate(
        [
            np.full(len(covariates), float(n)),
            [float((values != 0).sum()) for values in dose.values()],
            np.bincount(code, minlength=len(labels) + 1)[: len(labels)],
        ]
    )
    return Estimate(
        value=beta,
        names=tuple(names),
        parts=(
            Part(
                design, influence, each, full, averages=_averages(long, dose, code, len(labels), k)
            ),
        ),
        keys=keys.reset_index(drop=True),
        n=count,
        dof=np.full(k, long.sample.degf),
        kind="effect",
        notes=(note, *long.notes, *long.sample.notes),
        extra={"base": "universal", "residual_sum": float(w @ residual**2)},
    )


def _averages(long: Panel, dose: dict[str, Float], code: Int, labels: int, k: int) -> Averages:
    """What k coefficients average: the rows of each indicator, or the units that are ever treated,
    against the others.
    """
    touched = code < labels
    for values in dose.values():
        touched = touched | (values != 0)
    ever = np.bincount(long.unit, weights=touched, minlength=long.units) > 0
    both = np.ones((k, 2))
    both[k - labels :, 0] = 0.0
    sources: list[Source] = [replace(ever_and_never(long, ever[long.unit]), coef=both)]
    if labels:
        place = np.zeros((k, labels))
        place[k - labels :] = np.eye(labels)
        sources.append(by_code(long, np.minimum(code, labels), labels).linear(place))
    return Averages(tuple(sources))


def _counted(long: Panel, rule: SmallSample) -> tuple[int, str]:
    """Effects that count as parameters, and the rule in its words: "nested" leaves out those of
    units or of periods that lie each in one cluster (pyfixest: k_fixef="nonnested").
    """
    units, periods = long.units, long.periods.size
    everything = units + periods - 1
    if rule != "nested":
        return everything, rule
    cluster = long.sample.design.psu[long.row]
    whole_units, whole_periods = (
        _nested(code, cluster, m) for code, m in ((long.unit, units), (long.period, periods))
    )
    if whole_units:
        return (1 if whole_periods else periods), "nested"
    return (units, "periods") if whole_periods else (everything, "crossed")


def _nested(code: Int, cluster: Int, m: int) -> bool:
    """Whether the rows of each code 0..m-1 lie in one cluster."""
    first = np.zeros(m, np.intp)
    first[code] = cluster
    return bool((first[code] == cluster).all())


def _refitted(w: Float, long: Panel, columns: Columns, y: Float, names: Sequence[str]) -> Float:
    model = within(w, long.unit, long.units, columns)
    left = model.left()
    _refuse_collinear(left, np.sqrt(model.whole), names, " in a replicate")
    return model.fit(y, np.asarray(np.linalg.inv(left), float))[0]


def _refuse_collinear(gram: Float, size: Float, names: Sequence[str], where: str = "") -> None:
    """Every column that the effects and the columns before it explain."""
    left = gram.copy()
    gone = []
    for j in range(left.shape[0]):
        if left[j, j] <= 1e-10 * max(size[j] ** 2, 1e-300):
            gone.append(names[j])
            continue
        left -= np.outer(left[:, j], left[j]) / left[j, j]
    if gone:
        raise IdentificationError(
            [
                Problem(
                    what="a column is explained by unit and period effects and the columns before it",
                    where=worded("'{name}'{where}", {"name": name, "where": where}),
                    expected="variation of its own",
                    got=worded("none"),
                    fix="Leave it out; in an event study without never-treated units leave out two"
                    " event times.",
                )
                for name in gone
            ]
        )


def _starts(long: Panel, d: Float, static: bool) -> Float:
    """(n,) first treated period of each row's unit, inf for never: from the 0/1 column, or from the
    periods since treatment.
    """
    moment = long.periods[long.period]
    if not static:
        return np.where(np.isfinite(d), moment - np.where(np.isfinite(d), d, 0.0), np.inf)
    first = np.full(long.units, np.inf)
    np.minimum.at(first, long.unit, np.where(d == 1, moment, np.inf))
    return np.asarray(first[long.unit])


def _refuse_other_than_begun(long: Panel, d: Float, column: str) -> None:
    """Treatment is 0 or 1, and stays on."""
    other = ~np.isin(d, (0.0, 1.0))
    if other.any():
        raise IdentificationError(
            Problem(
                what="treatment is not yes or no",
                where=in_column(column),
                expected="0 or 1",
                got=worded("other values"),
                count=int(other.sum()),
            )
        )
    order = np.lexsort((long.period, long.unit))
    falls = (np.diff(d[order]) < 0) & (np.diff(long.unit[order]) == 0)
    if falls.any():
        raise IdentificationError(
            Problem(
                what="treatment switches off",
                where=in_column(column),
                expected="treatment that stays on",
                got=worded("{falls} units that leave", {"falls": int(falls.sum())}),
                fix="Define the cohort by the first treatment.",
            )
        )
