"""Features of measures beside their effects, with measures as the units: what the reports of single
countries cannot compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
from scipy import special

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.claims.pooling import error_of
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.evaluation.summaries import WINDOW
from mismes_eval.impact.planning.meta_regression import LEAST, MetaRegression, meta_regression
from mismes_eval.message import Message, listed
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.tracer.outcomes import side_of

MODEL = "model"
STRONG = 2  # score from which a feature counts as given: 0 not, 1 slightly, 2 fairly, 3 fully
TOO_FEW, ALIKE = "{k} {k:=measure|measures}; {least} needed", "all measures are alike here"
EMPTY: Mapping[str, str] = {}
NORMAL = float(special.ndtri(0.975))
MARGIN = 0.05  # five points: a difference that would matter


@dataclass(frozen=True)
class FeatureContrast:
    """One feature over the main effects on one outcome at one age: measures, how many of them have
    the feature (for the model: how many models), the regression of effects on it or why there is
    none, and the number of independent samples that would find a difference of five points (of
    measures that are needed at least where there are fewer; 0: cannot be told).

    better : whether "more" or "less" of the outcome is better; empty: neither, or nobody says so.
    within : what each country says alone that has measures with the feature and without: the mean
        effect of the ones less that of the others, with its interval.
    """

    feature: str
    outcome: str
    better: str
    months: float
    measures: int
    with_feature: int
    found: MetaRegression | NotEstimable
    needed: int
    within: tuple[Span, ...] = ()


def feature_contrasts(effects: pd.DataFrame) -> Iterable[FeatureContrast]:
    """Contrasts of the features of measures over the published main effects of tracer studies on
    shares, each with an error as wide as the interval with which its report speaks. Effects of one
    country share its sample, so their errors are robust to that.
    """
    main = effects[effects["main"].eq(True) & (effects["status"] == "shown")]
    main = main.assign(se=spoken_errors(main, "ci_low", "ci_high"))
    main = main[(main["se"] > 0) & (main["unit_of_outcome"] == "share")]
    main = main.assign(
        group=main["country"],
        unit_of_count=main["country"] + " " + main["measure"].astype(str),
        better=[side_of(str(outcome)) for outcome in main["outcome"]],
    )
    ages = (main["months"].astype(float) / WINDOW).round() * WINDOW
    for (outcome, age, _), rows in main.groupby(["outcome", ages, "design"], sort=True):
        yield from contrasts_of(str(outcome), float(str(age)), rows)


def spoken_errors(effects: pd.DataFrame, low: str, high: str) -> pd.Series:
    """The errors of the intervals that speak (columns of their ends), never below those of the
    designs; NaN where one has no end.
    """
    numbers = effects[[low, "value", high, "se"]].astype(float)
    errors = [max(error_of(*row[:3]), row[3]) for row in numbers.itertuples(index=False, name=None)]
    return pd.Series(errors, index=effects.index, dtype=float)


def contrasts_of(
    outcome: str, months: float, rows: pd.DataFrame, others: Mapping[str, str] = EMPTY
) -> Iterable[FeatureContrast]:
    """Contrasts over effects on one outcome at one age.

    Parameters
    ----------
    rows : value, se, model, better (of the outcome), the scores of FACTORS, group (effects of one
        group hang together) and unit_of_count (which measure).
    others : further columns of yes, no or missing, with their names.
    """
    for column, name in FACTORS.items():
        score = pd.to_numeric(rows[column], errors="coerce")
        known = rows[score.notna()].assign(feature=score[score.notna()] >= STRONG)
        yield _contrast(name, outcome, months, known)
    for column, name in others.items():
        known = rows[rows[column].notna()]
        yield _contrast(name, outcome, months, known.assign(feature=known[column].astype(bool)))
    yield _models(outcome, months, rows)


def _contrast(name: str, outcome: str, months: float, rows: pd.DataFrame) -> FeatureContrast:
    measures = int(rows["unit_of_count"].nunique())
    having = int(rows.loc[rows["feature"], "unit_of_count"].nunique())
    contrast = partial(
        FeatureContrast,
        feature=name,
        outcome=outcome,
        better=str(rows["better"].iloc[0]) if len(rows) else "",
        months=months,
        measures=measures,
        with_feature=having,
        within=tuple(_within(rows)),
    )
    if measures < LEAST:
        return contrast(found=_too_few(measures, LEAST), needed=LEAST)
    if rows["feature"].nunique() < 2:
        return contrast(found=NotEstimable(ALIKE), needed=0)
    made = _regressed(rows, rows[["feature"]].astype(float))
    needed = made.needed("feature", MARGIN) if isinstance(made, MetaRegression) else 0
    return contrast(found=made, needed=needed)


def _within(rows: pd.DataFrame) -> Iterable[Span]:
    """The contrast of each country that has both kinds, by inverse variances."""
    for _, country in rows.groupby("group"):
        precision = country["se"].astype(float) ** -2
        value = country["value"].astype(float)
        having = country["feature"].astype(bool)
        if having.all() or not having.any():
            continue
        weights = [precision[kind].sum() for kind in (having, ~having)]
        means = [(precision * value)[kind].sum() for kind in (having, ~having)]
        gap = float(means[0] / weights[0] - means[1] / weights[1])
        half = NORMAL * float((1 / weights[0] + 1 / weights[1]) ** 0.5)
        yield Span(gap, gap - half, gap + half)


def _too_few(measures: int, least: int) -> NotEstimable:
    return NotEstimable(Message(TOO_FEW, {"k": measures, "least": least}))


def _regressed(rows: pd.DataFrame, features: pd.DataFrame) -> MetaRegression | NotEstimable:
    """The regression, with errors not below what the intervals of the effects tell alone."""
    shared = rows["group"].duplicated().any()
    value = rows["value"].to_numpy(float)
    se = rows["se"].to_numpy(float)
    try:
        made = meta_regression(value, se, features, list(rows["group"]) if shared else None)
        return made.never_below_usual()
    except EstimateError as error:
        return NotEstimable(listed([p.what for p in error.problems], kind="reason"))


def _models(outcome: str, months: float, rows: pd.DataFrame) -> FeatureContrast:
    """Models against each other: one coefficient a model, so many independent measures are
    needed.
    """
    kinds = rows["model"].nunique()
    measures = int(rows["unit_of_count"].nunique())
    independent = min(measures, int(rows["group"].nunique()))
    least = max(LEAST, kinds + 2)
    found: MetaRegression | NotEstimable
    needed = 0
    if independent < least:
        found = _too_few(independent, least)
        needed = least
    elif kinds < 2:
        found = NotEstimable(ALIKE)
    else:
        found = _regressed(rows, rows[["model"]].astype(str))
        if isinstance(found, MetaRegression):
            needed = max(found.needed(name, MARGIN) for name in found.names[1:])
    return FeatureContrast(
        feature=MODEL,
        outcome=outcome,
        better=str(rows["better"].iloc[0]),
        months=months,
        measures=measures,
        with_feature=kinds,
        found=found,
        needed=needed,
    )
