"""Two-period difference-in-differences on arrays: value and unweighted influence, so that any
design can carry its variance.

Every estimator is a signed sum of weighted means R = sum(w a v) / sum(w a); `_mean` gives R with
the influence of whatever was fitted in a and v.
References: Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122; Abadie (2005), Review
of Economic Studies 72, 1-19. R: DRDID 1.2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.numerics.logit import Separation, fit_logit, inverse_of
from mismes_eval.numerics.rows import Float

Method = Literal["dr", "dr_improved", "ipw", "ipw_ht", "or", "none"]
METHODS: tuple[Method, ...] = ("dr", "dr_improved", "ipw", "ipw_ht", "or", "none")
Estimand = Literal["att", "overlap", "capped"]
ESTIMANDS: tuple[Estimand, ...] = ("att", "overlap", "capped")


COLLINEAR = "covariates are collinear in the comparison group"


@dataclass(frozen=True, slots=True)
class Effect:
    """att; z (n,) influence on the weights; propensity (n,) fitted, or None where the method fits
    none. counted (n,), (n,): what treated and comparison rows count in the averages, where it is
    other than 1 and the odds.
    """

    att: float
    z: Float
    propensity: Float | None = None
    counted: tuple[Float, Float] | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fitted parameter: scores (n, q) unweighted and bread (q, q): its influence is scores @
    bread. z @ m is formed without the (n, q) product.
    """

    scores: Float
    bread: Float

    def times(self, m: Float) -> Float:
        out: Float = self.scores @ (self.bread @ m)
        return out


@dataclass(frozen=True, slots=True)
class _Propensity:
    fit: _Fit
    p: Float

    @property
    def odds(self) -> Float:
        return self.p / (1 - self.p)


def _mean(
    w: Float, a: Float, v: Float, slopes: Sequence[tuple[_Fit, Float, Float]] = ()
) -> tuple[float, Float]:
    """R = sum(w a v) / sum(w a) and its influence. slopes: (fit, x, da_dv) with d[a (v - R)]/dbeta
    = da_dv * x row by row; da_dv may use R through `_at`.
    """
    s = float(w @ a)
    r = float(w @ (a * v)) / s
    z = a * (v - r) / s
    for fit, x, factor in slopes:
        z = z + fit.times(x.T @ (w * factor) / s)
    return r, z


def propensity(w: Float, d: Float, x: Float) -> _Propensity:
    """Logit of treatment. Raises Separation."""
    fit = fit_logit(x, d, w)
    bread = inverse_of(fit.information)
    return _Propensity(_Fit(x * (d - fit.p)[:, None], bread), fit.p)


def tilting(w: Float, d: Float, x: Float) -> _Propensity:
    """Inverse probability tilting: odds exp(x g) that balance x between treated and reweighted
    controls (Graham, Pinto and Egel 2012).
    """
    c = 1 - d
    stretch = np.sqrt(w.sum()) / column_size(x, w)
    x = x * stretch
    target = x.T @ (w * d)
    start = fit_logit(x, d, w)
    beta = start.beta
    scale = np.maximum(np.abs(target), 1.0)
    for _ in range(200):
        odds = np.exp(np.minimum(x @ beta, 500.0))
        gap = target - x.T @ (w * c * odds)
        if np.max(np.abs(gap) / scale) < 1e-13:
            break
        try:
            move = np.linalg.solve(x.T @ (x * (w * c * odds)[:, None]), gap)
        except np.linalg.LinAlgError:
            raise Separation("no weights of the comparison group balance the covariates") from None
        step = 1.0
        size = np.max(np.abs(gap) / scale)
        while step > 1e-8:
            trial = target - x.T @ (w * c * np.exp(np.minimum(x @ (beta + step * move), 500.0)))
            if np.max(np.abs(trial) / scale) < size:
                break
            step /= 2
        else:
            break
        beta = beta + step * move
    odds = np.exp(np.minimum(x @ beta, 500.0))
    if not np.max(np.abs(target - x.T @ (w * c * odds)) / scale) < 1e-8:
        raise Separation("no weights of the comparison group balance the covariates")
    gram = x.T @ (x * (w * c * odds)[:, None])
    scores = x * (d - c * odds)[:, None] / stretch
    bread = np.asarray(np.linalg.inv(gram), float) * stretch[:, None] * stretch
    return _Propensity(_Fit(scores, bread), odds / (1 + odds))


def regression(w: Float, on: Float, y: Float, x: Float) -> tuple[_Fit, Float]:
    """Least squares of y on x among rows where on > 0 (on (n,) also weights the rows): fit and
    prediction for all rows, (n,).
    """
    weight = w * on
    size = column_size(x, np.abs(weight))
    xs = x / size
    if (
        weight < 0
    ).any():  # linear calibration in a replicate can make them: then by normal equations
        gram = xs.T @ (xs * weight[:, None])
        if np.linalg.cond(gram) > 1e14:
            raise Separation(COLLINEAR)
        prediction = xs @ np.linalg.solve(gram, xs.T @ (weight * y))
        bread = np.asarray(np.linalg.inv(gram), float) / size[:, None] / size
        return _Fit(x * (on * (y - prediction))[:, None], bread), prediction
    root = np.sqrt(weight)
    used = root > 0
    q, r = np.linalg.qr(xs[used] * root[used, None])
    refuse_collinear(r)
    beta = np.linalg.solve(r, q.T @ (y[used] * root[used]))
    inverse = np.linalg.inv(r) / size[:, None]
    prediction = xs @ beta
    return _Fit(x * (on * (y - prediction))[:, None], inverse @ inverse.T), prediction


