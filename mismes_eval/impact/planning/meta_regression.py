"""What goes with larger effects: effects of several studies on their features, with studies as the
units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations as orders
from math import factorial

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, of_arguments, worded
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.planning.restricted_likelihood import Fit, fitted, numbers, reml
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import Count, Level, Seed, public
from mismes_eval.weighting.columns import with_numbers

LEAST = 5  # studies below which no p-value is told


@dataclass(frozen=True)
class MetaRegression:
    """names (p,): the intercept and each feature; value, se, low, high, degf, pvalue (p,).

    permutation (p,): share of the orders of the studies' features that give a t as large, NaN for
        the intercept and where several effects come from one sample. tau2: variance of the true
        effects that the features leave; q, q_dof, q_pvalue: test that nothing is left. k: effects;
        samples: independent ones.
    usual (p,): errors by the effects' own errors and tau2 alone.
    """

    names: tuple[str, ...]
    value: Float
    se: Float
    low: Float
    high: Float
    degf: Float
    pvalue: Float
    permutation: Float
    tau2: float
    q: float
    q_dof: int
    q_pvalue: float
    k: int
    samples: int
    level: float
    definition: str
    usual: Float

    def never_below_usual(self) -> MetaRegression:
        """The same with errors that are not below the usual ones: residuals of few samples may be
        small by chance.
        """
        error = np.maximum(self.se, self.usual)
        half = stats.t.ppf(0.5 + self.level / 2, self.degf) * error
        return replace(
            self,
            se=error,
            low=self.value - half,
            high=self.value + half,
            pvalue=_two_sided(self.value, error, self.degf),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient."""
        return pd.DataFrame(
            {
                "feature": self.names,
                "value": self.value,
                "se": self.se,
                "low": self.low,
                "high": self.high,
                "degf": self.degf,
                "p": self.pvalue,
                "p, permutation": self.permutation,
                "k": self.k,
            }
        )

    def needed(self, feature: str, margin: float, power: float = 0.8) -> int:
        """Studies like these after which a difference of `margin` would be found with this power;
        the spread of true effects and the mix of features stay as they are.
        """
        if feature not in self.names or not margin > 0 or not 0.5 <= power < 1:
            raise EstimateError(
                Problem(
                    "a number of studies cannot be told",
                    of_arguments("feature", "margin", "power"),
                    worded(
                        "one of {names}, a margin above 0, a power from 0.5 below 1",
                        {"names": ", ".join(self.names)},
                    ),
                    worded(
                        "{feature}, {margin}, {power}",
                        {"feature": repr(feature), "margin": margin, "power": power},
                    ),
                )
            )
        j = self.names.index(feature)
        least = len(self.names) + 1
        studies = np.arange(least, 100_000)
        spread = self.se[j] * np.sqrt(self.samples / studies)
        df = studies - len(self.names)
        found = stats.t.ppf(0.5 + self.level / 2, df) + stats.t.ppf(power, df) <= margin / spread
        return int(studies[np.argmax(found)]) if found.any() else int(studies[-1])

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), text=self.definition)


