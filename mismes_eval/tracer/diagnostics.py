"""Attrition in one call: who is lost, whether it goes with outcomes (BGLW,
Fitzgerald-Gottschalk-Moffitt), overlap, balance and the R-indicator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, in_column, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.estimate.number_format import figure
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import mean
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.tracer.balance import balance, love_plot
from mismes_eval.tracer.figures import marked
from mismes_eval.tracer.response_model import LINKS, ResponseModel, design_matrix
from mismes_eval.tracer.shapes import refuse_other
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@dataclass(frozen=True)
class AttritionTests:
    """Everything about the loss of persons at one wave.

    rates : share lost, by the by-columns.
    difference : differential attrition against the first group, or why not.
    model : coefficients of the attrition model with design standard errors (`extra["classical_se"]`
        beside them).
    lr : likelihood ratio of the model against one with the by-columns only (weights as given: a
        true one where they are equal).
    f : design-based test of the same null.
    fgm : attrition on the lagged outcome given the covariates (selection on observables), tested.
    bglw : outcome at enrolment on covariates x attrition, all attrition terms zero: classical F and
        design-based.
    stayers_minus_all : coefficients of that outcome equation, stayers less all, with their own
        error.
    overlap : quantiles of the response propensity of those who stay and those lost, and the share
        of the lost outside the stayers' range.
    balance : standardised differences, stayers less all: enrolment weights, and attrition weights
        where the panel has them.
    r_indicator : 1 - 2 S(propensity).
    """

    wave: object
    rates: Estimate
    difference: Estimate | NotEstimable
    model: Estimate
    lr: Test
    f: Test | NotEstimable
    fgm: Test | NotEstimable
    bglw: Test
    bglw_design: Test | NotEstimable
    stayers_minus_all: Estimate
    overlap: pd.DataFrame
    balance: pd.DataFrame
    r_indicator: Estimate

    def to_frame(self) -> pd.DataFrame:
        """The tests, one a row, and the R-indicator."""
        named = [
            ("attrition model, likelihood ratio", self.lr),
            ("attrition model, design-based", self.f),
            ("lagged outcome (FGM)", self.fgm),
            ("BGLW, classical", self.bglw),
            ("BGLW, design-based", self.bglw_design),
        ]
        rows = []
        for name, test in named:
            if isinstance(test, NotEstimable):
                rows.append((name, np.nan, "", np.nan, np.nan, np.nan, test.reason))
            else:
                rows.append(
                    (name, test.statistic, test.distribution, test.ndf, test.ddf, test.p, "")
                )
        return pd.DataFrame(
            rows, columns=["test", "statistic", "distribution", "ndf", "ddf", "p", "note"]
        )

    def love_plot(self, ax: Any = None) -> Any:
        """Standardised differences before and after weighting. Returns the axes."""
        return marked(love_plot(self.balance, ax), self.rates.notes)

    def _repr_html_(self) -> str:
        return (
            "<p><strong>Attrition at wave"
            f" {self.wave}</strong></p>{self.rates._repr_html_()}{self.to_frame().to_html(index=False, float_format=figure, na_rep='')}{self.balance.to_html(index=False, float_format=figure, na_rep='')}"
        )


@public(EstimateError)
def attrition_tests(
    panel: TracerPanel,
    outcome: str,
    covariates: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    wave: object | None = None,
    link: str = "logit",
) -> AttritionTests:
    """All attrition diagnostics of one wave (the last, unless `wave` is given).

    Parameters
    ----------
    outcome : its value at enrolment: a column of the persons, or a column of the waves (then its
        value at the first wave).
    covariates : columns at enrolment without missing values; the outcome may not be among them.
    by : columns of groups (the arm) whose rates are compared; they enter every model.
    link : "logit" or "probit" for the attrition model.

    Raises
    ------
    EstimateError : nobody or everybody lost, missing covariates, separation.

    References
    ----------
    Becketti, Gould, Lillard and Welch (1988), Journal of Labor Economics 6, 472-492 (BGLW);
    Fitzgerald, Gottschalk and Moffitt (1998), Journal of Human Resources 33,
    251-299; Schouten, Cobben and Bethlehem (2009), Survey Methodology 35, 101-113 (R-indicator);
    Baulch and Quisumbing (2011).
    """
    refuse_other(panel, "attrition_tests")
    groups = [] if by is None else [by] if isinstance(by, str) else list(by)
    listed = [*listed_names(covariates)]
    chosen = panel.waves[-1:] if wave is None else panel.chosen(wave)
    if len(chosen) != 1:
        raise EstimateError(
            Problem(
                "attrition is tested at one wave",
                of_argument("wave"),
                worded("one of {waves}", {"waves": ", ".join(map(str, panel.waves))}),
                worded("{chosen} of them", {"chosen": len(chosen)}),
            )
        )
    when = chosen[0]
    place = panel.place(when)
    sample = panel.sample.where(~panel.dead[:, place])
    dead = int((panel.sample.active & ~sample.active).sum())
    if dead:
        sample = sample.flagged(
            f"{dead:,} persons known to have died by wave {when} are neither stayers nor lost."
        )
    untried = int((sample.active & panel.outside[:, place]).sum())
    if untried:
        sample = sample.where(~panel.outside[:, place]).flagged(
            f"{untried:,} persons pending or not fielded at wave {when} are neither stayers nor"
            " lost."
        )
    lost = (~panel.responded[:, place]).astype(float)
    y = _at_enrolment(panel, outcome)
    sample = sample.with_columns({"lost": lost, "outcome at enrolment": y})
    columns = [*groups, *[column for column in listed if column not in groups]]
    some = len(columns) > len(groups)
    EstimateError.refuse(_unusable(sample, lost, y, columns, outcome, link, some))
    full = ResponseModel.of(sample, columns, lost, link)
    small = ResponseModel.of(sample, groups, lost, link)
    tested = [n for n in full.names if n not in small.names]
    lr = max(0.0, 2 * (full.loglik - small.loglik))
    k = len(tested)
    null = (
        f"attrition at wave {when} does not depend on"
        f" {', '.join(column for column in columns if column not in groups)}"
        + (f" given {', '.join(groups)}" if groups else "")
    )
    model = full.estimate(sample, f"{link} of attrition at wave {when}")
    bglw, bglw_design = _bglw(sample, columns, lost, y)
    return AttritionTests(
        wave=when,
        rates=mean(sample, "lost", by=groups or None),
        difference=_differences(sample, groups),
        model=model,
        lr=Test(
            null=null,
            statistic=lr,
            distribution="chi2",
            ndf=float(k),
            ddf=float("nan"),
            p=float(stats.chi2.sf(lr, k)),
            method="Likelihood ratio",
            notes=(),
        ),
        f=wald(model, tested),
        fgm=_fgm(sample, columns, lost, link),
        bglw=bglw,
        bglw_design=bglw_design,
        stayers_minus_all=_stayers_minus_all(sample, columns, lost, y),
        overlap=_overlap(sample, 1 - full.p, lost),
        balance=balance(panel, columns, when),
        r_indicator=r_indicator(sample, full),
    )


def _at_enrolment(panel: TracerPanel, outcome: str) -> Float:
    """(n,) the outcome at enrolment, NaN where missing. Raises EstimateError for text."""
    known = panel.sample.frame
    column = (
        known[outcome]
        if outcome in known.columns
        else pd.Series(panel.values(outcome, panel.waves[0]))
    )
    value = float64(column)
    if value is None:
        raise EstimateError(
            Problem(
                "attrition_tests needs numbers",
                in_column(outcome),
                "a numeric or boolean outcome",
                str(column.dtype),
            )
        )
    return value


def _fgm(sample: Sample, columns: Sequence[str], lost: Float, link: str) -> Test | NotEstimable:
    """Does attrition go with the outcome at enrolment, given the covariates?"""
    try:
        fitted = ResponseModel.of(sample, [*columns, "outcome at enrolment"], lost, link)
    except EstimateError as error:
        return NotEstimable(error.reason)
    return wald(fitted.estimate(sample, "FGM"), ["outcome at enrolment"])


def _differences(sample: Sample, groups: Sequence[str]) -> Estimate | NotEstimable:
    if not groups:
        return NotEstimable("no groups to compare: give `by`")
    share = mean(sample, "lost", by=list(groups))
    if share.p < 2:
        return NotEstimable("only one group in the domain")
    j = np.column_stack([-np.ones(share.p - 1), np.eye(share.p - 1)])
    return share.through(
        lambda v: j @ v, j, tuple(f"{n} less {share.names[0]}" for n in share.names[1:])
    )


def _least_squares(sample: Sample, x: Float, y: Float, rows: Bool) -> tuple[Float, Float]:
    """Coefficients (q,) and influence (n, q) of a weighted regression on some rows."""
    w = np.where(rows, sample.weights, 0.0)
    gram = x.T @ (x * w[:, None])
    beta = np.linalg.solve(gram, x.T @ (w * y))
    residual = np.where(rows, y - x @ beta, 0.0)
    return np.asarray(beta, float), np.asarray((x * residual[:, None]) @ np.linalg.inv(gram), float)


def _bglw(
    sample: Sample, columns: Sequence[str], lost: Float, y: Float
) -> tuple[Test, Test | NotEstimable]:
    """Outcome on covariates, attrition and their products; all attrition terms zero."""
    inside = sample.active
    x, names = design_matrix(sample, columns)
    both = np.column_stack([x, x * lost[:, None]])
    y = np.where(inside, y, 0.0)
    q = x.shape[1]
    n = int(inside.sum())
    null = "the outcome equation at enrolment is the same for stayers and lost"
    w = np.where(inside, sample.weights / sample.weights[inside].mean(), 0.0)
    if np.linalg.matrix_rank(both[inside] * np.sqrt(w[inside])[:, None]) < 2 * q:
        raise EstimateError(
            Problem(
                "the BGLW regression is collinear",
                ", ".join(columns),
                "covariates that vary among stayers and among the lost",
            )
        )
    beta, z = _least_squares(sample, both, y, inside)
    restricted, _ = _least_squares(sample, x, y, inside)
    rss1, rss0 = float(w @ (y - both @ beta) ** 2), float(w @ (y - x @ restricted) ** 2)
    f = (rss0 - rss1) / q / (rss1 / (n - 2 * q))
    labels = (*names, *[f"lost x {name}" for name in names])
    e = Estimate(
        value=beta,
        names=labels,
        parts=(Part(sample.design, Influence.of(z), averages=by_influence(Influence.of(z))),),
        keys=pd.DataFrame({"variable": labels}),
        n=np.full(2 * q, float(n)),
        dof=np.full(2 * q, sample.degf + 1 - 2 * q),
        kind="coefficient",
        notes=sample.notes,
    )
    return Test(
        null=null,
        statistic=f,
        distribution="F",
        ndf=float(q),
        ddf=float(n - 2 * q),
        p=float(stats.f.sf(f, q, n - 2 * q)),
        method="BGLW, classical F",
    ), wald(e, list(labels[q:]))


def _stayers_minus_all(sample: Sample, columns: Sequence[str], lost: Float, y: Float) -> Estimate:
    """Coefficients of the outcome equation among stayers less those among all, with the covariance
    of the two on one sample.
    """
    inside = sample.active
    x, names = design_matrix(sample, columns)
    y = np.where(inside, y, 0.0)
    stay, zs = _least_squares(sample, x, y, inside & (lost == 0))
    everybody, za = _least_squares(sample, x, y, inside)
    q = len(names)
    return Estimate(
        value=stay - everybody,
        names=names,
        parts=(
            Part(
                sample.design, Influence.of(zs - za), averages=by_influence(Influence.of(zs - za))
            ),
        ),
        keys=pd.DataFrame({"variable": names}),
        n=np.full(q, float(inside.sum())),
        dof=np.full(q, sample.degf + 1 - q),
        kind="difference of coefficients",
        definition="Outcome at enrolment: coefficients of stayers less those of all.",
        notes=sample.notes,
    )


def _overlap(sample: Sample, propensity: Float, lost: Float) -> pd.DataFrame:
    inside = sample.active
    stay, gone = propensity[inside & (lost == 0)], propensity[inside & (lost == 1)]
    points = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
    out = pd.DataFrame(
        {
            "quantile": points,
            "stayers": np.quantile(stay, points),
            "lost": np.quantile(gone, points),
        }
    )
    outside = np.mean((gone < stay.min()) | (gone > stay.max()))
    return out.assign(lost_outside_range=outside)


def r_indicator(sample: Sample, fitted: ResponseModel) -> Estimate:
    """1 - 2 S(p): 1 where every response propensity is the same. The error counts the sample and
    the estimated propensities.
    """
    inside = sample.active
    w = np.where(inside, sample.weights, 0.0)
    p = np.where(inside, 1 - fitted.p, 0.0)
    total = w.sum()
    centre = float(w @ p / total)
    variance = float(w @ (p - centre) ** 2 / total)
    s = np.sqrt(variance)
    if s < 1e-12:
        raise EstimateError(
            Problem(
                "the R-indicator has no spread of propensities",
                of_argument("covariates"),
                "covariates that tell people apart",
            )
        )
    direct = np.where(inside, ((p - centre) ** 2 - variance) / total, 0.0)
    through = -2 * ((w * (p - centre) * fitted.slope) @ fitted.x) / total
    z = direct + fitted.influence(sample) @ through
    return Estimate(
        value=np.array([1 - 2 * s]),
        names=("R-indicator",),
        parts=(
            Part(sample.design, Influence.of(-z / s), averages=by_influence(Influence.of(z / s))),
        ),
        keys=pd.DataFrame({"variable": ["R-indicator"]}),
        n=np.array([float(inside.sum())]),
        dof=np.array([sample.degf]),
        kind="R-indicator",
        definition="1 - 2 x standard deviation of the response propensities.",
        notes=sample.notes,
    )


def _unusable(
    sample: Sample,
    lost: Float,
    y: Float,
    columns: Sequence[str],
    outcome: str,
    link: str,
    some: bool,
) -> Iterator[Problem]:
    inside = sample.active
    known = [column for column in columns if column in sample.frame.columns]
    for column in columns:
        if column not in known:
            yield Problem(
                "attrition_tests names an unknown column",
                in_column(column),
                "a column of the persons at enrolment",
            )
    if not some:
        yield Problem(
            "attrition_tests needs covariates",
            of_argument("covariates"),
            "columns known at enrolment, beyond those of 'by'",
            worded("none"),
        )
    yield from unknown("unknown link", "link", link, LINKS)
    if outcome in columns:
        yield Problem(
            "the outcome is among the covariates", in_column(outcome), "an outcome of its own"
        )
    values = [(outcome, pd.Series(y)), *((column, sample.frame[column]) for column in known)]
    for name, given in values:
        count = int((inside & given.isna().to_numpy()).sum())
        if count:
            yield Problem(
                what="attrition_tests meets missing values",
                where=in_column(name),
                expected="a value for everybody at enrolment",
                got=worded("missing"),
                fix="Narrow the panel with where(), or make missing a category.",
                count=count,
            )
    if not 0 < lost[inside].sum() < inside.sum():
        yield Problem(
            "nobody or everybody is lost",
            of_argument("wave"),
            "a wave that some answered and some did not",
            worded(
                "{lost:,} of {inside:,} lost",
                {"lost": int(lost[inside].sum()), "inside": int(inside.sum())},
            ),
        )
