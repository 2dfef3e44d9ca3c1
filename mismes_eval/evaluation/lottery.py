"""A draw by lot in a file of its own: the loss of each arm, the arms before the draw, what the
offer changed, what taking part changed where that is known, and the bounds of both where units were
lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    InputError,
    Problem,
    in_column,
    in_place,
    in_section,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import codes_among_outcomes, delivered_study
from mismes_eval.evaluation.sections_of_designs import LotteryKeys
from mismes_eval.evaluation.study import (
    Alone,
    StudyFile,
    blocks_in,
    lacking,
    no_arms,
    no_numbers,
    study_file,
)
from mismes_eval.impact.trials.arms import compared
from mismes_eval.impact.trials.itt import Correction, itt
from mismes_eval.impact.trials.late import late
from mismes_eval.impact.trials.late_bounds import late_bounds
from mismes_eval.numerics.arms import Adjustment
from mismes_eval.numerics.rows import Bool, Int
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
ALL = "all"
FOLLOWED, LOST = "_followed", "_lost"
NOBODY_LOST = "every unit that was drawn has an answer"


@dataclass(frozen=True)
class Lottery:
    """file: units of the draw, their design and groups. keys: the section of the params. followed:
    column that is stated for units that were followed up, None where outcomes alone tell.
    """

    file: StudyFile
    keys: LotteryKeys
    followed: str | None
    measure: str

    @property
    def assigned(self) -> str:
        """The column of what the lot said."""
        return str(self.keys.assigned)

    @property
    def main_outcome(self) -> str:
        """The outcome of the headline."""
        return self.keys.main_outcome or self.keys.outcomes[0]

    @property
    def sample(self) -> Sample:
        return self.file.sample

    @property
    def small_sample(self) -> Correction:
        """Errors count the coefficients of blocks and covariates, unless replicates make them."""
        return "full" if self.sample.design.replicates is None else "design"

    def _offered(
        self,
        rows: Sample,
        outcome: str | tuple[str, ...],
        known: tuple[str, ...],
        adjustment: Adjustment,
    ) -> Estimate:
        """Difference between the arms within the blocks, adjusted for what was `known` before."""
        return itt(
            rows, outcome, self.assigned, known, self.keys.blocks, adjustment, self.small_sample
        )

    @cached_property
    def groups(self) -> Mapping[str, Bool]:
        """Everybody, then the groups of the params."""
        return {ALL: np.ones(self.sample.n, bool), **self.file.groups}

    @cached_property
    def offered(self) -> Bool:
        """(n,) who was offered a place."""
        return np.asarray(self._column(self.assigned) == 1.0, bool)

    def answered(self, *columns: str) -> Bool:
        """(n,) units that were followed up and have a value in each column."""
        needed = [*columns, *(() if self.followed is None else (self.followed,))]
        return np.asarray(self.sample.frame[needed].notna().all(axis=1), bool)

    @cached_property
    def _block(self) -> Int:
        return blocks_in(self.sample.frame, self.keys.blocks)

    def alone(self, inside: Bool) -> Alone:
        """Those of some units of the draw (n,) whose block holds one arm only among them; nobody
        where the draw has no blocks.
        """
        if not self.keys.blocks:
            return Alone(np.zeros(self.sample.n, bool), 0)
        return Alone.among(self.sample.active & inside, self._block, self.offered)

    def compared(self, inside: Bool) -> Bool:
        """(n,) those of some units (n,) that an effect within the blocks is of: their block holds
        both arms among them. All of them where no block does, which every estimator refuses.
        """
        within: Bool = self.sample.active & inside & ~self.alone(inside).units
        return within if within.any() else self.sample.active & inside

    def within_blocks(self, rows: Sample) -> Sample:
        """Units narrowed to those that are compared, in the design of all."""
        return rows.where(self.compared(rows.active))

    def is_share(self, outcome: str) -> bool:
        """Whether an outcome is yes or no."""
        values = self._column(outcome)[self.sample.active]
        return bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all())

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """What units may be lost to: follow-up as a whole, where a column tells it, and each
        outcome.
        """
        whole = () if self.followed is None else (self.followed,)
        return tuple(dict.fromkeys((*whole, *self.keys.outcomes)))

    @cached_property
    def loss(self) -> Mapping[tuple[str, str], tuple[Result, Result, Result]]:
        """By group and outcome: the share lost of those offered, of those not, and the difference
        within the blocks.
        """
        return {
            (group, column): self._lost(group, column)
            for column in self.counted
            for group in self.groups
        }

    def _lost(self, group: str, column: str) -> tuple[Result, Result, Result]:
        lost = np.where(self.answered(column), 0.0, 1.0)
        rows = self.sample.with_columns({LOST: lost}).where(self.groups[group])
        if not lost[rows.active].any():
            none = NotEstimable(NOBODY_LOST)
            return none, none, none
        both = self.within_blocks(rows)
        gap = attempted(lambda: self._offered(both, LOST, (), self.keys.adjustment))
        offered = attempted(lambda: mean(rows.where(self.offered), LOST))
        return offered, attempted(lambda: mean(rows.where(~self.offered), LOST)), gap

    @cached_property
    def known_before(self) -> tuple[str, ...]:
        """Covariates that are numbers, or yes and no: those that the arms are compared in."""
        frame = self.sample.frame
        return tuple(
            covariate
            for covariate in self.keys.covariates
            if pd.api.types.is_numeric_dtype(frame[covariate])
        )

    @cached_property
    def before(self) -> Result:
        """Differences between the arms in what was known before the draw, within the blocks."""
        if not self.known_before:
            return NotEstimable("the params name no number that was known before the draw")
        rows = self.within_blocks(self.sample)
        return attempted(lambda: self._offered(rows, self.known_before, (), "additive"))

    @cached_property
    def drawn_fairly(self) -> Test | NotEstimable:
        """Joint test that the arms did not differ before the draw."""
        if isinstance(self.before, NotEstimable):
            return self.before
        return wald(self.before, list(self.before.names))

    @cached_property
    def offers(self) -> Mapping[tuple[str, str], Result]:
        """By group and outcome: what the offer changed."""
        return {
            (group, outcome): self._offer(group, outcome)
            for outcome in self.keys.outcomes
            for group in self.groups
        }

    def _offer(self, group: str, outcome: str) -> Result:
        return attempted(
            lambda: self._offered(
                self.within_blocks(self.weighted(outcome).where(self.groups[group])),
                outcome,
                self.keys.covariates,
                self.keys.adjustment,
            )
        )

    @cached_property
    def taken(self) -> Mapping[str, Result]:
        """By outcome: take-up of those whom the offer made take part, and the effect on them; empty
        where the params name no take-up.
        """
        if self.keys.takeup is None:
            return {}
        return {outcome: self._taken(outcome) for outcome in self.keys.outcomes}

    def _taken(self, outcome: str) -> Result:
        takeup = str(self.keys.takeup)
        return attempted(
            lambda: late(
                self.within_blocks(self.weighted(outcome, takeup)),
                outcome,
                takeup,
                self.assigned,
                covariates=self.keys.covariates,
                blocks=self.keys.blocks,
                adjustment="additive",
                small_sample=self.small_sample,
            )
        )

    @cached_property
    def bounds(self) -> Mapping[tuple[str, str], Result]:
        """By outcome and column (the offer, taking part): the least and the largest effect on those
        who would be followed either way, whatever decided who was lost; empty where nobody was, or
        where the params want none.
        """
        if not self.keys.bounds or not self.adjusted:
            return {}
        columns = [column for column in (self.assigned, self.keys.takeup) if column is not None]
        return {
            (outcome, column): self._bounds(outcome, column)
            for outcome in self.keys.outcomes
            for column in columns
        }

    def _bounds(self, outcome: str, column: str) -> Result:
        answered = self.answered(outcome)
        if answered[self.sample.active].all():
            return NotEstimable(NOBODY_LOST)
        marked = self.within_blocks(self.sample).with_columns({FOLLOWED: answered.astype(float)})
        keys = self.keys
        return attempted(
            lambda: late_bounds(
                marked,
                outcome,
                column,
                self.assigned,
                FOLLOWED,
                covariates=keys.covariates,
                blocks=keys.blocks,
                adjustment=keys.adjustment,
                small_sample=self.small_sample,
            )
        )

    def weighted(self, *columns: str) -> Sample:
        """The units with weights of those who have a value in each column, raised by a response
        model on the arm and what was known before the draw; the sample as it is where nobody is
        lost.
        """
        answered = self.answered(*columns)
        if answered[self.sample.active].all():
            return self.sample
        marked = self.sample.with_columns({FOLLOWED: answered.astype(float)})
        return nonresponse(marked, FOLLOWED, [self.assigned, *self.response_covariates])

    @property
    def response_covariates(self) -> tuple[str, ...]:
        """What the response model knows beside the arm."""
        chosen = self.keys.attrition_covariates
        return self.keys.covariates if chosen is None else chosen

    @cached_property
    def adjusted(self) -> bool:
        """Whether anybody is lost, so that weights of those who stayed are raised."""
        active = self.sample.active
        return not all(self.answered(outcome)[active].all() for outcome in self.keys.outcomes)

    def _column(self, name: str) -> np.ndarray:
        return self.sample.frame[name].to_numpy(float, na_value=np.nan)


def lottery(params: Params) -> Lottery | None:
    """The draw that a run names; None where it names none.

    Raises
    ------
    InputError : columns that the file lacks, no outcome, an arm or outcomes that are no numbers, a
        take-up that is neither yes nor no, units whose arm is not known.
    """
    path, keys = params.inputs.study, params.lottery
    if path is None or keys == LotteryKeys():
        return None
    frame = delivered_study(params, path)
    named = [
        keys.assigned,
        keys.takeup,
        keys.main_outcome,
        *keys.blocks,
        *keys.outcomes,
        *keys.covariates,
        *(keys.attrition_covariates or ()),
    ]
    InputError.refuse([*_undescribed(params), *lacking(params, frame, named, path.name)])
    file = study_file(params, frame)
    outcomes = codes_among_outcomes(params, frame, keys.outcomes, path.name)
    InputError.refuse([*_unreadable(file, keys), *outcomes])
    return Lottery(
        file=file,
        keys=keys,
        followed=params.study.followed,
        measure=keys.measure or path.name,
    )


def _undescribed(params: Params) -> Iterator[Problem]:
    keys = params.lottery
    if keys.assigned is None or not keys.outcomes:
        where = in_place(params.source, in_section("lottery"))
        yield Problem("the draw is not described", where, "assigned and outcomes")
    if keys.main_outcome is not None and keys.main_outcome not in keys.outcomes:
        yield Problem(
            "the headline's outcome is not among the outcomes",
            params.where("lottery.main_outcome"),
            ", ".join(keys.outcomes) or "lottery.outcomes",
            keys.main_outcome,
        )


def _unreadable(file: StudyFile, keys: LotteryKeys) -> list[Problem]:
    """Columns of the draw that cannot be used, each with the number of its units."""
    active, frame = file.sample.active, file.sample.frame
    arms = [column for column in (keys.assigned, keys.takeup) if column is not None]
    problems = [*no_arms(file, arms), *no_numbers(file, keys.outcomes)]
    unstated = _unstated(file, keys)
    problems += unstated
    drawn_arms = frame.loc[active, str(keys.assigned)].dropna().unique()
    if not unstated and len(drawn_arms) < 2:
        drawn = worded("nobody")
        if len(drawn_arms):
            drawn = worded("{arm} for everybody", {"arm": drawn_arms[0]})
        problems.append(
            Problem(
                what="the draw has one arm only",
                where=in_place(file.source, in_column(keys.assigned)),
                expected="1 and 0",
                got=drawn,
                fix="Keep those who were not drawn in the file: they are the comparison.",
            )
        )
    elif not unstated and not problems:
        problems += _no_block_with_both(file, keys)
    return problems


def _no_block_with_both(file: StudyFile, keys: LotteryKeys) -> list[Problem]:
    """Blocks none of which has both arms: nothing can be compared within them."""
    inside = file.sample.frame.loc[file.sample.active]
    block = blocks_in(inside, keys.blocks)
    if compared(block, inside[str(keys.assigned)].to_numpy(float) == 1).any():
        return []
    return [
        Problem(
            what="no block of the draw has both arms",
            where=in_place(file.source, in_column(", ".join(keys.blocks))),
            expected="blocks within which some units were drawn and others were not",
            got=worded("{n} blocks with one arm each", {"n": int(block.max()) + 1}),
            fix="Name the columns within whose combinations lots were drawn, and no finer ones:"
            " lottery.blocks.",
        )
    ]


def _unstated(file: StudyFile, keys: LotteryKeys) -> list[Problem]:
    """Columns known before the draw that some units have no value in: no unit is left out of an
    estimate that nobody left out of the study.
    """
    before = {str(keys.assigned): "units whose arm is not known"}
    before |= dict.fromkeys(keys.blocks, "units whose block is not known")
    covariates = (*keys.covariates, *(keys.attrition_covariates or ()))
    before |= {one: "units without a covariate" for one in covariates if one not in before}
    problems = []
    for column, what in before.items():
        missing = int((file.sample.active & file.sample.frame[column].isna().to_numpy()).sum())
        fix = worded(
            "Leave them out and say so: study.where: {{{column}: [stated]}}.", {"column": column}
        )
        expected = "1 or 0" if column == keys.assigned else "a value for every unit of the draw"
        if missing:
            where = in_place(file.source, in_column(column))
            got = worded("no value")
            problems.append(Problem(what, where, expected, got, fix, count=missing))
    return problems