@public(EstimateError)
def meta_regression(
    value: Sequence[float] | Float,
    se: Sequence[float] | Float,
    features: pd.DataFrame,
    sample: Sequence[object] | None = None,
    level: Level = 0.95,
    permutations: Count = 1000,
    seed: Seed = 1,
) -> MetaRegression:
    """Random-effects meta-regression: how effects differ with what the studies are.

    Parameters
    ----------
    value, se : (k,) effects in one unit and their standard errors.
    features : (k, q) columns of numbers, yes-no or text (text: each level against the first); none:
        the intercept is the mean effect.
    sample : (k,) which sample an effect comes from, where one sample gives several; errors are then
        robust to how they hang together.
    permutations : at most so many orders of the features are tried, all of them where there are no
        more.
    seed : of the orders drawn.

    Returns
    -------
    MetaRegression. Variance between studies by restricted maximum likelihood; errors by Knapp and
    Hartung, t with k less p degrees of freedom, never from a smaller standard error than the usual
    one; with `sample`, CR2 with Satterthwaite's degrees of freedom.

    Raises
    ------
    EstimateError : fewer effects (samples) than coefficients plus 1, features that are missing,
        constant or depend on each other, standard errors that are not positive.

    References
    ----------
    Knapp and Hartung (2003), Statistics in Medicine 22, 2693-2710.  Higgins and Thompson (2004),
    Statistics in Medicine 23, 1663-1682 (permutation).  Tipton (2015), Psychological Methods 20,
    375-393 (CR2).
    """
    y, v, x, names, group = _checked(value, se, features, sample)
    tau2 = reml(y, v, x)
    fit = fitted(y, v, x, tau2)
    k, p = x.shape
    robust = sample is not None
    if robust:
        error, degf = _robust(fit, x, 1 / (v + tau2), group)
    else:
        error = _knapp_hartung(fit, k - p)
        degf = np.full(p, float(k - p))
    tail = stats.t.ppf(0.5 + level / 2, degf)
    chance = np.full(p, np.nan)
    if not robust and p > 1:
        chance[1:] = _permuted(y, v, x, np.abs(fit.beta / error), permutations, seed)
    q = float(np.sum(fitted(y, v, x, 0.0).residual ** 2 / v))
    return MetaRegression(
        names=names,
        value=fit.beta,
        se=error,
        low=fit.beta - tail * error,
        high=fit.beta + tail * error,
        degf=degf,
        pvalue=_two_sided(fit.beta, error, degf),
        permutation=chance,
        tau2=tau2,
        q=q,
        q_dof=k - p,
        q_pvalue=float(stats.chi2.sf(q, k - p)),
        k=k,
        samples=int(group.max()) + 1,
        level=level,
        usual=np.sqrt(np.diag(fit.bread)),
        definition=(
            "Random-effects meta-regression, restricted maximum likelihood, "
            + (
                f"errors robust to {group.max() + 1} samples (CR2, Satterthwaite)"
                if robust
                else "Knapp-Hartung errors, never below the usual ones"
            )
            + f", {k} effects."
        ),
    )


def _two_sided(value: Float, error: Float, degf: Float) -> Float:
    """(p,) p-values; NaN without an error: effects without any residual tell nothing of chance."""
    t = np.divide(value, error, out=np.full_like(value, np.nan), where=error > 0)
    return np.asarray(2 * stats.t.sf(np.abs(t), degf))


def _knapp_hartung(fit: Fit, df: int) -> Float:
    """(p,) errors from the weighted spread of the residuals, not below those without it."""
    spread = float(fit.weight @ fit.residual**2) / df
    return np.asarray(np.sqrt(np.diag(fit.bread) * max(spread, 1.0)))


def _permuted(y: Float, v: Float, x: Float, observed: Float, most: int, seed: int) -> Float:
    """(p - 1,) share of orders of the features whose |t| is at least the observed one. The order
    that was found counts, so that no share is 0.
    """
    k = y.size
    every = factorial(k) <= most
    hits = np.zeros(x.shape[1] - 1) if every else np.ones(x.shape[1] - 1)
    count = 0 if every else 1
    for order in _orders(k, every, most, seed):
        shuffled = x[order]
        fit = fitted(y, v, shuffled, reml(y, v, shuffled))
        statistic = np.abs(fit.beta / _knapp_hartung(fit, k - x.shape[1]))
        hits += statistic[1:] >= observed[1:] * (1 - 1e-9)
        count += 1
    return hits / count


def _orders(k: int, every: bool, most: int, seed: int) -> Iterator[Int]:
    if every:
        yield from (np.array(order) for order in orders(range(k)))
        return
    rng = np.random.default_rng(seed)
    for _ in range(most - 1):
        yield rng.permutation(k)


