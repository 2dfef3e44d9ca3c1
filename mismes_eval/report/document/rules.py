"""Reliability and confidentiality rules of a report, and what they say of one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.errors import ParamsError, Problem, in_place, in_section

LEVEL_KINDS = frozenset({"total", "mean", "proportion", "share", "ratio", "quantile"})


@dataclass(frozen=True)
class Rules:
    """Set per country (params, section disclosure).

    min_cell : fewest unweighted persons behind a published share or total.
    min_mean : the same for means and quantiles.
    cv_flag, cv_suppress : coefficients of variation from which a level is marked (u), and replaced
        by ":".
    min_weighted : weighted persons below which a level is marked (u) (Armenia: 7,500).

    Weighted counts are not rounded: hidden cells are protected by the linear programme, and a
    rounded total would no longer lie in its own interval nor be reproduced by `mismes verify`.
    """

    min_cell: int = 10
    min_mean: int = 30
    cv_flag: float = 0.15
    cv_suppress: float = 0.30
    min_weighted: float = 0.0

    def __post_init__(self) -> None:
        ok = (
            self.min_cell >= 3
            and self.min_mean >= self.min_cell
            and 0 <= self.cv_flag <= self.cv_suppress
            and self.min_weighted >= 0
        )
        if not ok:
            raise ParamsError(
                Problem(
                    "disclosure rules contradict each other",
                    in_place("params", in_section("disclosure")),
                    "min_cell >= 3, min_mean >= min_cell, 0 <= cv_flag <= cv_suppress, min_weighted"
                    " >= 0",
                    str(self),
                )
            )

    def confidential(self, kind: str, n: float) -> bool:
        """Too few persons behind the number for anybody to see it. n = 0 is an empty cell, which is
        published as such.
        """
        least = (
            self.min_mean
            if kind in ("mean", "quantile", "ratio", "regression", "effect")
            else self.min_cell
        )
        return 0 < n < least

    def flag(self, kind: str, cv: float, weighted: float = np.inf, doubtful: bool = False) -> str:
        """ "" reliable, "u" use with care, ":" not shown because its error is too large. Effects
        and contrasts carry their interval instead of a CV flag: "i" where few units stand behind
        it.
        """
        if kind not in LEVEL_KINDS:
            return "i" if doubtful else ""
        if not np.isfinite(cv) or cv > self.cv_suppress:
            return ":"
        return "u" if cv > self.cv_flag or weighted < self.min_weighted else ""
