"""Estimators as methods of a sample, which hand over to the verbs of the package: `s.mean("y")` is
`me.mean(s, "y")`.

Samples stand a floor below estimates: what a method returns (Estimate, or NotEstimable over a
domain without rows) is named in the verb's own signature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Literal

from mismes_eval.weighting.arguments import Column, Names


class Estimators:
    """Methods that call the verb of their name with the sample itself."""

    def total(self, columns: Names, by: Names | None = None) -> Any:
        """`mismes_eval.total` of this sample."""
        return verb("total")(self, columns, by)

    def mean(self, columns: Names, by: Names | None = None) -> Any:
        """`mismes_eval.mean` of this sample."""
        return verb("mean")(self, columns, by)

    def proportion(
        self,
        columns: Names,
        by: Names | None = None,
        interval: Literal["logit", "beta", "t"] = "logit",
    ) -> Any:
        """`mismes_eval.proportion` of this sample."""
        return verb("proportion")(self, columns, by, interval)

    def ratio(self, numerator: Column, denominator: Column, by: Names | None = None) -> Any:
        """`mismes_eval.ratio` of this sample."""
        return verb("ratio")(self, numerator, denominator, by)

    def quantile(
        self,
        column: Column,
        probs: float | Sequence[float],
        by: Names | None = None,
        rule: Literal["math", "school", "hf7"] = "math",
        interval: Literal["mean", "xlogit", "quantile"] = "mean",
    ) -> Any:
        """`mismes_eval.quantile` of this sample."""
        return verb("quantile")(self, column, probs, by, rule, interval)

    def variance(self, columns: Names, by: Names | None = None) -> Any:
        """`mismes_eval.variance` of this sample."""
        return verb("variance")(self, columns, by)

    def ols(self, formula: str) -> Any:
        """`mismes_eval.ols` on this sample."""
        return verb("ols")(self, formula)

    def logit(self, formula: str) -> Any:
        """`mismes_eval.logit` on this sample."""
        return verb("logit")(self, formula)

    def poisson(self, formula: str) -> Any:
        """`mismes_eval.poisson` on this sample."""
        return verb("poisson")(self, formula)

    def survival(
        self,
        duration: Column,
        event: Column,
        by: Names | None = None,
        times: Sequence[float] | None = None,
        entry: Column | None = None,
    ) -> Any:
        """`mismes_eval.survival` of this sample."""
        return verb("survival")(self, duration, event, by, times, entry)


def verb(name: str) -> Callable[..., Any]:
    """The verb of the package, loaded when it is first used."""
    verb: Callable[..., Any] = getattr(import_module("mismes_eval"), name)
    return verb
