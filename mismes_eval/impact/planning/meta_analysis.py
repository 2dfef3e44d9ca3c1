"""Random-effects summary of effects from several studies: how large on average, how different from
one another, where the next one may lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.planning.restricted_likelihood import numbers, reml
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.intervals import Series, forest
from mismes_eval.pictures.style import ORANGE, axes
from mismes_eval.public import public

Tau2 = Literal["dl", "pm", "reml"]
Summary = Literal["hartung_knapp", "hartung_knapp_adhoc", "normal"]
_NAMES = {"dl": "DerSimonian-Laird", "pm": "Paule-Mandel", "reml": "restricted maximum likelihood"}


@dataclass(frozen=True)
class RandomEffects:
    """value, se: mean of the distribution of true effects and its standard error; low, high: its
    interval; prediction: where the true effect of a new study lies (NaN for two studies).

    tau2, tau2_interval : variance of the true effects between studies, and its Q-profile interval.
    weights (k,): share of each study in the mean.
    q, q_dof, q_pvalue : Cochran's test of one common effect.
    i2, i2_interval : share of the total variance that lies between studies (0 to 1).
    common, common_se : the mean under one common effect (inverse variances), for comparison.
    studies (k, 2): each estimate and its standard error.
    """

    value: float
    se: float
    low: float
    high: float
    prediction: tuple[float, float]
    tau2: float
    tau2_interval: tuple[float, float]
    q: float
    q_dof: int
    q_pvalue: float
    i2: float
    i2_interval: tuple[float, float]
    weights: Float
    common: float
    common_se: float
    method: Tau2
    interval: Summary
    level: float
    studies: Float

    @property
    def k(self) -> int:
        """Studies."""
        return int(self.weights.size)

    @property
    def definition(self) -> str:
        """How the summary was made, in words."""
        how = {
            "hartung_knapp": "Hartung-Knapp interval",
            "hartung_knapp_adhoc": (
                "Hartung-Knapp interval, never from a smaller standard error than the usual one"
            ),
            "normal": "normal interval",
        }[self.interval]
        return (
            f"Random effects, between-study variance by {_NAMES[self.method]}, {how}, {self.k}"
            " studies."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a quantity: value, low, high."""
        gap = (float("nan"), float("nan"))
        rows = [
            ("summary", self.value, self.low, self.high),
            ("standard error", self.se, *gap),
            ("prediction", self.value, *self.prediction),
            ("tau2", self.tau2, *self.tau2_interval),
            ("I2", self.i2, *self.i2_interval),
            ("Q", self.q, *gap),
            ("Q, degrees of freedom", float(self.q_dof), *gap),
            ("Q, p-value", self.q_pvalue, *gap),
            ("common effect", self.common, *gap),
        ]
        return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"])

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), text=self.definition)

    def plot(self, names: Sequence[str] | None = None, ax: Any = None) -> Any:
        """Forest: each study with its normal interval, the summary below, and where the true effect
        of a new study lies. Returns the axes.

        Parameters
        ----------
        names : of the studies in their order; None: 1 to k.
        """
        label = (
            [f"study {i + 1}" for i in range(self.k)] if names is None else [str(n) for n in names]
        )
        if len(label) != self.k:
            raise EstimateError(
                Problem(
                    "names and studies do not match",
                    of_argument("names"),
                    worded("{number} names", {"number": self.k}),
                    str(len(label)),
                )
            )
        value, error = self.studies.T
        half = float(stats.norm.ppf(0.5 + self.level / 2)) * error
        at = np.arange(self.k, dtype=float)
        series = [
            Series(
                name="studies", at=at, value=value, low=value - half, high=value + half, marker="s"
            )
        ]
        last = np.array([float(self.k)])
        names_of_rows = [*label, "summary"]
        mean, lower, upper = (np.array([number]) for number in (self.value, self.low, self.high))
        series.append(
            Series(
                name="summary",
                at=last,
                value=mean,
                low=lower,
                high=upper,
                colour=ORANGE,
                marker="D",
            )
        )
        if np.isfinite(self.prediction).all():
            names_of_rows.append("a new study")
            low, high = (np.array([end]) for end in self.prediction)
            nothing = np.array([np.nan])
            series.append(
                Series(
                    name="a new study",
                    at=last + 1,
                    value=nothing,
                    low=low,
                    high=high,
                    colour=ORANGE,
                )
            )
        ax = axes(ax, 7, 1.4 + 0.32 * (self.k + 2))
        words = f"effect, {100 * self.level:g}% intervals"
        return forest(ax, names_of_rows, series, words, reference=0.0, apart=0.0)


