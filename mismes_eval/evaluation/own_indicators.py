"""Shares and means of an office's own, read from columns of its file that no template knows:
poverty or a NEET flag, and what counts as yes; the number of children, and its unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import ParamsError, Problem, in_column, in_place, named
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.totals import mean, total
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.sections import OwnIndicators
from mismes_eval.evaluation.survey import own_column
from mismes_eval.lfs.persons import residents
from mismes_eval.lfs.translate import holds
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.sample import Sample

NOBODY = "nobody of whom it is asked has an answer"


@dataclass(frozen=True)
class OwnIndicator:
    """title: as the table calls it; column: of the survey; among: who is asked; yes: what counts as
    one; unit: of a number, empty for a share.
    """

    name: str
    title: str
    column: str
    among: Mapping[str, tuple[str, ...]]
    yes: tuple[str, ...]
    unit: str

    @property
    def own(self) -> str:
        """Its column in the survey: 1, 0 or missing; or the number."""
        return own_column(self.name)

    def inside(self, frame: pd.DataFrame) -> Bool:
        """(n,) residents of whom it is a share or mean."""
        out = residents(frame)
        for column, wanted in self.among.items():
            out = out & holds(frame[column], wanted)
        return out

    def among_answers(self, sample: Sample) -> Result:
        """Weighted share of yes, or mean, among those who answered."""
        value = sample.frame[self.own].to_numpy(dtype=float, na_value=np.nan)
        concerned = self.inside(sample.frame) & sample.active
        answered = concerned & ~np.isnan(value)
        if not answered.any():
            return NotEstimable(NOBODY)
        silent = int((concerned & ~answered).sum())
        left_out = Message(
            "{n} of {all} persons in the universe gave no answer and are left out.",
            {"n": f"{silent:,}", "all": f"{int(concerned.sum()):,}"},
        )
        found = mean(sample.with_columns({self.own: value}).where(answered), self.own)
        return found.annotated(
            kind="mean" if self.unit else "share",
            unit=self.unit or "share",
            definition=self.words,
            notes=(left_out,) if silent else (),
        )

    def persons(self, sample: Sample) -> Result:
        """Weighted number of those who said yes, who are its universe: it is they who must not be
        few.
        """
        yes = sample.frame[self.own].to_numpy(dtype=float, na_value=np.nan) == 1
        yes &= self.inside(sample.frame) & sample.active
        if not yes.any():
            return NotEstimable(NOBODY)
        found = total(sample.with_columns({self.own: yes.astype(float)}).where(yes), self.own)
        return found.annotated(kind="total", unit="persons", definition=self.words)

    @property
    def words(self) -> Message:
        """What is counted, and of whom."""
        who = "; ".join(f"{column} {', '.join(values)}" for column, values in self.among.items())
        values = {"who": who, "c": self.column, "v": ", ".join(self.yes)}
        template = "mean of '{c}' among residents" if self.unit else "share of residents"
        if who:
            template += " with {who}"
        if not self.unit:
            template += " whose '{c}' is {v}"
        return Message(template, values, "definition")


def own_indicators(params: Params, frame: pd.DataFrame) -> tuple[OwnIndicator, ...]:
    """The indicators that the params describe.

    Raises
    ------
    ParamsError : they are shares among values of columns that the survey lacks, or means of texts.
    """
    own: OwnIndicators = params.indicators
    ParamsError.refuse([*_gone(params, own, frame), *_texts(params, own, frame)])
    return tuple(
        OwnIndicator(
            name=name,
            title=own.title.get(name, name),
            column=column,
            among=own.among.get(name, {}),
            yes=own.yes.get(name, ()),
            unit=own.unit.get(name, ""),
        )
        for name, column in own.columns.items()
    )


def _gone(params: Params, own: OwnIndicators, frame: pd.DataFrame) -> Iterator[Problem]:
    for name, among in own.among.items():
        for column in among:
            if column not in frame.columns:
                yield Problem(
                    what="an own indicator is a share among values of a column that the survey lacks",
                    where=params.where(f"indicators.among.{name}"),
                    expected="columns of the mapped survey",
                    got=column,
                )


def _texts(params: Params, own: OwnIndicators, frame: pd.DataFrame) -> Iterator[Problem]:
    """Values that are no number where the mean of one is asked for."""
    for name in own.unit:
        values = frame[own_column(name)]
        odd = values[values.notna() & pd.to_numeric(values, errors="coerce").isna()].astype(str)
        if not odd.empty:
            yield Problem(
                what="text in a column of numbers",
                where=in_place(
                    params.where(f"indicators.unit.{name}"), in_column(own.columns[name])
                ),
                expected="numbers",
                got=named(odd.unique()),
                fix="Say why each is no answer: indicators.missing.",
                count=len(odd),
            )
