"""Earnings of returnees against non-migrants: the raw gap, the gap at equal characteristics, and
what composition explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.decomposition import adjusted_gap, oaxaca_blinder, reweighted_gap
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.joint import stack
from mismes_eval.lfs.answers import looked_up, values
from mismes_eval.lfs.catalogue import Indicator
from mismes_eval.lfs.context import Context, Result, labelled, nobody, words
from mismes_eval.lfs.labour import PAID, workers
from mismes_eval.lfs.match import education_rank
from mismes_eval.lfs.persons import age_bounds
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.domain import domains
from mismes_eval.weighting.sample import Sample

_MONTHS = {1: 5 * 52 / 12, 2: 52 / 12, 3: 26 / 12, 4: 0.5, 5: 1.0, 6: 1 / 3, 7: 1 / 6, 8: 1 / 12}
_HOURLY = 9
_AGE_EDGES = (0, 25, 35, 45, 55, np.inf)
_Y, _G = "log monthly earnings", "returnee"


def monthly_earnings(frame: pd.DataFrame) -> Float:
    """(n,) earnings of the main job a month, NaN where not told; unitwage codes of GLD (a daily
    wage is taken for 5 days a week, an hourly one for whours).
    """
    wage, unit = values(frame, "wage_no_compen"), values(frame, "unitwage")
    factor = looked_up(unit, _MONTHS)
    if "whours" in frame.columns:
        factor = np.where(unit == _HOURLY, values(frame, "whours") * 52 / 12, factor)
    return np.where(wage > 0, wage * factor, np.nan)


def characteristics(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a Mincer equation that the file has: education (years, else level), potential
    experience and its square (else ten-year age group), sex, area, region.
    """
    low, high = age_bounds(frame)
    rank = (
        pd.Series(education_rank(frame), index=frame.index)
        .map({1.0: "low", 2.0: "medium", 3.0: "high"})
        .astype("object")
    )
    out: dict[str, object] = {}
    years = None
    if "educy" in frame.columns and frame["educy"].notna().any():
        years = values(frame, "educy")
    if years is not None:
        out["education, years"] = years
    elif rank.notna().any():
        out["education level"] = rank
    if years is not None and np.array_equal(low, high, equal_nan=True):
        experience = np.maximum(low - years - 6, 0.0)
        out |= {"experience": experience, "experience squared": experience**2 / 100}
    else:
        out["age group"] = (
            pd.Series(pd.cut(low, _AGE_EDGES, right=False), index=frame.index)
            .astype("string")
            .astype("object")
        )
    for name, column in (("man", "male"), ("urban", "urban")):
        if column in frame.columns:
            out[name] = values(frame, column)
    if "subnatid1" in frame.columns:
        out["region"] = frame["subnatid1"].astype("object")
    return pd.DataFrame(out, index=frame.index)


def gap(c: Context, indicator: Indicator) -> Result:
    """Log earnings of returnees minus those of non-migrants, among employees with earnings and
    characteristics known; one estimate a breakdown level.
    """
    concerned = (
        workers(c.frame, c.ages)
        & (values(c.frame, "empstat") == PAID)
        & c.status.isin(["RET", "NON"])
        & c.sample.active
    )
    employees = c.frame.loc[concerned]
    x = characteristics(employees)
    earned = monthly_earnings(employees)
    told = ~np.isnan(earned) & x.notna().all(axis=1).to_numpy()
    known = concerned.copy()
    known[concerned] = told
    if not known.any():
        return nobody(c, indicator, concerned)
    domain = _with_rows(
        c.sample,
        known,
        {
            **{str(name): x.loc[told, name] for name in x.columns},
            _Y: pd.Series(np.log(earned[told]), index=employees.index[told]),
        },
    )
    domain = domain.with_columns({_G: (c.status == "RET").astype(float)}).where(known)
    out = _by_level(domain, c.by, _method(indicator.id, tuple(x.columns)), indicator.id == "L9")
    if isinstance(out, NotEstimable):
        return replace(out, definition=words(c, indicator))
    used = () if indicator.id == "L9" else (f"Characteristics: {', '.join(x.columns)}.",)
    return labelled(
        c,
        indicator,
        out,
        concerned,
        known,
        (*used, "A gap of 0.10 log points is about 10.5%."),
    )


def _with_rows(sample: Sample, rows: Bool, columns: dict[str, pd.Series]) -> Sample:
    """The sample with columns that have values on some rows only."""
    added: dict[str, Any] = {}
    for name, values_ in columns.items():
        if pd.api.types.is_numeric_dtype(values_):
            added[name] = np.full(sample.n, np.nan)
            added[name][rows] = values_.to_numpy()
            continue
        kinds = pd.Categorical(values_)
        code = np.full(sample.n, -1)
        code[rows] = kinds.codes
        added[name] = pd.Categorical.from_codes(code, dtype=kinds.dtype)
    return sample.with_columns(added)


def _method(name: str, covariates: tuple[str, ...]) -> Callable[[Sample], Estimate]:
    used = () if name == "L9" else covariates
    gaps: Mapping[str, Callable[..., Estimate]] = {
        "L9": adjusted_gap,
        "L9.mincer": adjusted_gap,
        "L9.dfl": reweighted_gap,
        "L9.oaxaca": oaxaca_blinder,
    }
    return partial(gaps[name], outcome=_Y, group=_G, covariates=used)


def _by_level(
    sample: Sample, by: tuple[str, ...], method: Callable[[Sample], Estimate], raw: bool
) -> Result:
    """The statistic in each level of the breakdown, stacked; levels without both groups or with
    collinear columns are named in the notes.
    """
    where = domains(sample, by)
    found, refused = [], []
    for place, label in enumerate(where.labels):
        part = sample.where(where.code == place)
        try:
            estimate = method(part)
        except EstimateError as error:
            refused.append(f"{label or 'all'}: {error}")
            continue
        level = where.keys.iloc[[place] * estimate.p].reset_index(drop=True)
        keys = pd.concat([level, estimate.keys.reset_index(drop=True)], axis=1)
        known_as = ("gap",) if raw else estimate.names
        names = tuple(f"{n}, {label}" if label else n for n in known_as)
        sizes = float(sample.frame.loc[part.active, _G].sum())
        found.append(
            replace(
                estimate,
                keys=keys,
                names=names,
                n=np.full(estimate.p, min(sizes, estimate.n[0] - sizes)),
            )
        )
    if not found:
        return NotEstimable("; ".join(refused))
    out = found[0] if len(found) == 1 else stack(*found)
    return replace(
        out,
        notes=(
            *out.notes,
            "n is the smaller of the two groups.",
            *(f"Not estimable for {reason}" for reason in refused),
        ),
    )