@public(EstimateError)
def random_effects(
    value: Sequence[float] | Float,
    se: Sequence[float] | Float,
    method: Tau2 = "reml",
    interval: Summary = "hartung_knapp",
    level: float = 0.95,
) -> RandomEffects:
    """Mean and spread of the true effects behind independent estimates of the same quantity.

    Parameters
    ----------
    value, se : (k,) estimates in one unit and their standard errors, from k >= 2 independent
        samples.
    method : variance between studies by "dl" (moments), "pm" (the variance at which Q equals its
        expectation) or "reml".
    interval : "hartung_knapp" (t with k - 1 degrees of freedom and the weighted spread of the
        estimates), "hartung_knapp_adhoc" (the same, its standard error never below that of the
        normal interval), "normal".
    level : of all intervals.

    Returns
    -------
    RandomEffects. I2 and its interval follow from tau2 and its Q-profile interval and the typical
    sampling variance.
    The prediction interval is t with k - 2 degrees of freedom; two studies have none (NaN).

    Raises
    ------
    EstimateError : fewer than two studies, standard errors that are not positive, values that are
        not finite.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.  Paule and Mandel (1982),
    J. Res. NBS 87, 377-385.  Hartung and Knapp (2001), Statistics in Medicine 20, 3875-3889.
    Viechtbauer (2007), Statistics in Medicine 26, 37-52 (Q-profile).  Higgins and Thompson (2002),
    Statistics in Medicine 21, 1539-1558 (I2). Higgins, Thompson and Spiegelhalter (2009), JRSS A
    172, 137-159 (prediction).  Roever, Knapp and Friede (2015), BMC Med. Res. Methodol. 15:99 (few
    studies).
    """
    y, v = _checked(value, se, method, interval, level)
    k = y.size
    w0 = 1 / v
    common = float(w0 @ y / w0.sum())
    q = _q(y, v, 0.0)
    tau2 = {"dl": _dersimonian_laird, "pm": _paule_mandel, "reml": _reml}[method](y, v)
    w = 1 / (v + tau2)
    mean, plain = float(w @ y / w.sum()), float(1 / np.sqrt(w.sum()))
    spread = float(np.sqrt(_q(y, v, tau2) / (k - 1))) * plain
    error = {"normal": plain, "hartung_knapp": spread, "hartung_knapp_adhoc": max(spread, plain)}[
        interval
    ]
    tail = 0.5 + level / 2
    critical = float(stats.norm.ppf(tail) if interval == "normal" else stats.t.ppf(tail, k - 1))
    wide = float(stats.t.ppf(tail, k - 2) * np.sqrt(tau2 + error**2)) if k > 2 else float("nan")
    between = _q_profile(y, v, level)
    typical = (k - 1) * w0.sum() / (w0.sum() ** 2 - (w0**2).sum())
    return RandomEffects(
        value=mean,
        se=error,
        low=mean - critical * error,
        high=mean + critical * error,
        prediction=(mean - wide, mean + wide),
        tau2=tau2,
        tau2_interval=between,
        q=q,
        q_dof=k - 1,
        q_pvalue=float(stats.chi2.sf(q, k - 1)),
        i2=float(tau2 / (tau2 + typical)),
        i2_interval=(
            float(between[0] / (between[0] + typical)),
            float(between[1] / (between[1] + typical)),
        ),
        weights=w / w.sum(),
        common=common,
        common_se=float(1 / np.sqrt(w0.sum())),
        method=method,
        interval=interval,
        level=level,
        studies=np.column_stack([y, np.sqrt(v)]),
    )


def _checked(
    value: Sequence[float] | Float,
    se: Sequence[float] | Float,
    method: str,
    interval: str,
    level: float,
) -> tuple[Float, Float]:
    y, s = numbers(value, se)
    problems = []
    if y.shape != s.shape or y.ndim != 1:
        problems.append(
            Problem(
                "estimates and standard errors do not match",
                "random_effects",
                "two lists of one length",
                worded("{size} and {errors}", {"size": y.size, "errors": s.size}),
            )
        )
    elif y.size < 2:
        problems.append(
            Problem(
                what="a summary needs several studies",
                where="random_effects",
                expected="two or more",
                got=str(y.size),
                fix="Show the one effect by itself.",
            )
        )
    bad = int((~np.isfinite(y)).sum() + (~(np.isfinite(s) & (s > 0))).sum())
    if bad:
        problems.append(
            Problem(
                "an effect cannot be weighted",
                "random_effects",
                "finite values and standard errors above 0",
                worded("{bad} that are not", {"bad": bad}),
                count=bad,
            )
        )
    problems += unknown("unknown way to the variance between studies", "method", method, _NAMES)
    problems += unknown(
        "unknown interval", "interval", interval, ("hartung_knapp", "hartung_knapp_adhoc", "normal")
    )
    if not 0 < level < 1:
        problems.append(
            Problem(
                "the level is not a probability",
                of_argument("level"),
                "a number between 0 and 1",
                str(level),
            )
        )
    EstimateError.refuse(problems)
    return y, s**2


def _reml(y: Float, v: Float) -> float:
    return reml(y, v, np.ones((y.size, 1)))


def _q(y: Float, v: Float, tau2: float) -> float:
    """Weighted squared distances from the mean, at a variance between studies."""
    w = 1 / (v + tau2)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def _dersimonian_laird(y: Float, v: Float) -> float:
    w = 1 / v
    return float(max(0.0, (_q(y, v, 0.0) - (y.size - 1)) / (w.sum() - (w**2).sum() / w.sum())))


def _falls_to(f: Callable[[float], float], target: float, scale: float) -> float:
    """The t >= 0 at which a falling function reaches target; 0 where it starts below."""
    if f(0.0) <= target:
        return 0.0
    high = scale
    while f(high) > target:
        high *= 2
    return float(brentq(lambda t: f(t) - target, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=1000))


def _paule_mandel(y: Float, v: Float) -> float:
    return _falls_to(lambda t: _q(y, v, t), y.size - 1, float(v.mean()))


def _q_profile(y: Float, v: Float, level: float) -> tuple[float, float]:
    upper, lower = stats.chi2.ppf([0.5 + level / 2, 0.5 - level / 2], y.size - 1)
    scale = float(v.mean())
    return _falls_to(lambda t: _q(y, v, t), float(upper), scale), _falls_to(
        lambda t: _q(y, v, t), float(lower), scale
    )
