"""Estimate: named values with their influence on one design or several independent ones. The only
type with a standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from mismes_eval.errors import EstimateError, Problem, kind_of, named, of_argument, worded
from mismes_eval.estimate.caution import FEW, TWO, Caution, cautions_of
from mismes_eval.estimate.jacobian import check_fit, derivatives
from mismes_eval.estimate.limits import (
    Limits,
    at_the_ends,
    beta_limits,
    logit_limits,
    logit_se,
    some_limits,
)
from mismes_eval.estimate.number_format import chance, figure, whole
from mismes_eval.estimate.part import Part, behind_all
from mismes_eval.estimate.plot import dots
from mismes_eval.not_estimable import NotEstimable as NotEstimable  # noqa: PLC0414
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import check

Interval = Literal["t", "logit", "beta"]
DegreesOfFreedom = Literal["effective", "design"]


@dataclass(frozen=True)
class Estimate:
    """value (p,); names (p,); keys: one row a value (by columns, variable, level); n (p,)
    unweighted rows behind it; dof (p,) degrees of freedom of the design (`degf`: of the values).

    parts : one for each independent design.
    srs: gives (p,) variance under simple random sampling, for design effects, where it is defined.
    kind, unit, definition, notes : what a table prints beside the numbers.
    interval : how `ci` is made; limits: level, degf (p,) -> (low, high) where it is made otherwise.
    df : whose degrees of freedom: "effective", min of the design's and the averages', or "design".
    """

    value: Float
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    keys: pd.DataFrame
    n: Float
    dof: Float
    kind: str = ""
    unit: str = ""
    definition: str = ""
    notes: tuple[str, ...] = ()
    interval: Interval = "t"
    srs: Callable[[bool], Float] | None = None
    limits: Limits | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    df: DegreesOfFreedom = "effective"

    @property
    def p(self) -> int:
        return int(self.value.size)

    @property
    def influence(self) -> Float:
        """(n, p), unweighted, on the weights after all steps; formed when asked for."""
        dense = [part.influence.dense() for part in self.parts if part.influence is not None]
        if len(dense) != len(self.parts):
            raise EstimateError(
                Problem(
                    "no influence columns",
                    worded("replicate designs"),
                    fix="Use the linearised design.",
                )
            )
        return np.vstack(dense)

    @cached_property
    def vcov(self) -> Float:
        """(p, p)."""
        out: Float = sum((part.vcov for part in self.parts), start=np.zeros((self.p, self.p)))
        return out

    @cached_property
    def se(self) -> Float:
        """(p,)."""
        variance: Float = sum((part.variance for part in self.parts), start=np.zeros(self.p))
        return np.where(np.isnan(self.value), np.nan, np.sqrt(np.maximum(variance, 0.0)))

    @property
    def averages(self) -> Averages | None:
        """The averages of the values on the first of their designs (numerics.averages)."""
        return self.parts[0].averages

    @cached_property
    def _behind(self) -> tuple[Float, Float]:
        """Effective degrees of freedom and effective first-stage units, (p,) each."""
        if self.df == "design":
            return np.full(self.p, np.inf), np.full(self.p, np.inf)
        return behind_all(self.parts, self.p)

    @property
    def psus(self) -> Float:
        """(p,) effective first-stage units in the average of each value that has fewest, 1 / sum of
        squared shares; infinite where it is not known.
        """
        return self._behind[1]

    @cached_property
    def refused(self) -> Bool:
        """(p,) values without interval and test: an average of theirs rests on fewer than two
        effective first-stage units, whose differences among themselves the error does not hold. An
        error of 0 refuses only where the design has no degrees of freedom there: a calibrated
        margin is known.
        """
        unsure = (self.se > 0) | (self.dof <= 0)
        return np.asarray((self.psus < TWO - 1e-9) & unsure & np.isfinite(self.dof))

    @cached_property
    def degf(self) -> Float:
        """(p,) degrees of freedom of each value: those of the design, or those of its averages
        where these are fewer (numerics.effective_df); 0 where `refused`.
        """
        own = np.where(np.isinf(self.dof), self.dof, np.minimum(self.dof, self._behind[0]))
        return np.where(self.refused, 0.0, own)

    def on_design_df(self) -> Estimate:
        """The same values on the degrees of freedom of the design alone (PSUs less strata), as
        other survey packages take them: to compare with those, not to print.
        """
        return replace(self, df="design")

    @cached_property
    def few(self) -> Bool:
        """(p,) values to be read with caution: refused, or fewer than 8 degrees of freedom."""
        out: Bool = (self.degf < FEW) & ((self.se > 0) | self.refused)
        return out

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What `few` and `refused` say in a note."""
        level = self.parts[0].design.level
        return cautions_of(self.names, self.degf, self.psus, self.refused, self.few, level)

    @property
    def doubtful(self) -> bool:
        """Whether any value is to be read with caution: too few units behind it, or a note that
        says that its standard error or interval is known to be too small.
        """
        return any(isinstance(note, Caution) for note in self.notes) or bool(self.few.any())

    def doubtful_at(self, index: int) -> bool:
        """Whether the value at this place is to be read with caution."""
        return bool(self.few[index]) or any(isinstance(note, Caution) for note in self.notes)

    @property
    def cv(self) -> Float:
        """(p,) standard error over absolute value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.se / np.abs(self.value)

    @property
    def deff(self) -> Float:
        """(p,) variance over that of a simple random sample without replacement of the same size (R
        survey: deff=TRUE); with replacement where sums of weights cannot be population counts.
        """
        return self._deff(replacement=False)

    @property
    def deff_replacement(self) -> Float:
        """(p,) variance over that of a simple random sample with replacement of the same size (R
        survey: deff="replace"): whatever the unit of the weights.
        """
        return self._deff(replacement=True)

    def _deff(self, replacement: bool) -> Float:
        if self.srs is None:
            return np.full(self.p, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.se**2 / self.srs(replacement)

    def ci(self, level: float = 0.95) -> pd.DataFrame:
        """Interval of each value, columns low and high; NaN where there are no degrees of freedom.

        "t": value +- t se.  "logit": the same on the log-odds (with replicates: of their log-odds),
        "beta": Clopper-Pearson at the effective sample size (R survey: svyciprop), for proportions.
        """
        low, high = self.ends(level)
        return pd.DataFrame({"low": low, "high": high}, index=list(self.names))

    def ends(self, level: float = 0.95) -> tuple[Float, Float]:
        """The interval of `ci` as arrays, lower and upper end (p,) each; made once for each level."""
        key = level if finite(level) else float("nan")
        if key not in self._ends:
            self._ends[key] = self._interval(level)
        low, high = self._ends[key]
        return low.copy(), high.copy()

    @cached_property
    def _ends(self) -> dict[float, tuple[Float, Float]]:
        return {}

    def _interval(self, level: float) -> tuple[Float, Float]:
        if not (finite(level) and 0 < level < 1):
            raise EstimateError(
                Problem(
                    "the level is not a probability",
                    of_argument("level"),
                    "a number between 0 and 1",
                    str(level),
                )
            )
        critical = special.stdtrit(np.where(self.degf > 0, self.degf, np.nan), 0.5 + level / 2)
        low, high = self.value - critical * self.se, self.value + critical * self.se
        if self.interval == "logit":
            low, high = logit_limits(self.value, self._logit_se(), critical)
        if self.interval == "beta":
            low, high = beta_limits(self.value, self.se, self.n, level, critical)
        if self.kind == "proportion" and self.interval != "t":
            low, high = at_the_ends(self.value, self.n, level, critical, (low, high))
        if self.limits is not None:
            low, high = self.limits(level, self.degf)
        return low, high

    def _logit_se(self) -> Float:
        """(p,) standard error of the log-odds, NaN outside (0, 1)."""
        linear = logit_se(self.value, self.se)
        return linear if len(self.parts) > 1 else self.parts[0].logit_se(self.value, linear)

    @property
    def _statistic(self) -> Float:
        """(p,) value over standard error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.value / self.se

    @property
    def pvalue(self) -> Float:
        """(p,) two-sided p-value of value = 0."""
        statistic = np.abs(self._statistic)
        return 2 * np.asarray(special.stdtr(np.where(self.degf > 0, self.degf, np.nan), -statistic))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row a value: keys, value, se, ci_low, ci_high, p, cv, n, degf; p of the test that the
        value is 0, n whole numbers.
        """
        numbers: dict[str, object] = {**self.numbers(level), "n": self._whole_n()}
        return pd.concat([self.keys.reset_index(drop=True), pd.DataFrame(numbers)], axis=1)

    def numbers(self, level: float = 0.95) -> dict[str, Float]:
        """The columns of numbers of `to_frame`, (p,) each: value, se, ci_low, ci_high, p, cv, n,
        degf.
        """
        low, high = self.ends(level)
        return {
            "value": self.value,
            "se": self.se,
            "ci_low": low,
            "ci_high": high,
            "p": self.pvalue,
            "cv": self.cv,
            "n": self.n,
            "degf": self.degf,
        }

    def _whole_n(self) -> object:
        """n (p,) as whole numbers, missing where it is not known."""
        if np.isfinite(self.n).all():
            return self.n.astype(np.int64)
        return pd.array(np.where(np.isfinite(self.n), self.n, np.nan), dtype="Int64")

    def tidy(self, level: float = 0.95) -> pd.DataFrame:
        """The same with the column names of R's broom: term, estimate, std.error, statistic,
        p.value, conf.low, conf.high. One row a value; statistic is estimate over std.error, on the
        degrees of freedom of `degf`.
        """
        low, high = self.ends(level)
        return pd.DataFrame(
            {
                "term": list(self.names),
                "estimate": self.value,
                "std.error": self.se,
                "statistic": self._statistic,
                "p.value": self.pvalue,
                "conf.low": low,
                "conf.high": high,
            }
        )

    def glance(self) -> pd.DataFrame:
        """One row on the whole, with broom's names where it has one: nobs (rows behind any value),
        df.residual (the fewest degrees of freedom of a value), then terms, n.psu, n.strata (summed
        over independent samples), kind and the sentence on the variance.
        """
        designs = [part.design for part in self.parts]
        return pd.DataFrame(
            {
                "nobs": [int(self._rows(np.isfinite(self.n)))],
                "df.residual": [float(np.min(self.degf, initial=np.inf))],
                "terms": [self.p],
                "n.psu": [sum(design.psus for design in designs)],
                "n.strata": [sum(design.strata for design in designs)],
                "kind": [self.kind],
                "variance": [" ".join(dict.fromkeys(design.basis for design in designs))],
            }
        )

    def select(self, which: list[int] | Float) -> Estimate:
        """Some of the values, by position."""
        index = np.asarray(which)
        index = index.astype(int) if index.size == 0 and index.ndim == 1 else index
        if (
            index.ndim != 1
            or index.dtype.kind not in "iu"
            or (index.size and not (index.min() >= -self.p and index.max() < self.p))
        ):
            raise EstimateError(
                Problem(
                    "a value is picked by a position that is not there",
                    of_argument("which"),
                    worded("a list of positions 0 to {place}", {"place": self.p - 1}),
                    repr(which),
                )
            )
        srs, limits = self.srs, self.limits
        names = tuple(self.names[i] for i in index)
        out = self.through(lambda v: v[index], np.eye(self.p)[index], names, self.n[index])
        return replace(
            out,
            keys=self.keys.iloc[index].reset_index(drop=True),
            dof=self.dof[index],
            interval=self.interval,
            srs=None if srs is None else lambda replacement: srs(replacement)[index],
            extra=self.extra,
            limits=None if limits is None else some_limits(limits, index, self.p),
        )

    def contrast(self, weights: Mapping[str, float], name: str = "contrast") -> Estimate:
        """sum of weight * value over the named values, as an Estimate with one value."""
        check(EstimateError, "contrast", ("name", name, str))
        if not isinstance(weights, Mapping) or not weights:
            raise EstimateError(
                Problem(
                    "a contrast weighs named values",
                    of_argument("weights"),
                    "a mapping of name to weight",
                    repr(weights),
                )
            )
        unknown = ", ".join(str(name) for name in weights if name not in self.names)
        problems = [
            Problem(
                "a weight is not a finite number",
                worded("'{number}'", {"number": name}),
                "a number",
                repr(weight),
            )
            for name, weight in weights.items()
            if not finite(weight)
        ]
        if unknown:
            known = worded("names among {names}", {"names": named(self.names)})
            problems.insert(0, Problem("contrast names no value", unknown, known))
        EstimateError.refuse(problems)
        j = np.zeros((1, self.p))
        for k, weight in weights.items():
            j[0, self.names.index(k)] += weight
        among = np.isin(self.names, list(weights))
        n = np.array([self._rows(among)])
        out = self.through(lambda value: j[:, among] @ value[among], j, (name,), n)
        return replace(out, dof=np.array([self.dof[among].min()]))

    def through(
        self,
        function: Callable[[Float], Float],
        jacobian: Float,
        names: tuple[str, ...] | None = None,
        n: Float | None = None,
    ) -> Estimate:
        """Delta method: function(value) (k,), jacobian (k, p). In replicate designs the function is
        applied in every replicate.

        n (k,): rows behind each. None: those behind the values that enter, a row that stands behind
        several of them once.
        """
        check(
            EstimateError,
            "through",
            ("function", function, Callable[[Float], Float]),
            ("names", names, Sequence[str] | None),
            ("n", n, Sequence[float] | None),
        )
        names = None if names is None else tuple(names)
        j = derivatives(jacobian, self.p)
        value = np.atleast_1d(np.asarray(function(self.value), float))
        check_fit(j, value, self.p, names, n)
        label = names or tuple(f"f{i + 1}" for i in range(value.size))
        parts: tuple[Part, ...]
        if len(self.parts) == 1:
            parts = (self.parts[0].through(function, value, j),)
        else:
            parts = tuple(part.linear(j) for part in self.parts)
        used = j != 0
        rows = [self._rows(row) for row in used] if n is None else n
        dof = np.array([self.dof[row].min() if row.any() else np.nan for row in used])
        keys = pd.DataFrame({"variable": list(label)})
        return replace(
            self,
            value=value,
            names=label,
            parts=parts,
            keys=keys,
            n=np.array(rows, float),
            dof=dof,
            srs=None,
            interval="t",
            limits=None,
            extra={},
        )

    def _rows(self, used: Bool) -> float:
        """Rows behind some of the values (p,), each counted once: at least as many as behind any
        one of them, which is all that is known without influence.
        """
        n = self.n[used]
        if n.size < 2:
            return float(n.sum())
        return float(np.clip(sum(part.standing(used) for part in self.parts), n.max(), n.sum()))

    def annotated(
        self,
        *,
        kind: str | None = None,
        unit: str | None = None,
        definition: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> Estimate:
        """The same numbers with words for a table."""
        return replace(
            self,
            kind=self.kind if kind is None else kind,
            unit=self.unit if unit is None else unit,
            definition=self.definition if definition is None else definition,
            notes=(*self.notes, *notes),
        )

    def plot(self, ax: object | None = None) -> object:
        """Values with their 95% intervals, one line each. Returns the matplotlib axes."""
        return dots(self, ax)

    def _repr_html_(self) -> str:
        shown = self.to_frame().to_html(
            index=False, float_format=figure, formatters={"n": whole, "p": chance}, na_rep=""
        )
        notes = "".join(
            f"<p><small>{escape(note)}</small></p>"
            for note in dict.fromkeys((self.definition, *self.notes, *self.cautions))
            if note
        )
        return f"{shown}{notes}"

    def __repr__(self) -> str:
        shown = self.to_frame().to_string(index=False, formatters={"p": chance})
        return shown + "".join(f"\n{note}" for note in (*self.notes, *self.cautions))


def need_estimates(estimates: tuple[object, ...], caller: str) -> None:
    """Raise EstimateError where nothing, or something else than an Estimate, is to be joined or
    tested.
    """
    other = [estimate for estimate in estimates if not isinstance(estimate, Estimate)]
    if other or not estimates:
        got = ", ".join(
            (
                f"NotEstimable ({estimate.reason})"
                if isinstance(estimate, NotEstimable)
                else str(kind_of(estimate))
            )
            for estimate in other
        ) or worded("nothing")
        raise EstimateError(
            Problem(
                worded("{caller} takes estimates", {"caller": caller}),
                "arguments",
                "an Estimate each, one after the other",
                got,
            )
        )


def finite(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(np.isfinite(value))