def column_size(x: Float, w: Float) -> Float:
    """(q,) weighted length of the columns of x (n, q), 1 for a column of zeros: so that dependence
    is judged whatever the units.
    """
    size: Float = np.sqrt((x**2).T @ w)
    return np.where(size > 0, size, 1.0)


def refuse_collinear(r: Float) -> None:
    """Raise Separation for columns of length 1, r (k, q) of their QR, that those before them
    explain.
    """
    part = np.zeros(r.shape[1])
    part[: r.shape[0]] = np.abs(np.diag(r))
    lacking = np.flatnonzero(part < 1e-9 * part.max(initial=0.0))
    if lacking.size or r.shape[0] < r.shape[1]:
        raise Separation(COLLINEAR, lacking)


def panel(w: Float, d: Float, dy: Float, x: Float, method: Method) -> Effect:
    """ATT from changes. w (n,) weights of 0 or more, d (n,) 1 treated, dy (n,) change of the
    outcome, x (n, q) with intercept; any value where w is 0.
    """
    c = 1 - d
    if method == "none":
        r1, z1 = _mean(w, d, dy)
        r0, z0 = _mean(w, c, dy)
        return Effect(r1 - r0, z1 - z0)
    if method == "or":
        fit, m = regression(w, c, dy, x)
        r, z = _mean(w, d, dy - m, [(fit, x, -d)])
        return Effect(r, z)
    if method in ("ipw", "ipw_ht"):
        ps = propensity(w, d, x)
        a = c * ps.odds
        if method == "ipw_ht":
            s = float(w @ d)
            att = float(w @ ((d - a) * dy)) / s
            z = ((d - a) * dy - d * att) / s - ps.fit.times(x.T @ (w * a * dy) / s)
            return Effect(att, z, ps.p)
        r1, z1 = _mean(w, d, dy)
        r0 = float(w @ (a * dy)) / float(w @ a)
        r0, z0 = _mean(w, a, dy, [(ps.fit, x, a * (dy - r0))])
        return Effect(r1 - r0, z1 - z0, ps.p)
    ps = tilting(w, d, x) if method == "dr_improved" else propensity(w, d, x)
    a = c * ps.odds
    fit, m = regression(w, a if method == "dr_improved" else c, dy, x)
    e = dy - m
    r0 = float(w @ (a * e)) / float(w @ a)
    if method == "dr_improved":
        r1, z1 = _mean(w, d, e)
        r0, z0 = _mean(w, a, e)
    else:
        r1, z1 = _mean(w, d, e, [(fit, x, -d)])
        r0, z0 = _mean(w, a, e, [(ps.fit, x, a * (e - r0)), (fit, x, -a)])
    return Effect(r1 - r0, z1 - z0, ps.p)


def cross_sections(w: Float, d: Float, post: Float, y: Float, x: Float, method: Method) -> Effect:
    """ATT from two independent cross-sections. post (n,) 1 in the second period, y (n,) outcome;
    the rest as in `panel`.

    "dr" and "dr_improved" are the locally efficient estimators (R DRDID: drdid_rc, drdid_imp_rc).
    """
    c, pre = 1 - d, 1 - post
    if method == "none":
        return _signed(
            [
                (1, _mean(w, d * post, y)),
                (-1, _mean(w, d * pre, y)),
                (-1, _mean(w, c * post, y)),
                (1, _mean(w, c * pre, y)),
            ]
        )
    if method == "ipw_ht":
        ps = propensity(w, d, x)
        share = float(w @ post) / float(w.sum())
        s = float(w @ d)
        a = d - c * ps.odds
        h = (post - share) / (share * pre.dot(w) / w.sum())
        att = float(w @ (a * h * y)) / s
        dh = (
            -(1.0 / (share * (1 - share)))
            - (post - share) * (1 - 2 * share) / (share * (1 - share)) ** 2
        )
        slope = float(w @ (a * dh * y)) / s
        z = (
            (a * h * y - d * att) / s
            - ps.fit.times(x.T @ (w * c * ps.odds * h * y) / s)
            + slope * (post - share) / w.sum()
        )
        return Effect(att, z, ps.p)
    if method == "ipw":
        ps = propensity(w, d, x)
        a = c * ps.odds
        r = {
            t: float(w @ (a * k * y)) / float(w @ (a * k))
            for t, k in (("post", post), ("pre", pre))
        }
        out = _signed(
            [
                (1, _mean(w, d * post, y)),
                (-1, _mean(w, d * pre, y)),
                (-1, _mean(w, a * post, y, [(ps.fit, x, a * post * (y - r["post"]))])),
                (1, _mean(w, a * pre, y, [(ps.fit, x, a * pre * (y - r["pre"]))])),
            ]
        )
        return Effect(out.att, out.z, ps.p)
    if method == "or":
        (f1, m1), (f0, m0) = regression(w, c * post, y, x), regression(w, c * pre, y, x)
        return _signed(
            [
                (1, _mean(w, d * post, y)),
                (-1, _mean(w, d * pre, y)),
                (-1, _mean(w, d, m1 - m0, [(f1, x, d), (f0, x, -d)])),
            ]
        )
    return _efficient(w, d, post, y, x, method == "dr_improved")


