"""Cells that several chapters make: plain numbers, an estimate with its interval in the print, the
scale of an outcome, the note on n.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.document.tables import COLUMNS, P_VALUE, cells_of
from mismes_eval.report.sentences import About

SHARES = frozenset(
    {"employed", "employed_home", "job_match", "abroad", "business", "contract", "socialsec"}
)
FROM, TO, P = "95% from", "95% to", "p"


def outcome_scale(outcome: str) -> tuple[float, int]:
    """Scale and decimals of an outcome: shares are shown in percentage points."""
    return (100.0, 1) if outcome in SHARES else (1.0, 1)


def about_effect(context: Context, measure: str, outcome: str, months: float) -> About:
    """What the effect of a measure on an outcome is of, in the words and units of the report."""
    when = context.text("{m:.0f} months", m=months)
    return About(measure, context.column(outcome), when, *unit_of(outcome))


def about_rollout(context: Context, r: Rollout) -> About:
    """What the effect of a roll-out is of: shares of the survey's outcome."""
    return About(
        measure=context.name(r.measure),
        outcome=context.column(r.outcome),
        horizon="",
        scale=100.0,
        one="percentage point",
        many="percentage points",
    )


def unit_of(outcome: str) -> tuple[float, str, str]:
    """Scale, unit in the singular and in the plural of the effect on an outcome."""
    scale = outcome_scale(outcome)[0]
    if scale == 100:
        return scale, "percentage point", "percentage points"
    if outcome.startswith("months"):
        return scale, "month", "months"
    return scale, "unit of the outcome", "units of the outcome"


def published(context: Context, estimate: Estimate) -> bool:
    """Whether a table of the report shows this estimate: what it hides, no sentence says."""
    return bool(cells_of([("", "", estimate)], context.rules)["status"].iloc[0] == "shown")


def plain(
    row: str,
    column: str,
    value: float,
    unit: str = "",
    n: float = np.nan,
    kind: str = "count",
    definition: str = "",
    status: str = "shown",
) -> dict[str, object]:
    """One cell of a number without a standard error of its own."""
    return dict.fromkeys(COLUMNS, np.nan) | {
        "row": row,
        "column": column,
        "value": float(value),
        "n": n,
        "flag": "",
        "kind": kind,
        "unit": unit,
        "definition": definition,
        "status": status,
    }


def rows(cells: list[dict[str, object]]) -> pd.DataFrame:
    """Plain cells as the frame of a table."""
    return pd.DataFrame(cells, columns=list(COLUMNS))


def with_interval(context: Context, row: str, item: Estimate | NotEstimable) -> pd.DataFrame:
    """Estimate with its standard error, the ends of its interval and its p-value, in four columns;
    nothing but the estimate's sign where it is hidden.
    """
    main = cells_of([(row, "estimate", item)], context.rules)
    if isinstance(item, NotEstimable) or main["status"].iloc[0] != "shown":
        return main
    ends = [
        plain(row, column, main[key].iloc[0], kind="effect")
        for column, key in ((FROM, "ci_low"), (TO, "ci_high"))
    ]
    return pd.concat(
        [main, rows([*ends, plain(row, P, float(item.pvalue[0]), P_VALUE, kind="effect")])],
        ignore_index=True,
    )


def earnings_note(context: Context, study: Tracing) -> tuple[str, ...]:
    """The currency of earnings, where the panel names one for those at home; what was earned abroad
    stands in it too.
    """
    long = study.panel.long
    if not {"earn_currency", "abroad"} <= set(long.columns):
        return ()
    home = (
        long.loc[pd.to_numeric(long["abroad"], errors="coerce") == 0, "earn_currency"]
        .dropna()
        .astype(str)
        .unique()
    )
    return (
        (context.text("Monthly earnings in {c}, those abroad converted.", c=home[0]),)
        if len(home) == 1
        else ()
    )


def persons(context: Context, n: float) -> str:
    """The note on how many persons stand behind a figure."""
    return context.text("n: {n:,} unweighted persons.", n=int(n))
