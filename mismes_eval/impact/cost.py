"""What an effect costs: cost per additional outcome with Fieller's interval, the plane where that ratio is not defined, break-even and net benefit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.shown import figure
from mismes_eval.impact.base_design import together
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.checked import Finite, Seed


def fieller(effect: float, cost: float, var_effect: float, var_cost: float, covariance: float, critical: float) -> tuple[float, float] | None:
    """Interval of cost / effect: all ratios r for which cost - r * effect lies within critical standard errors of 0. None where that set has no two ends
    (the effect is within critical standard errors of 0).

    References
    ----------
    Fieller (1954), JRSS B 16, 175-185.
    """
    a = effect**2 - critical**2 * var_effect
    if not a > 0:
        return None
    b = effect * cost - critical**2 * covariance
    root = np.sqrt(max(b**2 - a * (cost**2 - critical**2 * var_cost), 0.0))
    return float((b - root) / a), float((b + root) / a)


@dataclass(frozen=True)
class CostEffectiveness:
    """effect: outcomes gained per participant (att * years); cost: per participant. vcov (2, 2) of (effect, cost); draws (B, 2) of the pair.

    value: what society pays at most for one unit of outcome, or None.  unit: name of the outcome, e.g. "job-year".
    """

    effect: float
    cost: float
    vcov: Float
    dof: float
    level: float
    att: float
    years: float
    participants: float | None
    value: float | None
    unit: str
    currency: str
    draws: Float
    notes: tuple[str, ...]

    @property
    def _critical(self) -> float:
        return float(stats.t.ppf(0.5 + self.level / 2, self.dof)) if self.dof > 0 else float("nan")

    def _interval(self, value: float, variance: float) -> tuple[float, float]:
        half = self._critical * float(np.sqrt(max(variance, 0.0)))
        return value - half, value + half

    @property
    def effect_interval(self) -> tuple[float, float]:
        """Of the outcomes gained per participant."""
        return self._interval(self.effect, float(self.vcov[0, 0]))

    @property
    def cost_interval(self) -> tuple[float, float]:
        """Of the cost per participant."""
        return self._interval(self.cost, float(self.vcov[1, 1]))

    @cached_property
    def ratio(self) -> float | NotEstimable:
        """Cost per additional unit, or why there is none: the effect's interval covers 0, the effect is negative, or the measure saves money."""
        low, high = self.effect_interval
        percent = f"{100 * self.level:g}%"
        if not (np.isfinite(low) and np.isfinite(high)):
            return NotEstimable("no degrees of freedom for the effect's interval")
        if low <= 0 <= high:
            return NotEstimable(
                f"the {percent} interval of the effect [{low:.4g}, {high:.4g}] covers 0: a cost per {self.unit} has no finite interval; read the plane"
            )
        if high < 0:
            return NotEstimable(f"the effect is negative ({self.effect:.4g} {self.unit} per participant): the measure costs and gains nothing")
        if self.cost <= 0:
            return NotEstimable("the measure costs nothing or saves money: a ratio would mislead; read the plane")
        return self.cost / self.effect

    @property
    def fieller(self) -> tuple[float, float] | None:
        """Interval of the ratio, or None where the ratio is not estimable."""
        if isinstance(self.ratio, NotEstimable):
            return None
        return fieller(self.effect, self.cost, float(self.vcov[0, 0]), float(self.vcov[1, 1]), float(self.vcov[0, 1]), self._critical)

    @property
    def bootstrap(self) -> tuple[float, float] | None:
        """Percentile interval of the ratio over the draws, or None where the ratio is not estimable or a draw has no positive effect among the share that counts."""
        if isinstance(self.ratio, NotEstimable):
            return None
        # Draws without a gain count as infinitely costly, so that they push the upper limit and are not lost.
        each = np.where(self.draws[:, 0] > 0, self.draws[:, 1] / np.where(self.draws[:, 0] > 0, self.draws[:, 0], 1.0), np.inf)
        low, high = np.quantile(each, [0.5 - self.level / 2, 0.5 + self.level / 2], method="inverted_cdf")
        return float(low), float(high)

    @property
    def quadrants(self) -> dict[str, float]:
        """Shares of the draws in the four corners of the plane."""
        gain, dear = self.draws[:, 0] > 0, self.draws[:, 1] > 0
        return {
            "gain at a cost": float((gain & dear).mean()), "gain and saving": float((gain & ~dear).mean()),
            "loss at a cost": float((~gain & dear).mean()), "loss and saving": float((~gain & ~dear).mean()),
        }  # fmt: skip

    @property
    def break_even(self) -> float | NotEstimable:
        """The ATT at which the outcomes are worth their cost."""
        return NotEstimable(f"no value of a {self.unit} was given") if self.value is None else self.cost / (self.value * self.years)

    @property
    def net_benefit(self) -> tuple[float, float, float] | NotEstimable:
        """Value of the outcomes minus the cost, per participant: estimate, low, high."""
        if self.value is None:
            return NotEstimable(f"no value of a {self.unit} was given")
        gradient = np.array([self.value, -1.0])
        net = self.value * self.effect - self.cost
        return net, *self._interval(net, float(gradient @ self.vcov @ gradient))

    def acceptability(self, values: Float | list[float]) -> pd.DataFrame:
        """Share of the draws in which a unit worth `value` makes the measure pay: value, probability."""
        v = np.asarray(values, float)
        return pd.DataFrame({"value": v, "probability": [(x * self.draws[:, 0] > self.draws[:, 1]).mean() for x in v]})

    def to_frame(self) -> pd.DataFrame:
        """One row a figure: figure, unit, value, low, high, note."""
        rows: list[tuple[str, str, float, float, float, str]] = [
            ("effect per participant", self.unit, self.effect, *self.effect_interval, f"ATT {self.att:.4g} over {self.years:g} years"),
            ("cost per participant", self.currency, self.cost, *self.cost_interval, ""),
        ]
        if self.participants is not None:
            low, high = self.effect_interval
            rows.append(
                (
                    f"{self.unit} gained in all",
                    self.unit,
                    self.effect * self.participants,
                    low * self.participants,
                    high * self.participants,
                    f"{self.participants:,.0f} participants",
                )
            )
        nan = float("nan")
        if isinstance(self.ratio, NotEstimable):
            rows.append((f"cost per additional {self.unit}", self.currency, nan, nan, nan, self.ratio.reason))
        else:
            for name, limits in (("Fieller", self.fieller), ("bootstrap", self.bootstrap)):
                low, high = limits if limits is not None else (nan, nan)
                rows.append((f"cost per additional {self.unit}", self.currency, self.ratio, low, high, name))
        even, net = self.break_even, self.net_benefit
        rows.append(
            ("break-even effect (ATT)", "", nan, nan, nan, even.reason)
            if isinstance(even, NotEstimable)
            else ("break-even effect (ATT)", "", even, nan, nan, "")
        )
        rows.append(
            ("net benefit per participant", self.currency, nan, nan, nan, net.reason)
            if isinstance(net, NotEstimable)
            else ("net benefit per participant", self.currency, *net, "")
        )
        return pd.DataFrame(rows, columns=["figure", "unit", "value", "low", "high", "note"])

    @property
    def text(self) -> str:
        """The finding in sentences."""
        percent = f"{100 * self.level:g}%"
        if isinstance(self.ratio, NotEstimable):
            q = self.quadrants
            first = f"No cost per additional {self.unit} is given: {self.ratio.reason}. In {100 * (q['gain at a cost'] + q['gain and saving']):.0f}% of the draws the measure gains anything."
        else:
            low, high = self.fieller if self.fieller is not None else (float("nan"), float("nan"))
            first = f"An additional {self.unit} cost {self.ratio:,.0f} {self.currency} ({percent} interval {low:,.0f} to {high:,.0f})."
        net = self.net_benefit
        if isinstance(net, NotEstimable) or isinstance(self.break_even, NotEstimable):
            return first
        side = "pays" if net[1] > 0 else "does not pay" if net[2] < 0 else "may or may not pay"
        return f"{first} At {self.value:,.0f} {self.currency} a {self.unit} the measure {side}: net benefit {net[0]:,.0f} per participant ({net[1]:,.0f} to {net[2]:,.0f}); it breaks even at an effect of {self.break_even:.3g}."

    def plot(self, ax: Any = None) -> Any:
        """The cost-effectiveness plane: draws, estimate, ellipse of the stated level, the line of the value of a unit. Returns the axes."""
        if ax is None:
            _, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
        ax.plot(*self.draws[:2000].T, ".", color="#9db8d2", ms=2, zorder=1)
        scale = np.sqrt(stats.chi2.ppf(self.level, 2))
        angle = np.linspace(0, 2 * np.pi, 200)
        values, vectors = np.linalg.eigh(self.vcov)
        ring = (vectors * np.sqrt(np.maximum(values, 0.0))) @ np.vstack([np.cos(angle), np.sin(angle)]) * scale
        ax.plot(self.effect + ring[0], self.cost + ring[1], color="#1f4e79", lw=1.4, zorder=2)
        ax.plot(self.effect, self.cost, "o", color="#1f4e79", ms=6, zorder=3)
        ax.axhline(0, color="0.4", lw=0.8)
        ax.axvline(0, color="0.4", lw=0.8)
        if self.value is not None:
            x = np.array(ax.get_xlim())
            ax.plot(x, self.value * x, "--", color="#b35900", lw=1.2, label=f"{self.value:,.0f} {self.currency} a {self.unit}")
            ax.legend(frameon=False)
        ax.set_xlabel(f"{self.unit} gained per participant")
        ax.set_ylabel(f"cost per participant ({self.currency})")
        ax.spines[["top", "right"]].set_visible(False)
        return ax

    def _repr_html_(self) -> str:
        notes = "".join(f"<p><small>{note}</small></p>" for note in self.notes)
        return f"<p>{self.text}</p>{self.to_frame().to_html(index=False, float_format=figure, na_rep='')}{notes}"

    def __repr__(self) -> str:
        return f"{self.text}\n{self.to_frame().to_string(index=False)}"


