"""Sample: a frame, its survey design and a domain, frozen. The only thing that estimators take."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, DesignWarning, Problem
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.numerics.variance import Lonely
from mismes_eval.weighting import plot
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.stages import Columns, DesignColumns, as_tuple, build
from mismes_eval.weighting.steps import WeightStep

LONELY: tuple[str, ...] = ("adjust", "remove", "average", "certainty", "error")


@dataclass(frozen=True)
class Sample:
    """frame: n rows; design: the weights and how they were made; domain: (n,) mask of the rows that estimates speak of.

    flags : sentences every table of this sample carries (synthetic data, non-probability sample, definitions in force).
    """

    frame: pd.DataFrame
    design: SurveyDesign
    domain: Bool
    flags: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        weights: str | None = None,
        strata: Columns = None,
        psu: Columns = None,
        fpc: Columns = None,
        lonely_psu: Lonely = "adjust",
        replicates: object | None = None,
        household: str | None = None,
        cluster_deff: float = 1.0,
        nest: bool | None = None,
        unit: Columns = None,
    ) -> Sample:
        """A sample from a frame that names its design columns.

        Parameters
        ----------
        weights : column of base weights; None with fpc: weights from the population counts.
        strata, psu, fpc : a column, or a list with one column per sampling stage. fpc as population counts or sampling fractions (told apart, said in notes).
        lonely_psu : what a stratum with one PSU contributes: "adjust" (deviation from the overall mean), "average", "remove", "certainty", "error".
        replicates : a `ReplicateWeights` description of replicate weight columns.
        household : cluster used where the file has no PSU.  cluster_deff : multiplies the variance where it has neither.
        nest : True where PSU codes restart in every stratum. Asked for, never guessed.
        unit : key column or columns of a row; rows that repeat a key (after a merge) are refused.

        Warns
        -----
        DesignWarning : PSU codes that look rounded by a spreadsheet or a float format, with how many are left; the design's notes carry it.

        Raises
        ------
        DesignError : lists every problem of weights, strata, PSUs and fpc.
        """
        if lonely_psu not in LONELY:
            raise DesignError(Problem("unknown rule for lonely PSUs", "argument 'lonely_psu'", f"one of {', '.join(LONELY)}", repr(lonely_psu)))
        _refuse_repeated(frame, as_tuple(unit))
        columns = DesignColumns(weights, as_tuple(strata), as_tuple(psu), as_tuple(fpc), household)
        design = build(frame, columns, lonely_psu, nest, cluster_deff)
        if replicates is not None:
            design = replicates.attach(frame, design)  # type: ignore[attr-defined]
        elif design.lonely_strata:
            named = ", ".join(design.lonely_strata[:10])
            note = f"{len(design.lonely_strata)} strata have one PSU and are treated by the rule '{lonely_psu}': {named}."
            design = replace(design, notes=(*design.notes, note))
        rounded = rounded_codes(frame, as_tuple(psu))
        if rounded:
            warnings.warn(rounded, DesignWarning, stacklevel=2)
            design = replace(design, notes=(*design.notes, rounded))
        return cls(frame, design, np.ones(len(frame), bool))

    @property
    def weights(self) -> Float:
        """(n,) weights after all steps."""
        return self.design.weights

    @property
    def n(self) -> int:
        return len(self.frame)

    @cached_property
    def active(self) -> Bool:
        """(n,) rows of the domain that carry weight."""
        out: Bool = self.domain & (self.weights != 0)
        return out

    @cached_property
    def degf(self) -> float:
        """Design degrees of freedom in the domain."""
        return self.design.degf if self.active.all() else self.design.degf_within(self.active)

    def where(self, mask: Sequence[bool] | Bool | pd.Series) -> Sample:
        """The same design with a narrower domain. mask: (n,) booleans, or a Series aligned to the frame; missing is refused."""
        return replace(self, domain=self.domain & self.mask(mask))

    def mask(self, mask: Sequence[bool] | Bool | pd.Series) -> Bool:
        """(n,) booleans aligned to the frame."""
        if isinstance(mask, pd.Series):
            if not mask.index.equals(self.frame.index):
                if len(mask) != self.n or not self.frame.index.isin(mask.index).all() or mask.index.has_duplicates:
                    raise DesignError(
                        Problem("the mask has another index than the frame", "argument 'mask'", f"{self.n} rows with the frame's index", f"{len(mask)} rows")
                    )
                mask = mask.reindex(self.frame.index)
            if mask.isna().any():
                bad = mask.isna().to_numpy()
                raise DesignError(Problem("the mask is missing for some rows", "argument 'mask'", "True or False in every row", "missing", "Decide what missing means, e.g. mask.fillna(False).",
                                          int(bad.sum()), tuple(int(i) for i in np.flatnonzero(bad)[:5])))  # fmt: skip
        out = np.asarray(mask)
        if out.dtype != bool or out.shape != (self.n,):
            raise DesignError(Problem("the mask is not boolean", "argument 'mask'", f"{self.n} booleans", f"{out.dtype} of shape {out.shape}"))
        return out

    def step(self, step: WeightStep) -> Sample:
        """The same sample after one more weight step."""
        return replace(self, design=self.design.add(step))

    def with_columns(self, columns: dict[str, object]) -> Sample:
        """The same sample with added or replaced columns of n values; design columns were read already and are not re-read."""
        return replace(self, frame=self.frame.assign(**columns))  # type: ignore[arg-type]

    def flagged(self, *flags: str) -> Sample:
        """The same sample carrying more sentences for table notes."""
        return replace(self, flags=(*self.flags, *flags))

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything a table of this sample must say about the design."""
        return (self.design.describe(), *self.design.notes, *self.flags)

    def summary(self) -> pd.DataFrame:
        """The sample at a glance."""
        w = self.weights[self.active]
        kish = float(w.size * (w**2).sum() / w.sum() ** 2) if w.size else float("nan")
        rows = {
            "rows": f"{self.n:,}", "rows in domain with weight": f"{w.size:,}", "sum of weights": f"{w.sum():,.1f}", "Kish design effect": f"{kish:.3f}",
            "effective n": f"{w.size / kish:,.0f}" if w.size else "0", "degrees of freedom": f"{self.degf:g}", "variance level": self.design.level,
            "PSUs, strata": f"{self.design.psus:,}, {self.design.strata:,}", "weight steps": "; ".join(s.name for s in self.design.steps) or "none",
        }  # fmt: skip
        return pd.DataFrame({"": rows})

    def plot(self, ax: object | None = None) -> object:
        """Histogram of the weights in the domain. Returns the matplotlib axes."""
        return plot.weights(self, ax)

    def _repr_html_(self) -> str:
        return "<p><strong>Sample</strong></p>" + self.summary().to_html(header=False) + "".join(f"<p><small>{escape(note)}</small></p>" for note in self.notes)

    def __repr__(self) -> str:
        return "Sample\n" + self.summary().to_string(header=False)


