"""What every weight step did: size, spread, loss of effective sample, margins before and after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import Calibration, Embedded, WeightShare


def kish_deff(weights: Float) -> float:
    """n sum(w^2) / sum(w)^2 over positive weights: the loss from unequal weighting (Kish 1965)."""
    w = weights[weights > 0]
    return float(w.size * (w**2).sum() / w.sum() ** 2) if w.size else float("nan")


def weight_diagnostics(sample: Sample, by: str | None = None) -> pd.DataFrame:
    """One row for each weight step (and each value of `by`): n with weight, sum, CV, ratio of extremes, Kish deff, effective n, largest share of one row.

    The first row is the base weight. A step that changes the rows (weight share) starts a new population; rows before it are not split by `by`.
    """
    if by is not None and by not in sample.frame.columns:
        raise DesignError(Problem("weight_diagnostics names an unknown column", f"column '{by}'", "a column of the sample"))
    rows = []
    steps = sample.design.steps
    last_share = max((k + 1 for k, step in enumerate(steps) if isinstance(step, WeightShare)), default=0)
    for k in range(len(steps) + 1):
        w = sample.design.weights_after(k)
        name = "base weight" if k == 0 else steps[k - 1].name
        same_rows = k >= last_share
        rows.append({"step": k, "name": name, **({by: "all"} if by else {}), **_summary(w[sample.domain] if same_rows else w)})
        if by is None or not same_rows:
            continue
        for value, index in sample.frame.groupby(by, observed=True, dropna=False).indices.items():
            rows.append({"step": k, "name": name, by: value, **_summary(w[index][sample.domain[index]])})
    return pd.DataFrame(rows)


def _summary(w: Float) -> dict[str, float]:
    w = w[w > 0]
    if not w.size:
        return {"n": 0, "sum": 0.0, "cv": np.nan, "ratio": np.nan, "kish_deff": np.nan, "n_eff": 0.0, "largest_share": np.nan}
    deff = kish_deff(w)
    return {
        "n": int(w.size), "sum": float(w.sum()), "cv": float(np.sqrt(max(deff - 1, 0.0))), "ratio": float(w.max() / w.min()), "kish_deff": deff,
        "n_eff": w.size / deff, "largest_share": float(w.max() / w.sum()),
    }  # fmt: skip


def margins_before_after(sample: Sample) -> pd.DataFrame:
    """For every calibration step: each margin cell's weighted size before and after, its total and what is left unmet."""
    tables = []
    for k, step in enumerate(sample.design.steps):
        inner = step.inner if isinstance(step, Embedded) else step
        if not isinstance(inner, Calibration) or inner.totals is None:
            continue
        before, after = inner.x.totals(inner.before), inner.x.totals(inner.before * inner.factor)
        rows = inner.x.totals((inner.before != 0).astype(float))
        tables.append(
            pd.DataFrame(
                {"step": k + 1, "margin": inner.margins, "rows": rows, "before": before, "after": after, "total": inner.totals, "unmet": inner.totals - after}
            )
        )
    columns = ["step", "margin", "rows", "before", "after", "total", "unmet"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def provenance(sample: Sample) -> pd.DataFrame:
    """The steps of the weight in order, with the factor's range."""
    rows = [{"step": 0, "what": "base weight", "lowest": float(sample.design.base.min()), "highest": float(sample.design.base.max())}]
    for k, step in enumerate(sample.design.steps, 1):
        f = step.factor[step.factor > 0]
        rows.append({"step": k, "what": step.name, "lowest": float(f.min()) if f.size else np.nan, "highest": float(f.max()) if f.size else np.nan})
    return pd.DataFrame(rows)