def cost_effectiveness(
    att: Estimate,
    cost: Estimate | float,
    participants: float | None = None,
    years: float = 1.0,
    cost_se: Finite = 0.0,
    correlation: float = 0.0,
    value: float | None = None,
    unit: str = "job-year",
    currency: str = "currency units",
    level: float = 0.95,
    draws: int = 10_000,
    seed: Seed = 1,
) -> CostEffectiveness:
    """Cost per additional outcome of a measure, with everything that is uncertain in it.

    Parameters
    ----------
    att : one effect per participant and year, e.g. the effect on being employed.  years : how long the effect lasts, a judgement that is printed.
    cost : of the measure per participant over and above what would be spent anyway; the total cost where `participants` is given. An Estimate (of the same
        sample, whatever its weight steps: its covariance with the effect is used; of another: independent, which a note says) or a number with `cost_se` and `correlation` with the effect.
    value : what one unit of outcome is worth, for break-even and net benefit.  unit, currency : their names.
    level : of the intervals.  draws, seed : of the bootstrap, from the joint replicates where both estimates have them on one design, else from a joint t law.

    Returns
    -------
    CostEffectiveness: ratio and fieller, or the plane where the effect's interval covers 0; bootstrap, break_even, net_benefit, to_frame, plot, text.

    Raises
    ------
    EstimateError : lists every argument that does not fit.

    References
    ----------
    Fieller (1954), JRSS B 16, 175-185; Briggs, O'Brien and Blackhouse (2002), Annual Review of Public Health 23, 377-401.
    """
    _refuse(att, cost, participants, years, cost_se, correlation, value, level, draws)
    per = 1.0 if participants is None else 1 / participants
    scale = np.array([years, per])
    said: tuple[str, ...] = ()
    if isinstance(cost, Estimate):
        joint, said = together(att, cost)
        pair, vcov, dof = joint.value * scale, joint.vcov * np.outer(scale, scale), joint.degf
        replicates = joint.parts[0].replicates if len(joint.parts) == 1 else None
    else:
        pair = np.array([att.value[0], float(cost)]) * scale
        se = np.array([att.se[0], cost_se]) * scale
        vcov = np.outer(se, se) * np.array([[1.0, correlation], [correlation, 1.0]])
        dof, replicates = att.degf, None
    notes = [*said, f"The effect is taken to last {years:g} years. Intervals at {100 * level:g}% with {dof:g} degrees of freedom."]
    if not isinstance(cost, Estimate) and cost_se == 0:
        notes.append("The cost is taken as known: no uncertainty of it is in the intervals.")
    made = _draws(pair, vcov, dof, None if replicates is None else replicates * scale, draws, seed)
    return CostEffectiveness(
        float(pair[0]), float(pair[1]), vcov, dof, level, float(att.value[0]), years, participants, value, unit, currency, made, (*notes, *att.notes)
    )  # fmt: skip