def rounded_codes(frame: pd.DataFrame, psu: tuple[str, ...]) -> str:
    """A sentence where numeric PSU codes lost their last digits: beyond the exact range of floats, or long codes that all end in the same zeros."""
    for column in psu:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            continue
        code = np.unique(frame[column].dropna().to_numpy(float))
        long = code.size > 1 and code.max() >= 1e7
        step = 1000.0
        beyond = bool(pd.api.types.is_float_dtype(frame[column])) and code.size > 0 and code.max() >= 2.0**53
        if beyond or (long and bool((code % step == 0).all())):
            return f"PSU codes in column '{column}' look rounded: {code.size:,} distinct values are left. Compare with the number of PSUs that the office states, and read the column as text."
    return ""


def _refuse_repeated(frame: pd.DataFrame, unit: tuple[str, ...]) -> None:
    gone = [c for c in unit if c not in frame.columns]
    if gone:
        raise DesignError([Problem("the key of a row is not in the frame", f"column '{c}'", "a column of the frame") for c in gone])
    if unit:
        twice = frame.duplicated(list(unit), keep=False).to_numpy()
        if twice.any():
            raise DesignError(
                Problem(
                    "rows repeat a key",
                    f"columns {', '.join(unit)}",
                    "every key once",
                    "",
                    "Mend the merge that made them; no row is dropped.",
                    int(twice.sum()),
                    tuple(int(i) for i in np.flatnonzero(twice)[:5]),
                )
            )