def _robust(fit: Fit, x: Float, w: Float, group: Int) -> tuple[Float, Float]:
    """(p,) CR2 errors and Satterthwaite's degrees of freedom; working variances 1 / w."""
    k, p = x.shape
    phi = 1 / w
    residual_maker = np.eye(k) - x @ fit.bread @ (x.T * w)
    meat = np.zeros((p, p))
    rows = []
    for place in range(int(group.max()) + 1):
        inside = group == place
        scale = np.sqrt(phi[inside])
        spread = (residual_maker[inside] * phi) @ residual_maker[inside].T
        half = _inverse_root(scale[:, None] * spread * scale, float(phi[inside].max()) ** 2)
        adjusted = scale[:, None] * half * scale
        pull = fit.bread @ (x[inside].T * w[inside]) @ adjusted
        moved = pull @ fit.residual[inside]
        meat += np.outer(moved, moved)
        rows.append(pull @ residual_maker[inside])
    maker = np.stack(rows)  # (samples, p, k): residuals' share in each coefficient, by sample
    inner = np.einsum("gpk,k,hpk->pgh", maker, phi, maker)
    trace = np.einsum("pgg->p", inner)
    return np.sqrt(np.diag(meat)), trace**2 / np.einsum("pgh,pgh->p", inner, inner)


def _inverse_root(matrix: Float, unit: float) -> Float:
    """The symmetric inverse square root, on what is not null. unit : what its values would be were
    nothing fitted; a sample that a coefficient fits exactly leaves rounding errors of it alone.
    """
    value, vector = np.linalg.eigh((matrix + matrix.T) / 2)
    inverse = np.zeros_like(value)
    kept = value > 1e-10 * unit
    inverse[kept] = 1 / np.sqrt(value[kept])
    return np.asarray((vector * inverse) @ vector.T)


def _checked(
    value: Sequence[float] | Float,
    se: Sequence[float] | Float,
    features: pd.DataFrame,
    sample: Sequence[object] | None,
) -> tuple[Float, Float, Float, tuple[str, ...], Int]:
    """Effects, variances, matrix with an intercept, its names, the sample of each effect."""
    y, s = numbers(value, se)
    group = np.arange(y.size)
    if sample is not None:
        group = pd.factorize(np.asarray(sample, object))[0]
    problems = []
    if not (y.shape == s.shape == (len(features),) == group.shape):
        raise EstimateError(
            Problem(
                "effects and features do not match",
                "meta_regression",
                "one row of features, one standard error and one sample for each effect",
                worded(
                    "{size} effects, {errors} standard errors, {features} rows, {names}",
                    {
                        "size": y.size,
                        "errors": s.size,
                        "features": len(features),
                        "names": group.size,
                    },
                ),
            )
        )
    if not (np.isfinite(y) & np.isfinite(s) & (s > 0)).all() or (group < 0).any():
        problems.append(
            Problem(
                "an effect cannot be weighted",
                "meta_regression",
                "finite values, standard errors above 0, and a sample for each",
                worded("others"),
            )
        )
    gone = [str(column) for column in features.columns if features[column].isna().any()]
    if gone:
        problems.append(
            Problem(
                "a feature is missing for some effects",
                ", ".join(gone),
                "a value for each effect",
                fix="Leave those effects out, and say so.",
            )
        )
    EstimateError.refuse(problems)
    wide = features
    if len(features.columns):
        wide = pd.get_dummies(with_numbers(features), drop_first=True, dtype=float)
    x = np.column_stack(
        [np.ones(y.size), *(wide[column].to_numpy(float) for column in wide.columns)]
    )
    names = ("intercept", *map(str, wide.columns))
    units = int(group.max()) + 1
    constant = len(features.columns) > 0 and x.shape[1] < 2
    if constant or np.linalg.matrix_rank(x / np.abs(x).max(axis=0)) < x.shape[1]:
        problems.append(
            Problem(
                "features do not tell the effects apart",
                ", ".join(map(str, features.columns)),
                "features that vary and do not depend on each other",
            )
        )
    if units < x.shape[1] + 1:
        problems.append(
            Problem(
                "too few effects for these features",
                "meta_regression",
                worded("at least {shape}", {"shape": x.shape[1] + 1}),
                str(units),
            )
        )
    EstimateError.refuse(problems)
    return y, s**2, x, names, group
