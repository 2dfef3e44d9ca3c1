"""Two-way fixed effects as published tables print them: linearmodels underneath, with the degrees
of freedom of fixest or of Stata and no survey design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS
from scipy import stats

from mismes_eval.errors import EstimateError, IdentificationError, unknown
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.inference.small_sample import coefficients_factor
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.long_rows import regression_panel
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.panel import Panel, PanelLike
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn

Errors = Literal["unit", "unit_and_period", "independent"]
Rule = Literal["nested", "full", "none"]
RULES = {
    "nested": (
        "unit effects nested in clusters are not counted, all periods are (fixest, Stata xtreg and"
        " reghdfe)"
    ),
    "full": "all effects are counted (Stata areg)",
    "none": "nothing is counted",
}


@dataclass(frozen=True)
class ClassicalFit:
    """names, value, se (p,); df of the t statistics; observations; clusters, 0 for independent
    rows; counted: parameters in the rule; rule, errors.
    """

    names: tuple[str, ...]
    value: Float
    se: Float
    df: float
    observations: int
    clusters: int
    counted: int
    rule: Rule
    errors: Errors

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """coefficient, value, se, t, p, ci_low, ci_high."""
        statistic = self.value / self.se
        half = stats.t.ppf(0.5 + level / 2, self.df) * self.se
        p = 2 * stats.t.sf(np.abs(statistic), self.df)
        return pd.DataFrame(
            {
                "coefficient": self.names,
                "value": self.value,
                "se": self.se,
                "t": statistic,
                "p": p,
                "ci_low": self.value - half,
                "ci_high": self.value + half,
            }
        )

    @property
    def note(self) -> str:
        """What the errors are, for a table."""
        what = {
            "unit": f"{self.clusters:,} clusters",
            "unit_and_period": f"clusters by unit and by period, {self.clusters:,} of the fewer",
            "independent": "independent rows of equal variance",
        }
        return (
            f"Standard errors: {what[self.errors]}; degrees of freedom: {RULES[self.rule]}; no"
            " survey design."
        )

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), [self.note])


@public(EstimateError)
def panel_ols(
    data: Sample | PanelLike,
    outcome: str,
    treated: str | None = None,
    event_time: str | None = None,
    unit: str | None = None,
    time: TimeColumn = None,
    covariates: Sequence[str] = (),
    reference: Sequence[float] | None = None,
    errors: Errors = "unit",
    rule: Rule = "nested",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> ClassicalFit:
    """The coefficients of `two_way` with textbook errors, to stand beside published tables;
    `two_way` carries the survey.

    linearmodels counts unit effects by default, which inflates clustered errors of a two-wave panel
    by 41%. It is called without any correction (auto_df=False, count_effects=False), and the rule
    named is applied: G / (G - 1) * (N - 1) / (N - K) with clusters, N / (N - K) with all effects in
    K for independent rows.

    Parameters
    ----------
    treated, event_time, reference, covariates, series_breaks, acknowledge_breaks : as in `two_way`.
    errors : "unit" (clustered by unit), "unit_and_period" (Cameron, Gelbach and Miller; negative
        eigenvalues set to 0, as in fixest), "independent".
    rule : "nested", "full" or "none".

    Raises
    ------
    IdentificationError : as two_way.
    """
    IdentificationError.refuse(
        unknown("unknown rule", "rule", rule, RULES)
        + unknown("unknown errors", "errors", errors, ("unit", "unit_and_period", "independent"))
    )
    covariates = listed_names(covariates)
    checked = two_way(
        data,
        outcome,
        treated,
        event_time,
        None,
        unit,
        time,
        covariates,
        reference,
        "design",
        series_breaks,
        acknowledge_breaks,
    )
    column = treated or event_time or ""
    long = regression_panel(
        data, [outcome, column, *covariates], unit, time, None, event=event_time
    )
    d = long.columns[column]
    main = [d]
    if treated is None:
        moments = checked.keys["event_time"].iloc[len(covariates) :]
        main = [(d == moment).astype(float) for moment in moments]
    index = pd.MultiIndex.from_arrays([long.unit, long.period], names=["unit", "period"])
    x = pd.DataFrame(
        np.column_stack([*(long.columns[covariate] for covariate in covariates), *main]),
        index=index,
        columns=list(checked.names),
    )
    y, w = (
        pd.Series(long.columns[outcome], index=index, name="outcome"),
        pd.Series(long.weights, index=index),
    )
    model = PanelOLS(y, x, entity_effects=True, time_effects=True, weights=w, check_rank=False)
    coefficients, vcov = _fitted(model, long, errors)
    clusters = {
        "independent": 0,
        "unit": long.units,
        "unit_and_period": min(long.units, long.periods.size),
    }
    return _finished(long, checked.names, coefficients, vcov, clusters[errors], rule, errors)


def _fitted(model: PanelOLS, long: Panel, errors: Errors) -> tuple[Float, Float]:
    """Coefficients and their covariance without any small-sample factor."""
    plain = {"debiased": False, "auto_df": False, "count_effects": False}
    if errors == "independent":
        fit = model.fit(cov_type="unadjusted", **plain)
        return np.array(fit.params), np.array(fit.cov)
    codes = {"unit": (long.unit,)}.get(errors, (long.unit, long.period, _pairs(long)))
    parts = [
        model.fit(
            cov_type="clustered",
            clusters=pd.DataFrame({"by": code}, index=model.dependent.index),
            group_debias=False,
            **plain,
        )
        for code in codes
    ]
    covariances = [np.array(part.cov) for part in parts]
    if errors == "unit":
        return np.array(parts[0].params), covariances[0]
    values, vectors = np.linalg.eigh(covariances[0] + covariances[1] - covariances[2])
    positive = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.array(parts[0].params), positive


def _pairs(long: Panel) -> Int:
    return long.unit * long.periods.size + long.period


def _finished(
    long: Panel,
    names: tuple[str, ...],
    value: Float,
    vcov: Float,
    clusters: int,
    rule: Rule,
    errors: Errors,
) -> ClassicalFit:
    n, p, units, periods = long.unit.size, len(names), long.units, long.periods.size
    everything = p + units + periods - 1
    if errors == "independent":
        counted = 0 if rule == "none" else everything
        factor = n / (n - counted)
    else:
        nested = p + (1 if errors == "unit_and_period" else periods)
        counted = {"nested": nested, "full": everything, "none": 0}[rule]
        factor = (
            1.0
            if rule == "none"
            else clusters / (clusters - 1) * coefficients_factor(n, counted) ** 2
        )
    df = float(n - counted) if errors == "independent" else float(clusters - 1)
    return ClassicalFit(
        names=names,
        value=value,
        se=np.sqrt(np.diag(vcov) * factor),
        df=df,
        observations=n,
        clusters=clusters,
        counted=counted,
        rule=rule,
        errors=errors,
    )
