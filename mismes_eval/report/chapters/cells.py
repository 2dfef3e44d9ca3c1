"""Cells that several chapters make: plain numbers, an estimate with its interval in the print, the
scale of an outcome, the note on n.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.document.cells import NOBODY, STANDING, Persons, Standing, Status
from mismes_eval.report.document.tables import CARRIED, P_VALUE, cells_of

SHARES = frozenset(
    {"employed", "employed_home", "job_match", "abroad", "business", "contract", "socialsec"}
)
FROM, TO, P = "95% from", "95% to", "p"


def outcome_scale(outcome: str) -> tuple[float, int]:
    """Scale and decimals of an outcome: shares are shown in percentage points."""
    return (100.0, 1) if outcome in SHARES else (1.0, 1)


def plain(
    row: str,
    column: str,
    value: float,
    unit: str = "",
    n: float = np.nan,
    kind: str = "count",
    definition: str = "",
    standing: Standing = NOBODY,
) -> dict[str, object]:
    """One cell of a number without a standard error of its own."""
    return dict.fromkeys(CARRIED, np.nan) | {
        "row": row,
        "column": column,
        "value": float(value),
        "n": n,
        "flag": "",
        "kind": kind,
        "unit": unit,
        "definition": definition,
        "status": str(Status.SHOWN),
        STANDING: standing,
    }


def rows(cells: list[dict[str, object]]) -> pd.DataFrame:
    """Plain cells as the frame of a table."""
    return pd.DataFrame(cells, columns=list(CARRIED))


def arms(study: Tracing) -> Standing:
    """What an effect of the tracer study compares: participants with the comparison group."""
    sample = study.panel.sample
    treated = sample.frame[TREATED].to_numpy(float)
    return Standing(
        compares=(Persons.among(sample, treated == 1), Persons.among(sample, treated == 0))
    )


def with_interval(
    context: Context, row: str, item: Estimate | NotEstimable, standing: Standing = NOBODY
) -> pd.DataFrame:
    """Estimate with its standard error, the ends of its interval and its p-value, in four columns;
    nothing but the estimate's sign where it is hidden.
    """
    main = cells_of([(row, "estimate", item)], context.rules, standing)
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