def _draws(pair: Float, vcov: Float, dof: float, replicates: Float | None, count: int, seed: int) -> Float:
    """(B, 2): replicates recentred and scaled to the covariance of the estimate, resampled; else multivariate t."""
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(vcov)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    if replicates is not None and replicates.shape[0] >= 50:
        spread = replicates - replicates.mean(axis=0)
        size = np.sqrt(np.diag(vcov) / np.maximum(spread.var(axis=0), np.finfo(float).tiny))
        resampled: Float = pair + (spread * size)[rng.integers(0, spread.shape[0], count)]
        return resampled
    normal = rng.standard_normal((count, 2)) @ root.T
    stretch = np.ones(count) if not np.isfinite(dof) or dof <= 0 else np.sqrt(dof / rng.chisquare(dof, count))
    out: Float = pair + normal * stretch[:, None]
    return out


def _refuse(
    att: Estimate,
    cost: Estimate | float,
    participants: float | None,
    years: float,
    cost_se: float,
    correlation: float,
    value: float | None,
    level: float,
    draws: int,
) -> None:
    problems = []
    for name, e, other in (("att", att, ""), ("cost", cost, ", or a number")):
        if not isinstance(e, Estimate) and not (other and isinstance(e, int | float | np.number)):
            got = f"not estimable: {e.reason}" if isinstance(e, NotEstimable) else type(e).__name__
            problems.append(Problem("one value is needed", f"argument '{name}'", f"an Estimate of one value{other}", got))
        elif isinstance(e, Estimate) and e.p == 1 and not np.isfinite([e.value[0], e.se[0]]).all():
            problems.append(Problem("one value is needed", f"argument '{name}'", "a finite value with a standard error", f"{e.value[0]:g} with {e.se[0]:g}"))
        if isinstance(e, Estimate) and e.p != 1:
            problems.append(Problem("one value is needed", f"argument '{name}'", "an Estimate of one value", f"{e.p} values", "Choose it with select([i])."))
    if isinstance(cost, Estimate) and (cost_se or correlation):
        problems.append(
            Problem(
                "an Estimate brings its own error", "arguments 'cost_se' and 'correlation'", "0 with an Estimate of the cost", f"{cost_se:g}, {correlation:g}"
            )
        )
    if isinstance(cost, int | float | np.number) and not np.isfinite(cost):
        problems.append(Problem("the cost is not a number", "argument 'cost'", "a finite number", str(cost)))
    for name, number, low in (("participants", participants, 0.0), ("years", years, 0.0), ("value", value, 0.0)):
        if number is not None and not (np.isfinite(number) and number > low):
            problems.append(Problem("a figure is out of range", f"argument '{name}'", "above 0", f"{number:g}"))
    if not cost_se >= 0:
        problems.append(Problem("a standard error is negative", "argument 'cost_se'", "0 or more", f"{cost_se:g}"))
    if not -1 <= correlation <= 1:
        problems.append(Problem("no correlation", "argument 'correlation'", "-1 to 1", f"{correlation:g}"))
    if not 0 < level < 1 or draws < 100:
        problems.append(Problem("a figure is out of range", "arguments 'level' and 'draws'", "0 < level < 1, at least 100 draws", f"{level:g}, {draws}"))
    if problems:
        raise EstimateError(problems)
