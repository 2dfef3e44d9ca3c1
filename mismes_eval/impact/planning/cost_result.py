"""What a measure costs for what it gains: the ratio where the effect is distinguishable from 0,
else the plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.estimate.verdict import Span
from mismes_eval.impact.planning.fieller import fieller
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.plane import ellipse, plane

NO_VALUE = "no value of a {unit} was given"


@dataclass(frozen=True)
class CostEffectiveness(ResultTable):
    """effect: outcomes gained per participant (att * years); cost: per participant. vcov (2, 2) of
    (effect, cost); draws (B, 2) of the pair.

    value: what society pays at most for one unit of outcome, or None.
    unit: name of the outcome, e.g. "job-year".
    spoken: interval of the effect that speaks instead of its own, where a wider one stands beside
        it (a bootstrap over clusters); the draws keep the error of the design.
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
    spoken: tuple[float, float] | None = None

    @property
    def _critical(self) -> float:
        return float(stats.t.ppf(0.5 + self.level / 2, self.dof)) if self.dof > 0 else float("nan")

    def _interval(self, value: float, variance: float) -> tuple[float, float]:
        half = self._critical * float(np.sqrt(max(variance, 0.0)))
        return value - half, value + half

    @property
    def effect_interval(self) -> tuple[float, float]:
        """Of the outcomes gained per participant."""
        return self.spoken or self._interval(self.effect, float(self.vcov[0, 0]))

    @property
    def cost_interval(self) -> tuple[float, float]:
        """Of the cost per participant."""
        return self._interval(self.cost, float(self.vcov[1, 1]))

    @cached_property
    def ratio(self) -> float | NotEstimable:
        """Cost per additional unit, or why there is none: the effect's interval covers 0, the
        effect is negative, or the measure saves money.
        """
        low, high = self.effect_interval
        percent = f"{100 * self.level:g}%"
        sign = Span(self.effect, low, high).sign
        if sign == "unknown":
            return NotEstimable("no degrees of freedom for the effect's interval")
        if sign == "unclear":
            return NotEstimable(
                Message(
                    "the {level} interval of the effect [{low}, {high}] covers 0: a cost per {unit}"
                    " has no finite interval; read the plane",
                    {
                        "level": percent,
                        "low": f"{low:.4g}",
                        "high": f"{high:.4g}",
                        "unit": self.unit,
                    },
                )
            )
        if sign == "lower":
            return NotEstimable(
                Message(
                    "the effect is negative ({v} {unit} per participant): the measure costs and"
                    " gains nothing",
                    {"v": f"{self.effect:.4g}", "unit": self.unit},
                )
            )
        if self.cost <= 0:
            return NotEstimable(
                "the measure costs nothing or saves money: a ratio would mislead; read the plane"
            )
        return self.cost / self.effect

    @property
    def fieller(self) -> tuple[float, float] | None:
        """Interval of the ratio, or None where the ratio is not estimable."""
        if isinstance(self.ratio, NotEstimable):
            return None
        return fieller(
            self.effect, self.cost, self.effect_interval, self.cost_interval, self._correlation
        )

    @property
    def _correlation(self) -> float:
        """Of effect and cost; 0 where one of them has no error."""
        scale = float(np.sqrt(self.vcov[0, 0] * self.vcov[1, 1]))
        return float(self.vcov[0, 1]) / scale if scale > 0 else 0.0

    @property
    def bootstrap(self) -> tuple[float, float] | None:
        """Percentile interval of the ratio over the draws, or None where the ratio is not estimable
        or a draw has no positive effect among the share that counts.
        """
        if isinstance(self.ratio, NotEstimable):
            return None
        # Draws without a gain count as infinitely costly, so that they push the upper limit and are
        # not lost.
        each = np.where(
            self.draws[:, 0] > 0,
            self.draws[:, 1] / np.where(self.draws[:, 0] > 0, self.draws[:, 0], 1.0),
            np.inf,
        )
        low, high = np.quantile(
            each, [0.5 - self.level / 2, 0.5 + self.level / 2], method="inverted_cdf"
        )
        return float(low), float(high)

    @property
    def quadrants(self) -> dict[str, float]:
        """Shares of the draws in the four corners of the plane."""
        gain, dear = self.draws[:, 0] > 0, self.draws[:, 1] > 0
        return {
            "gain at a cost": float((gain & dear).mean()),
            "gain and saving": float((gain & ~dear).mean()),
            "loss at a cost": float((~gain & dear).mean()),
            "loss and saving": float((~gain & ~dear).mean()),
        }

    @property
    def break_even(self) -> float | NotEstimable:
        """The ATT at which the outcomes are worth their cost."""
        return (
            NotEstimable(Message(NO_VALUE, {"unit": self.unit}))
            if self.value is None
            else self.cost / (self.value * self.years)
        )

    @property
    def net_benefit(self) -> tuple[float, float, float] | NotEstimable:
        """Value of the outcomes minus the cost, per participant: estimate, low, high; each limit
        from the sides of the two intervals that lead there (Donner and Zou 2012).
        """
        if self.value is None:
            return NotEstimable(Message(NO_VALUE, {"unit": self.unit}))
        (low, high), (least, most) = self.effect_interval, self.cost_interval
        net = self.value * self.effect - self.cost
        down = self._reach(self.value * (self.effect - low), most - self.cost)
        up = self._reach(self.value * (high - self.effect), self.cost - least)
        return net, net - down, net + up

    def _reach(self, gain: float, cost: float) -> float:
        """How far the error of a gain and that of a cost take their difference."""
        if np.isinf(gain):
            return gain
        return float(np.sqrt(max(gain**2 + cost**2 - 2 * self._correlation * gain * cost, 0.0)))

    def acceptability(self, values: Float | list[float]) -> pd.DataFrame:
        """Share of the draws in which a unit worth `value` makes the measure pay: value,
        probability.
        """
        v = np.asarray(values, float)
        return pd.DataFrame(
            {
                "value": v,
                "probability": [(x * self.draws[:, 0] > self.draws[:, 1]).mean() for x in v],
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a figure: figure, unit, value, low, high, note."""
        rows: list[tuple[str, str, float, float, float, str]] = [
            (
                "effect per participant",
                self.unit,
                self.effect,
                *self.effect_interval,
                f"ATT {self.att:.4g} over {self.years:g} years",
            ),
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
            rows.append(
                (
                    f"cost per additional {self.unit}",
                    self.currency,
                    nan,
                    nan,
                    nan,
                    self.ratio.reason,
                )
            )
        else:
            for name, limits in (("Fieller", self.fieller), ("bootstrap", self.bootstrap)):
                low, high = limits if limits is not None else (nan, nan)
                rows.append(
                    (f"cost per additional {self.unit}", self.currency, self.ratio, low, high, name)
                )
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
            first = (
                f"No cost per additional {self.unit} is given: {self.ratio.reason}. In"
                f" {100 * (q['gain at a cost'] + q['gain and saving']):.0f}% of the draws the"
                " measure gains anything."
            )
        else:
            low, high = self.fieller if self.fieller is not None else (float("nan"), float("nan"))
            first = (
                f"An additional {self.unit} cost {self.ratio:,.0f} {self.currency} ({percent}"
                f" interval {low:,.0f} to {high:,.0f})."
            )
        net = self.net_benefit
        if isinstance(net, NotEstimable) or isinstance(self.break_even, NotEstimable):
            return first
        side = "pays" if net[1] > 0 else "does not pay" if net[2] < 0 else "may or may not pay"
        return (
            f"{first} At {self.value:,.0f} {self.currency} a {self.unit} the measure {side}: net"
            f" benefit {net[0]:,.0f} per participant ({net[1]:,.0f} to {net[2]:,.0f}); it breaks"
            f" even at an effect of {self.break_even:.3g}."
        )

    def plot(self, ax: Any = None) -> Any:
        """The cost-effectiveness plane: draws, estimate, ellipse of the stated level, the line of
        the value of a unit. Returns the axes.
        """
        made = plane(
            ax,
            draws=self.draws,
            centre=(self.effect, self.cost),
            ring=ellipse(self.vcov, float(stats.chi2.ppf(self.level, 2))),
            xlabel=f"{self.unit} gained per participant",
            ylabel=f"cost per participant ({self.currency})",
            worth=self._worth_of_a_unit,
        )
        if self.value is not None:
            made.legend(frameon=False)
        return made

    @property
    def _worth_of_a_unit(self) -> tuple[float, str] | None:
        if self.value is None:
            return None
        return self.value, f"{self.value:,.0f} {self.currency} a {self.unit}"

    def __repr__(self) -> str:
        return f"{self.text}\n{self.to_frame().to_string(index=False)}"
