"""TracerPanel: persons sampled once and asked at several waves, with the weights of those who
answered any chosen set of waves.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    InputError,
    Problem,
    in_column,
    of_argument,
    of_arguments,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import check, held
from mismes_eval.tracer import plot, rates, shapes
from mismes_eval.tracer.attrition import Adjustment
from mismes_eval.tracer.dispositions import (
    GROUPS,
    NO_CONTACT,
    PROXY,
    WHEREABOUTS,
    group,
    responded,
    whereabouts,
)
from mismes_eval.tracer.refreshment import refreshment_mask
from mismes_eval.watched import Watched
from mismes_eval.weighting import saved
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.estimators import OfPanels
from mismes_eval.weighting.numbers import float64, native
from mismes_eval.weighting.read_once import once, other_rows, same_rows
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns


@dataclass(frozen=True)
class TracerPanel(OfPanels, Watched):
    """One row a person in `sample`, one row a person and wave in `long`.

    sample : the persons at enrolment, n rows, with their design.
    long : the waves as they were given.
    waves : in time order.
    row : (n, T) position in `long` of each person and wave, -1 where there is none.
    disposition : column of final dispositions, or None: then a row is an answer.
    refresh : column that marks a refreshment sample, or None. adjustment : how weights of those who
        answered are made, or None.
    fixed : weights made by hand for a set of waves.
    episodes, services : side tables of the same persons, or None.
    """

    sample: Sample
    long: pd.DataFrame
    unit: str
    wave: str
    waves: tuple[object, ...]
    row: Int = field(repr=False)
    disposition: str | None = None
    refresh: str | None = None
    adjustment: Adjustment | None = None
    fixed: Mapping[tuple[object, ...], Sample] = field(default_factory=dict, repr=False)
    episodes: pd.DataFrame | None = field(default=None, repr=False)
    services: pd.DataFrame | None = field(default=None, repr=False)
    edits: pd.DataFrame | None = field(default=None, repr=False)
    _made: dict[tuple[object, ...], Sample] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        same_rows(self.long)  # remembers them

    def rows_changed(self) -> list[Problem]:
        """The problem that answers would be those of other persons or waves."""
        long = other_rows(self.long, worded("the panel's long frame"))
        return [*self.sample.rows_changed(), *long]

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        unit: str = "person_id",
        wave: str = "wave",
        sample: Sample | None = None,
        weights: str | None = None,
        strata: Columns = None,
        psu: Columns = None,
        fpc: Columns = None,
        disposition: str | None = None,
        refresh: str | None = None,
        waves: Sequence[Hashable] | None = None,
    ) -> TracerPanel:
        """A panel from a long frame.

        Parameters
        ----------
        frame : one row a person and wave.
        unit, wave : its key; a duplicate key is refused with the ids.
        sample : the persons at enrolment, one row a person with column `unit`; persons who never
            answered belong in it. None: each person's first row, with the design columns `weights`
            (None: equal weights, said in the notes), `strata`, `psu` and `fpc` read there.
        disposition : column of final dispositions (code list `dispositions`); None: whoever has a
            row at a wave answered it.
        refresh : boolean column of the waves or the persons, True for persons of a refreshment
            sample: they have weight 0 until `refreshment` combines them.
        waves : the waves in time order, where the column does not say it: numbers, dates, ordered
            categories and text such as "wave 10" or "2019Q4" have an order, "baseline", "midline"
            and "endline" have none.

        Raises
        ------
        InputError : missing keys, duplicate keys, waves without an order, persons without a row in
            `sample`, unknown dispositions: all of them at once.
        """
        check(
            InputError,
            "TracerPanel.from_frame",
            ("frame", frame, pd.DataFrame),
            ("unit", unit, str),
            ("wave", wave, str),
            ("disposition", disposition, str | None),
            ("refresh", refresh, str | None),
            ("waves", waves, Sequence[object] | None),
        )
        frame = native(frame)
        shapes.check_keys(frame, unit, wave, disposition)
        order = shapes.wave_order(frame[wave], waves)
        if sample is None:
            sample = shapes.enrolment(frame, unit, order, weights, strata, psu, fpc)
        elif any(column is not None for column in (weights, strata, psu, fpc)):
            raise InputError(
                Problem(
                    "two descriptions of the design",
                    of_arguments("sample", "weights", "strata", "psu", "fpc"),
                    "one of them",
                )
            )
        return cls(
            sample=sample,
            long=frame,
            unit=unit,
            wave=wave,
            waves=order.levels,
            row=shapes.positions(frame, sample, unit, order),
            disposition=disposition,
            refresh=refresh,
        )

    @property
    def n(self) -> int:
        """Persons."""
        return self.sample.n

    def place(self, wave: object) -> int:
        """Which of the waves it is. Raises EstimateError where the panel has no such wave."""
        if not isinstance(wave, Hashable) or wave not in self.waves:
            raise EstimateError(
                Problem(
                    "the panel has no such wave",
                    repr(wave),
                    worded("one of {waves}", {"waves": ", ".join(map(str, self.waves))}),
                )
            )
        return self.waves.index(wave)

    def chosen(self, waves: Sequence[object] | object | None) -> tuple[object, ...]:
        """Some waves in time order; None for all."""
        if waves is None:
            return self.waves
        listed = list(waves) if isinstance(waves, list | tuple | set | frozenset) else [waves]
        return tuple(self.waves[place] for place in sorted({self.place(w) for w in listed}))

    @held(InputError)
    def rows_of(self, frame: pd.DataFrame) -> Int:
        """Row of the person whom each row of a frame names; -1 for nobody's."""
        rows: Int = pd.Index(self.sample.frame[self.unit]).get_indexer(frame[self.unit])
        return rows

    @held(InputError)
    def values(self, column: str, wave: object) -> Float:
        """(n,) a column at a wave, in the order of the sample; NaN (None for text) where there is
        no row. Numbers and yes-no answers are floats whatever the file's type. A column known only
        at enrolment is the same at every wave.
        """
        if column not in self.long.columns:
            if column not in self.sample.frame.columns:
                raise EstimateError(
                    Problem(
                        "the panel has no such column",
                        in_column(column),
                        "a column of the waves or of the persons",
                    )
                )
            known = self.sample.frame[column]
            fixed = float64(known)
            return np.asarray(known.to_numpy()) if fixed is None else fixed
        at = self.row[:, self.place(wave)]
        series = self.long[column]
        number = float64(series)
        if number is None and series.isna().all():
            number = np.full(len(series), np.nan)
        if number is not None:
            return np.append(number, np.nan)[at]
        text = np.full(len(series) + 1, None, dtype=object)
        text[:-1] = series.astype(object).where(series.notna(), None).to_numpy()
        spread: Float = text[at]
        return spread

    @cached_property
    def groups(self) -> Int:
        """(n, T) position of the disposition in dispositions.GROUPS (after them OUTSIDE: pending,
        not fielded), -1 where a person has no row at a wave. Without dispositions every row is an
        interview.
        """
        code = (
            np.zeros(len(self.long), np.intp)
            if self.disposition is None
            else once(self.long, self.disposition, group)
        )
        return np.append(code, -1)[self.row]

    @cached_property
    def responded(self) -> Bool:
        """(n, T) who answered, in person or by proxy, at home or abroad."""
        return responded(self.groups)

    @cached_property
    def cases(self) -> Int:
        """(n, T) the groups with every enrolled person in them: who has no row at a wave that
        others have was not contacted (AAPOR keeps every eligible sampled case in the denominator).
        -1 for those of whom the wave could not ask anything: retrospective waves (below 0), the
        known dead, a refreshment sample before it is drawn.
        """
        silent = self.groups < 0
        asked = np.array([not (isinstance(w, int | float) and w < 0) for w in self.waves])
        drawn = np.logical_or.accumulate(self.row >= 0, axis=1) | ~self.refreshed[:, None]
        lost = silent & asked[None, :] & ~self.dead & drawn
        return np.where(lost, NO_CONTACT, self.groups)

    @cached_property
    def tried(self) -> Bool:
        """(n, T) persons of whom the wave's fieldwork is over: neither pending nor out of it."""
        return np.asarray((self.cases >= 0) & (self.cases < len(GROUPS)))

    @cached_property
    def outside(self) -> Bool:
        """(n, T) pending or not fielded by the row's own word: neither an answer nor a loss."""
        return np.asarray(self.groups >= len(GROUPS))

    @cached_property
    def interviews_only(self) -> tuple[object, ...]:
        """Waves whose every row is an interview while enrolled persons have none: files as survey
        servers export them. Who refused is not known there.
        """
        if self.disposition is None:
            return ()
        silent: Bool = np.asarray(
            ((self.groups < 0) & self.tried & self.sample.active[:, None]).any(axis=0)
        )
        others: Bool = np.asarray(((self.groups >= 0) & ~self.responded).any(axis=0))
        return tuple(w for place, w in enumerate(self.waves) if silent[place] and not others[place])

    @cached_property
    def proxy(self) -> Bool:
        """(n, T) answered by a proxy."""
        if self.disposition is None:
            return np.zeros(self.row.shape, bool)
        return np.append(
            (self.long[self.disposition].astype("string") == PROXY).fillna(False).to_numpy(bool),
            False,
        )[self.row]

    @cached_property
    def whereabouts(self) -> Int:
        """(n, T) position in dispositions.WHEREABOUTS, -1 where a person has no row."""
        if self.disposition is None:
            return np.where(self.row >= 0, 0, -1)
        return np.append(once(self.long, self.disposition, whereabouts), -1)[self.row]

    @cached_property
    def refreshed(self) -> Bool:
        """(n,) persons of a refreshment sample."""
        if self.refresh is None:
            return np.zeros(self.n, bool)
        if self.refresh in self.sample.frame.columns and self.refresh not in self.long.columns:
            return refreshment_mask(self.sample.frame[self.refresh])
        return np.asarray(
            (
                np.append(refreshment_mask(self.long[self.refresh]), False)[self.row]
                & (self.row >= 0)
            ).any(axis=1)
        )

    @cached_property
    def dead(self) -> Bool:
        """(n, T) known to have died at this wave or before."""
        return np.asarray(
            np.logical_or.accumulate(self.whereabouts == WHEREABOUTS.index("dead"), axis=1)
        )

    def weight_sample(self, waves: Sequence[object] | object | None = None) -> Sample:
        """The persons with the weight of those who answered all the chosen waves (None: all waves).
        Everybody keeps a row; who did not answer has weight 0.

        Missing another wave does not matter: the steps are made for the chosen waves. Without
        `attrition_weights` nothing is adjusted, and a note says so.
        """
        key = self.chosen(waves)
        if key in self.fixed:
            return self.fixed[key]
        if key not in self._made:
            adjustment = self.adjustment or Adjustment.none()
            self._made[key] = adjustment.apply(self, key)
        return self._made[key]

    def weight_sample_of(self, wave: object, keep_refreshment: bool) -> Sample:
        """`weight_sample` of one wave in which the refreshment sample passes unchanged."""
        return (self.adjustment or Adjustment.none()).apply(
            self, self.chosen(wave), keep_refreshment
        )

    def with_adjustment(self, adjustment: Adjustment) -> TracerPanel:
        """The same panel, its weights made in another way."""
        return replace(self, adjustment=adjustment, _made={})

    @held(InputError)
    def with_weights(self, waves: Sequence[object] | object | None, sample: Sample) -> TracerPanel:
        """The same panel with weights for a set of waves that were made further (trimmed,
        calibrated) from `weight_sample(waves)`.
        """
        if sample.n != self.n or not sample.frame[self.unit].reset_index(drop=True).equals(
            self.sample.frame[self.unit].reset_index(drop=True)
        ):
            raise InputError(
                Problem(
                    "the weights belong to other persons",
                    of_argument("sample"),
                    worded("the panel's {count:,} persons in their order", {"count": self.n}),
                    worded("{count:,} rows", {"count": sample.n}),
                )
            )
        key = self.chosen(waves)
        lost = int(
            (
                (sample.weights != 0)
                & ~self.responded[:, [self.place(w) for w in key]].all(axis=1)
                & sample.domain
            ).sum()
        )
        if lost:
            raise InputError(
                Problem(
                    what="persons who did not answer carry weight",
                    where=of_argument("sample"),
                    expected="weight 0 for them",
                    fix="Start from weight_sample().",
                    count=lost,
                )
            )
        return replace(self, fixed={**self.fixed, key: sample})

    def where(self, mask: Sequence[bool] | Bool | pd.Series) -> TracerPanel:
        """The same panel with a narrower domain of persons. mask: (n,) over the sample's rows.
        Attrition weights made before stay: they are those of everybody then in the domain.
        """
        fixed = {wave: sample.where(mask) for wave, sample in self.fixed.items()}
        made = {waves: sample.where(mask) for waves, sample in self._made.items()}
        return replace(self, sample=self.sample.where(mask), fixed=fixed, _made=made)

    @held(InputError)
    def with_columns(self, columns: dict[str, object]) -> TracerPanel:
        """The same panel with added or replaced columns of persons (n values each)."""
        return replace(
            self,
            sample=self.sample.with_columns(columns),
            fixed={wave: sample.with_columns(columns) for wave, sample in self.fixed.items()},
            _made={},
        )

    @held(InputError)
    def save(self, path: str | Path) -> Path:
        """Write the panel with the weights made so far to one file, from which `load` makes the
        same estimates. It holds the microdata: keep it where they may be kept.

        Raises DesignError for attrition weights that end in a function of yours (`then`).
        """
        return saved.write(path, self, TracerPanel, Sample, Adjustment)

    @classmethod
    @held(InputError)
    def load(cls, path: str | Path) -> TracerPanel:
        """A panel that `save` wrote. Raises DesignError for any other file."""
        return saved.read(path, cls, Sample, Adjustment)

    def to_long(self) -> pd.DataFrame:
        """The waves as they were given."""
        return self.long

    def to_wide(self, separator: str = "@") -> pd.DataFrame:
        """One row a person: columns `name@wave` and `row@wave`. `shapes.from_wide` gives the long
        frame back.
        """
        return shapes.to_wide(
            self.long,
            self.sample.frame[self.unit],
            self.unit,
            self.wave,
            self.waves,
            self.row,
            separator,
        )

    def long_sample(self, column: str, waves: Sequence[object] | None = None) -> Sample:
        """A column at several waves side by side: the sample of those waves with columns
        `column@wave`, its domain narrowed to rows that have them all.
        """
        key = self.chosen(waves)
        values = {f"{column}@{w}": self.values(column, w) for w in key}
        seen = np.all([pd.notna(value) for value in values.values()], axis=0)
        return self.weight_sample(key).with_columns(values).where(seen)

    def patterns(self) -> pd.DataFrame:
        """Response patterns (1110, 1011, ...): n, weighted share, kind."""
        return rates.patterns(self)

    def outcome_rates(self, by: By = None, e: float | None = None) -> Estimate:
        """AAPOR response, cooperation, refusal and contact rates, wave by wave. See
        `rates.outcome_rates`.
        """
        return rates.outcome_rates(self, by, e)

    def tracing_rate(self, by: By = None) -> Estimate:
        """Share of the persons whose whereabouts are known at each wave, proxies and the known dead
        included.
        """
        return rates.tracing_rate(self, by)

    def cumulative_response(self, by: By = None, recruitment: float = 1.0) -> Estimate:
        """Product of the waves' RR2, times the recruitment rate."""
        return rates.cumulative_response(self, by, recruitment)

    def edit_counts(self) -> pd.DataFrame:
        """What the edit report found, counted and without ids: rule, column, meaning, count of
        persons; first what was found most often. Count 0: checked and clean. Empty where the panel
        was not made by `tracer.read`. The ids are in `edits`, which stays in the office.
        """
        columns = ["rule", "column", "meaning", "count"]
        if self.edits is None:
            return pd.DataFrame(columns=columns)
        found = self.edits[columns].sort_values("count", ascending=False, kind="stable")
        return found.reset_index(drop=True)

    def participation(self) -> pd.DataFrame:
        """Each wave: persons by outcome group, rows missing, whereabouts."""
        return rates.participation(self)

    def plot(self, ax: object | None = None) -> object:
        """Persons by outcome of each wave, stacked. Returns the matplotlib axes."""
        return plot.participation(self.participation(), ax)

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>Tracer panel</strong>: {self.n:,} persons, waves"
            f" {', '.join(map(str, self.waves))}</p>" + self.participation().to_html(index=False)
        )

    def __repr__(self) -> str:
        return (
            f"TracerPanel of {self.n:,} persons, waves"
            f" {', '.join(map(str, self.waves))}\n{self.participation().to_string(index=False)}"
        )
