"""What the static two-way coefficient averages: Goodman-Bacon's decomposition into two-by-two
comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    of_arguments,
    worded,
)
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.regression.long_rows import (
    regression_panel,
    without_effects,
)
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.spots import Cloud, spots
from mismes_eval.pictures.style import BLUE, GREY, ORANGE, SKY
from mismes_eval.public import public
from mismes_eval.weighting.domain import no_negative_weights
from mismes_eval.weighting.panel import PanelLike
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn

CLEAN, EARLIER, LATER, ALWAYS = (
    "treated vs never treated",
    "earlier vs later treated",
    "later vs earlier treated",
    "later vs always treated",
)
COLOURS = {CLEAN: BLUE, EARLIER: SKY, LATER: ORANGE, ALWAYS: GREY}
MARKS = {CLEAN: "o", EARLIER: "^", LATER: "s", ALWAYS: "D"}


@dataclass(frozen=True)
class Bacon:
    """table: one row a comparison (treated, comparison cohort, kind, estimate, weight; weights add
    up to 1); coefficient: their weighted sum, the two-way estimate.
    """

    table: pd.DataFrame
    coefficient: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """treated, comparison (inf: never, -inf: always), kind, estimate, weight."""
        return self.table.copy()

    def by_kind(self) -> pd.DataFrame:
        """Weight and average estimate of each kind of comparison."""
        grouped = (
            self.table.assign(part=self.table["estimate"] * self.table["weight"])
            .groupby("kind", as_index=False)[["weight", "part"]]
            .sum()
        )
        return grouped.assign(estimate=grouped["part"] / grouped["weight"])[
            ["kind", "estimate", "weight"]
        ]

    @property
    def forbidden(self) -> float:
        """Weight of comparisons with units already treated."""
        return float(self.table.loc[self.table["kind"].isin([LATER, ALWAYS]), "weight"].sum())

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        return (
            f"The two-way coefficient {self.coefficient:.4g} puts {100 * self.forbidden:.1f}% of"
            " its weight on comparisons with units that are already treated."
        )

    def plot(self, ax: Any = None) -> Any:
        """Estimates against weights, by kind. Returns the axes."""
        clouds = [
            Cloud(
                name=f"{kind} (weight {rows['weight'].sum():.2f})",
                x=rows["weight"].to_numpy(float),
                y=rows["estimate"].to_numpy(float),
                colour=COLOURS[str(kind)],
                marker=MARKS[str(kind)],
            )
            for kind, rows in self.table.groupby("kind")
        ]
        level = self.coefficient, f"two-way coefficient {self.coefficient:.3g}"
        ax = spots(ax, clouds, level)
        ax.legend(frameon=False, fontsize=8)
        return ax

    def _repr_html_(self) -> str:
        begun = self.table[["treated", "comparison"]].map(_begun)
        pairs = self.table.assign(treated=begun["treated"], comparison=begun["comparison"])
        return in_notebook(self.by_kind(), text=self.text) + in_notebook(pairs, self.notes)


def _begun(cohort: float | str) -> str:
    """A cohort as a reader names it."""
    if isinstance(cohort, str):
        return cohort
    return "never" if cohort == np.inf else "always" if cohort == -np.inf else f"{cohort:g}"


@public(EstimateError)
def bacon(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    unit: str | None = None,
    time: TimeColumn = None,
) -> Bacon:
    """Decomposition of the static two-way coefficient of a balanced panel (R: bacondecomp).

    cohort : first treated period; 0 or after the last period: never; at or before the first:
        always. Weights may differ between units, not between periods.

    Raises IdentificationError: an unbalanced panel, weights that change, one cohort only.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277, theorem 1, with weighted shares in
    the place of shares.
    """
    long = regression_panel(data, [outcome], unit, time, None, cohort)
    no_negative_weights(long.sample)
    if not long.regular:
        raise IdentificationError(
            Problem(
                what="the decomposition needs a balanced panel",
                where=of_arguments("unit", "time"),
                expected="every unit in every period with one weight",
                got=worded("gaps or weights that change"),
                fix="Narrow the domain to complete units.",
            )
        )
    start = long.start
    start = np.where(start <= long.periods[0], -np.inf, start)
    groups = np.unique(start)
    if groups.size < 2 or not np.isfinite(groups).any():
        raise IdentificationError(
            Problem(
                "nothing to compare",
                in_column(cohort),
                "two cohorts, one of which starts inside the window",
                ", ".join(_begun(long.time.key(start)) for start in groups),
            )
        )
    w = long.weights
    y = long.columns[outcome]
    code = np.searchsorted(groups, start) * long.periods.size + long.period
    mass = np.bincount(code, weights=w, minlength=groups.size * long.periods.size).reshape(
        groups.size, -1
    )
    means = np.bincount(code, weights=w * y, minlength=mass.size).reshape(mass.shape) / mass
    table = _pairs(groups, mass[:, 0] / mass[:, 0].sum(), means, long.periods)
    table = table.assign(
        **{column: table[column].map(long.time.key) for column in ("treated", "comparison")}
    )
    treated_now = (long.at >= start).astype(float)
    residual = without_effects(long, treated_now[:, None])[:, 0]
    coefficient = float(w @ (residual * y)) / float(w @ residual**2)
    note = (
        f"Goodman-Bacon decomposition of the static two-way coefficient of {outcome}: {groups.size}"
        f" cohorts, {long.units:,} units, {long.periods.size} periods."
    )
    return Bacon(table, coefficient, (note, long.time.said, *long.notes, *long.sample.flags))


def _pairs(groups: Float, share: Float, means: Float, periods: Float) -> pd.DataFrame:
    rows = []
    treated_share = np.array([(periods >= start).mean() for start in groups])
    for a in range(groups.size):
        for b in range(a + 1, groups.size):
            early, late, dk, dl = groups[a], groups[b], treated_share[a], treated_share[b]
            both = share[a] * share[b]
            if np.isfinite(early):
                window = periods < late
                kind = CLEAN if np.isinf(late) else EARLIER
                rows.append(
                    (
                        early,
                        late,
                        kind,
                        _did(
                            means[a],
                            means[b],
                            window & (periods >= early),
                            window & (periods < early),
                        ),
                        both * (dk - dl) * (1 - dk),
                    )
                )
            if np.isfinite(late):
                window = periods >= early
                kind = LATER if np.isfinite(early) else ALWAYS
                rows.append(
                    (
                        late,
                        early,
                        kind,
                        _did(
                            means[b],
                            means[a],
                            window & (periods >= late),
                            window & (periods < late),
                        ),
                        both * dl * (dk - dl),
                    )
                )
    table = pd.DataFrame(rows, columns=["treated", "comparison", "kind", "estimate", "weight"])
    return table.assign(weight=table["weight"] / table["weight"].sum())


def _did(treated: Float, compared: Float, after: np.ndarray, before: np.ndarray) -> float:
    return float(
        treated[after].mean()
        - treated[before].mean()
        - compared[after].mean()
        + compared[before].mean()
    )