def _efficient(w: Float, d: Float, post: Float, y: Float, x: Float, improved: bool) -> Effect:
    c, pre = 1 - d, 1 - post
    ps = tilting(w, d, x) if improved else propensity(w, d, x)
    a = c * ps.odds
    on = a if improved else c
    (fc1, c1), (fc0, c0) = regression(w, on * post, y, x), regression(w, on * pre, y, x)
    if improved:
        fc1 = _after(ps.fit, fc1, x.T @ (x * (w * on * post * (y - c1))[:, None]))
        fc0 = _after(ps.fit, fc0, x.T @ (x * (w * on * pre * (y - c0))[:, None]))
    (ft1, t1), (ft0, t0) = regression(w, d * post, y, x), regression(w, d * pre, y, x)
    terms = []
    for sign, k, fc, m in ((1, post, fc1, c1), (-1, pre, fc0, c0)):
        e = y - m
        r0 = float(w @ (a * k * e)) / float(w @ (a * k))
        terms.append((sign, _mean(w, d * k, e, [(fc, x, -d * k)])))
        slopes = [(ps.fit, x, a * k * (e - r0)), (fc, x, -a * k)]
        terms.append((-sign, _mean(w, a * k, e, slopes)))
    for sign, k, fc, ft, g in ((1, post, fc1, ft1, t1 - c1), (-1, pre, fc0, ft0, t0 - c0)):
        terms.append((sign, _mean(w, d, g, [(ft, x, d), (fc, x, -d)])))
        terms.append((-sign, _mean(w, d * k, g, [(ft, x, d * k), (fc, x, -d * k)])))
    out = _signed(terms)
    return Effect(out.att, out.z, ps.p)


def tilted(
    w: Float, d: Float, post: Float | None, y: Float, x: Float, estimand: Estimand, cap: float
) -> Effect:
    """Effect on a population tilted towards overlap, by weighting with a logit propensity p:
    treated count h / p, comparison rows h / (1 - p).

    "overlap": h = p (1 - p).  "capped": h = min(p, cap (1 - p)), the treated, but those whose odds
    exceed the cap count cap / odds.  post (n,) of two cross-sections, y the outcome; None: y is a
    change. Reference: Li, Morgan and Zaslavsky (2018), JASA 113, 390-400.
    """
    ps = propensity(w, d, x)
    p, odds = ps.p, ps.odds
    if estimand == "overlap":
        counts = 1 - p, p
        moves = -p * (1 - p), p * (1 - p)
    else:
        beyond = odds > cap
        counts = np.where(beyond, cap / np.maximum(odds, cap), 1.0), np.minimum(odds, cap)
        moves = np.where(beyond, -counts[0], 0.0), np.where(beyond, 0.0, odds)
    terms = []
    for sign, arm, count, move in ((1, d, counts[0], moves[0]), (-1, 1 - d, counts[1], moves[1])):
        for turn, k in ((1, 1.0),) if post is None else ((1, post), (-1, 1 - post)):
            occasion2 = arm * count * k
            mean = float(w @ (occasion2 * y)) / float(w @ occasion2)
            slope = (ps.fit, x, arm * move * k * (y - mean))
            terms.append((sign * turn, _mean(w, occasion2, y, [slope])))
    out = _signed(terms)
    return Effect(out.att, out.z, p, counts)


def compared(d: Float, effect: Effect, post: Float | None = None) -> list[Float]:
    """Rows (n,) of the averages of an effect, before the weight: treated and comparison, the latter
    by its odds; in cross-sections of each period.
    """
    counts: tuple[Float | float, Float | float] = (1.0, 1.0)
    if effect.counted is not None:
        counts = effect.counted
    elif effect.propensity is not None:
        counts = (1.0, effect.propensity / (1 - effect.propensity))
    groups = [d * counts[0], (1 - d) * counts[1]]
    if post is None:
        return groups
    return [members * occasion for members in groups for occasion in (post, 1 - post)]


def _after(first: _Fit, then: _Fit, slope: Float) -> _Fit:
    """A regression whose weights were fitted before: its scores move by slope (q, q) times the
    parameters of the first fit.
    """
    moved = then.scores + first.scores @ (first.bread @ slope.T)
    return _Fit(moved, then.bread)


def _signed(terms: Sequence[tuple[int, tuple[float, Float]]]) -> Effect:
    return Effect(
        float(sum(sign * r for sign, (r, _) in terms)),
        np.sum([sign * z for sign, (_, z) in terms], axis=0),
    )
