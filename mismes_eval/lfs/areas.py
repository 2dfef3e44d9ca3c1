"""How unevenly members of a rare group live over areas, as a plan of the next survey needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, InputError, Problem, in_column, worded
from mismes_eval.estimate.totals import mean
from mismes_eval.public import held
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class Areas:
    """frame: one row an area (area, persons, n, prevalence, se, planned, high). `planned` is the
    prevalence drawn towards the mean by as much of the differences as is error of sampling (wholly,
    where they are no larger); `high`: prevalence is above the mean.
    """

    frame: pd.DataFrame

    @cached_property
    def share_high(self) -> float:
        """Share of the population that lives in areas of high prevalence."""
        high = self.frame["high"]
        return float(self.frame["persons"][high].sum() / self.frame["persons"].sum())

    @cached_property
    def prevalence_high(self) -> float:
        """Planned prevalence in areas of high prevalence."""
        return self._planned(True)

    @cached_property
    def prevalence_low(self) -> float:
        """Planned prevalence elsewhere."""
        return self._planned(False)

    def _planned(self, high: bool) -> float:
        own = self.frame[self.frame["high"] == high]
        return float(np.average(own["planned"], weights=own["persons"]))

    def to_frame(self) -> pd.DataFrame:
        """The areas, the highest planned prevalence first."""
        return self.frame.sort_values("planned", ascending=False).reset_index(drop=True)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, border=0, float_format="{:.3f}".format))


@held(InputError)
def areas(sample: Sample, member: str, by: str) -> Areas:
    """Prevalence of a rare group by area, for `plan_precision` and `plan_allocation`.

    Parameters
    ----------
    sample : a survey, narrowed to those who are asked.
    member : 0/1 or boolean column.
    by : column of areas: strata of the frame, regions.

    Returns
    -------
    Areas. The areas that look highest in a sample are in part those that chance made high; the
    planned prevalence is shrunk by the share of the variance between areas that is sampling error
    (Fay and Herriot without covariates, one shrinkage for all).

    Raises
    ------
    EstimateError : fewer than three areas, areas of one prevalence.

    References
    ----------
    Fay and Herriot (1979), Journal of the American Statistical Association 74, 269-277.
    """
    shares = mean(sample, member, by=by)
    found = shares.to_frame()
    inside = sample.active
    weights = pd.Series(sample.weights[inside])
    persons = weights.groupby(sample.frame[by][inside].astype(str).to_numpy()).sum()
    size = persons.reindex(found[by].astype(str)).to_numpy()
    value, error = shares.value, shares.se
    centre = float(np.average(value, weights=size))
    between = float(np.average((value - centre) ** 2, weights=size))
    noise = float(np.average(np.nan_to_num(error) ** 2, weights=size))
    if value.size < 3 or np.ptp(value) == 0:
        raise EstimateError(
            Problem(
                what="areas cannot be told apart",
                where=in_column(by),
                expected="three or more areas whose prevalence differs",
                got=worded("{size} areas", {"size": value.size}),
                fix="Sample all areas alike, or take areas from a census.",
            )
        )
    planned = centre + max(1 - noise / between, 0.0) * (value - centre)
    return Areas(
        pd.DataFrame(
            {
                "area": found[by].to_numpy(),
                "persons": size,
                "n": shares.n,
                "prevalence": value,
                "se": error,
                "planned": planned,
                "high": value > centre,
            }
        )
    )
