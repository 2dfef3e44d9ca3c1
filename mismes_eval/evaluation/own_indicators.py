"""Shares of an office's own, read from columns of its file that no template knows: poverty, a NEET
flag, and what counts as yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import ParamsError, Problem
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.sections import OwnIndicators
from mismes_eval.evaluation.survey import own_column
from mismes_eval.lfs.persons import residents
from mismes_eval.lfs.translate import holds
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample

NOBODY = "nobody of whom it is asked has an answer"


@dataclass(frozen=True)
class OwnIndicator:
    """title: as the table calls it; column: of the survey; among: who is asked."""

    name: str
    title: str
    column: str
    among: Mapping[str, tuple[str, ...]]
    yes: tuple[str, ...]

    @property
    def own(self) -> str:
        """Its column in the survey: 1, 0 or missing."""
        return own_column(self.name)

    def inside(self, frame: pd.DataFrame) -> Bool:
        """(n,) residents of whom it is a share."""
        out = residents(frame)
        for column, wanted in self.among.items():
            out = out & holds(frame[column], wanted)
        return out

    def share(self, sample: Sample, by: By = None) -> Result:
        """Weighted share of yes among those who answered."""
        value = sample.frame[self.own].to_numpy(dtype=float, na_value=np.nan)
        concerned = self.inside(sample.frame) & sample.active
        answered = concerned & ~np.isnan(value)
        if not answered.any():
            return NotEstimable(NOBODY)
        silent = int((concerned & ~answered).sum())
        notes = (
            f"{silent:,} of {int(concerned.sum()):,} persons in the universe gave no answer and are"
            " left out.",
        )
        found = mean(sample.with_columns({self.own: value}).where(answered), self.own, by)
        return found.annotated(
            kind="share", unit="share", definition=self.words, notes=notes if silent else ()
        )

    @property
    def words(self) -> str:
        """What is counted, and of whom."""
        who = "; ".join(f"{column} {', '.join(values)}" for column, values in self.among.items())
        of = f"residents with {who}" if who else "residents"
        return f"share of {of} whose '{self.column}' is {', '.join(self.yes)}"


def own_indicators(params: Params, frame: pd.DataFrame) -> tuple[OwnIndicator, ...]:
    """The indicators that the params describe.

    Raises
    ------
    ParamsError : they are shares among values of columns that the survey lacks.
    """
    own: OwnIndicators = params.indicators
    gone = [
        Problem(
            what="an own indicator is a share among values of a column that the survey lacks",
            where=params.where(f"indicators.among.{name}"),
            expected="columns of the mapped survey",
            got=column,
        )
        for name, among in own.among.items()
        for column in among
        if column not in frame.columns
    ]
    ParamsError.refuse(gone)
    return tuple(
        OwnIndicator(
            name=name,
            title=own.title.get(name, name),
            column=column,
            among=own.among.get(name, {}),
            yes=own.yes[name],
        )
        for name, column in own.columns.items()
    )
