"""Sample: a frame, its survey design and a domain, frozen. The only thing that estimators take."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    DesignError,
    DesignWarning,
    MismesError,
    Problem,
    in_column,
    kind_of,
    named,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.numerics.variance import Lonely
from mismes_eval.public import held
from mismes_eval.watched import Watched
from mismes_eval.weighting import plot, saved
from mismes_eval.weighting.arguments import as_name, as_names, frame_problem
from mismes_eval.weighting.data_warnings import (
    all_sampled,
    repeated_rows,
    rounded_codes,
    scaled_weights,
)
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.estimators import OfSamples
from mismes_eval.weighting.masks import aligned, no_column, no_mask
from mismes_eval.weighting.numbers import native
from mismes_eval.weighting.read_once import carried, other_rows, same_rows
from mismes_eval.weighting.stages import Columns, DesignColumns, build
from mismes_eval.weighting.steps import WeightStep

LONELY: tuple[str, ...] = ("adjust", "remove", "average", "certainty", "error")


@dataclass(frozen=True)
class Sample(OfSamples, Watched):
    """frame: n rows; design: the weights and how they were made; domain: (n,) mask of the rows that
    estimates speak of.

    flags : sentences every table of this sample carries (synthetic data, non-probability sample,
        definitions in force).
    persons : (n,) how many persons each row stands for, where rows are cells of persons
        (`PartitionedSample`).
    """

    frame: pd.DataFrame
    design: SurveyDesign
    domain: Bool
    flags: tuple[str, ...] = ()
    persons: Float | None = None

    def __post_init__(self) -> None:
        same_rows(self.frame)  # remembers them

    def rows_changed(self) -> list[Problem]:
        """The problem that weights would be those of other persons."""
        return other_rows(self.frame, worded("the sample's frame"))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        weights: str | None = None,
        strata: Columns = None,
        psu: Columns = None,
        fpc: Columns = None,
        lonely_psu: Lonely = "adjust",
        replicates: object | None = None,
        household: str | None = None,
        cluster_deff: float = 1.0,
        nest: bool | None = None,
        unit: Columns = None,
    ) -> Sample:
        """A sample from a frame that names its design columns.

        Parameters
        ----------
        weights : column of base weights; None with fpc: weights from the population counts.
        strata, psu, fpc : a column, or a list with one column per sampling stage. fpc as population
            counts or sampling fractions (told apart, said in notes).
        lonely_psu : what a stratum with one PSU contributes: "adjust" (deviation from the overall
            mean), "average", "remove", "certainty", "error".
        replicates : a `ReplicateWeights` description of replicate weight columns.
        household : cluster used where the file has no PSU.
        cluster_deff : multiplies the variance where it has neither.
        nest : True where PSU codes restart in every stratum. Asked for, never guessed.
        unit : key column or columns of a row; rows that repeat a key (after a merge) are refused.

        Warns
        -----
        DesignWarning : PSU codes that look rounded by a spreadsheet or a float format, with how
            many are left; rows that repeat another in every column while some column tells all
            others apart (without `unit`). The design's notes carry both.

        Raises
        ------
        DesignError : lists every problem of weights, strata, PSUs and fpc.
        """
        problems = _argument_problems(frame, lonely_psu, replicates, cluster_deff, nest)
        if not isinstance(frame, pd.DataFrame):
            raise DesignError(problems)
        frame = native(frame)
        problems += _repeated_keys(frame, as_names(unit, "unit"))
        stages = as_names(psu, "psu")
        columns = DesignColumns(
            weights=as_name(weights, "weights"),
            strata=as_names(strata, "strata"),
            psu=stages,
            fpc=as_names(fpc, "fpc"),
            household=as_name(household, "household"),
        )
        try:
            design = build(frame, columns, lonely_psu, nest, cluster_deff)
        except DesignError as error:
            raise DesignError([*problems, *error.problems]) from None
        DesignError.refuse(problems)
        if replicates is not None:
            design = replicates.attach(frame, design)  # type: ignore[attr-defined]
        elif design.lonely_strata:
            lonely = len(design.lonely_strata)
            have = (
                "1 stratum has one PSU and is"
                if lonely == 1
                else f"{lonely} strata have one PSU and are"
            )
            strata_of_one = named(design.lonely_strata)
            note = f"{have} treated by the rule '{lonely_psu}': {strata_of_one}."
            design = replace(design, notes=(*design.notes, note))
        scaled = scaled_weights(design.base)
        if scaled is not None:
            design = replace(design, notes=(*design.notes, scaled))
        for doubt in (
            rounded_codes(frame, stages),
            all_sampled(design, as_names(fpc, "fpc")),
            "" if unit is not None else repeated_rows(frame, design.base),
        ):
            if doubt:
                warnings.warn(doubt, DesignWarning, stacklevel=2)
                design = replace(design, notes=(*design.notes, doubt))
        return cls(frame, design, np.ones(len(frame), bool))

    @property
    def weights(self) -> Float:
        """(n,) weights after all steps."""
        return self.design.weights

    @property
    def n(self) -> int:
        return len(self.frame)

    @cached_property
    def active(self) -> Bool:
        """(n,) rows of the domain that carry weight."""
        out: Bool = self.domain & (self.weights != 0)
        return out

    def counted(self, rows: Bool) -> int:
        """How many persons these rows (n,) are."""
        return int(rows.sum() if self.persons is None else self.persons[rows].sum())

    @cached_property
    def degf(self) -> float:
        """Design degrees of freedom in the domain."""
        return self.design.degf if self.active.all() else self.design.degf_within(self.active)

    def where(self, mask: Sequence[bool] | Bool | pd.Series) -> Sample:
        """The same design with a narrower domain. mask: (n,) booleans, or a Series aligned to the
        frame; missing is refused.

        Estimates and weight steps that follow speak of the domain alone; rows outside keep their
        place in the design and their weight.
        """
        return replace(self, domain=self.domain & self.mask(mask))

    def mask(self, mask: Sequence[bool] | Bool | pd.Series) -> Bool:
        """(n,) booleans aligned to the frame."""
        DesignError.refuse(self.rows_changed())
        given: object = mask
        if isinstance(mask, pd.Series):
            given = aligned(mask, self.frame, "the mask", of_argument("mask"))
        if isinstance(given, Problem):
            raise DesignError(given)
        out = np.asarray(given)
        missing = np.ma.getmaskarray(mask) if isinstance(mask, np.ma.MaskedArray) else pd.isna(out)
        if out.shape == (self.n,):
            DesignError.refuse(
                Problem(
                    what="the mask is missing for some rows",
                    where=of_argument("mask"),
                    expected="True or False in every row",
                    got=worded("missing"),
                    fix="Decide what missing means, e.g. mask.fillna(False).",
                ).where_true(missing)
            )
        if out.dtype != bool or out.shape != (self.n,):
            raise DesignError(no_mask(mask, out, self.frame))
        return out

    def everybody(self) -> Sample:
        """The same sample with the domain of all rows: after a weight step that acted on a narrower
        one.
        """
        return replace(self, domain=np.ones(self.n, bool))

    def narrowed(self, name: Message) -> Message:
        """The name of a weight step, and that it acts on a domain where it does."""
        if self.domain.all():
            return name
        size = {"n": f"{int(self.domain.sum()):,}", "all": f"{self.n:,}"}
        words = "{step}, inside the domain ({n} of {all} rows)"
        return Message(words, {"step": name, **size}, "step")

    def step(self, step: WeightStep) -> Sample:
        """The same sample after one more weight step."""
        return replace(self, design=self.design.add(step))

    @held(DesignError)
    def with_columns(self, columns: Mapping[Any, Any]) -> Sample:
        """The same sample with added or replaced columns of n values, or one value for all rows; a
        Series is aligned to the frame. Design columns were read already and are not re-read.
        """
        frame = self.frame.copy(deep=False)
        problems = []
        for name, values in columns.items():
            given = values(frame) if callable(values) else values
            if isinstance(given, (pd.Series, Mapping)):
                given = aligned(pd.Series(given), frame, "a new column", in_column(name))
            if isinstance(given, Problem):
                problems.append(given)
                continue
            shape = given.shape if hasattr(given, "shape") else np.asarray(given, object).shape
            if shape not in ((), (self.n,)):
                problems.append(no_column(name, shape, self.n))
            else:
                frame[name] = given
        DesignError.refuse(problems)
        return replace(self, frame=carried(self.frame, native(frame, columns)))

    def flagged(self, *flags: str) -> Sample:
        """The same sample carrying more sentences for table notes."""
        return replace(self, flags=(*self.flags, *flags))

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything a table of this sample must say about the design."""
        return (self.design.describe(), *self.design.notes, *self.flags)

    def summary(self) -> pd.DataFrame:
        """The sample at a glance."""
        w = self.weights[self.active]
        kish = (
            float(w.size * ((w / w.max()) ** 2).sum() / (w / w.max()).sum() ** 2)
            if w.size
            else float("nan")
        )
        rows = {
            "rows": f"{self.n:,}",
            "rows in domain with weight": f"{w.size:,}",
            "sum of weights": f"{w.sum():,.1f}",
            "Kish design effect": f"{kish:.3f}",
            "effective n": f"{w.size / kish:,.0f}" if w.size else "0",
            "degrees of freedom": f"{self.degf:g}",
            "variance level": self.design.level,
            "PSUs, strata": f"{self.design.psus:,}, {self.design.strata:,}",
            "weight steps": "; ".join(step.name for step in self.design.steps) or "none",
        }
        return pd.DataFrame({"": rows})

    @held(DesignError)
    def save(self, path: str | Path) -> Path:
        """Write the sample with every weight step to one file, from which `Sample.load` makes the
        same estimates. It holds the microdata: keep it where they may be kept.
        """
        return saved.write(path, self, Sample)

    @classmethod
    @held(DesignError)
    def load(cls, path: str | Path) -> Sample:
        """A sample that `save` wrote. Raises DesignError for any other file."""
        return saved.read(path, cls)

    def plot(self, ax: object | None = None) -> object:
        """Histogram of the weights in the domain. Returns the matplotlib axes."""
        return plot.weights(self, ax)

    def _repr_html_(self) -> str:
        return (
            "<p><strong>Sample</strong></p>"
            + self.summary().to_html(header=False)
            + "".join(f"<p><small>{escape(note)}</small></p>" for note in self.notes)
        )

    def __repr__(self) -> str:
        return "Sample\n" + self.summary().to_string(header=False)


def needs_sample(sample: object, caller: str, error: type[MismesError] = DesignError) -> None:
    """Raise `error` where something else stands in the place of a Sample."""
    if not isinstance(sample, Sample):
        made = "Make one: Sample.from_frame(frame, weights=...)."
        raise error(
            Problem(
                what=worded("{caller} takes a Sample", {"caller": caller}),
                where=worded("first argument"),
                expected="a Sample",
                got=kind_of(sample),
                fix=made,
            )
        )


def _argument_problems(
    frame: object, lonely_psu: object, replicates: object, cluster_deff: object, nest: object
) -> list[Problem]:
    other = frame_problem(frame, "Sample.from_frame({}, ...)")
    problems = [] if other is None else [other]
    problems += unknown("unknown rule for lonely PSUs", "lonely_psu", lonely_psu, LONELY)
    if replicates is not None and not hasattr(replicates, "attach"):
        example = "ReplicateWeights([columns], 'bootstrap')"
        problems.append(
            Problem(
                "replicate weights are described, not listed",
                of_argument("replicates"),
                example,
                kind_of(replicates),
            )
        )
    if not isinstance(cluster_deff, (int, float, np.number)):
        problems.append(
            Problem(
                "the cluster effect is not a number",
                of_argument("cluster_deff"),
                "a number above 0",
                repr(cluster_deff),
            )
        )
    if not isinstance(nest, (bool, np.bool_)) and nest is not None:
        expected = "True, False or None"
        problems.append(Problem("codes restart or not", of_argument("nest"), expected, repr(nest)))
    return problems


def _repeated_keys(frame: pd.DataFrame, unit: tuple[str, ...]) -> list[Problem]:
    gone = [column for column in unit if column not in frame.columns]
    if gone or not unit:
        return [
            Problem(
                "the key of a row is not in the frame",
                in_column(column),
                "a column of the frame",
            )
            for column in gone
        ]
    twice = frame.duplicated(list(unit), keep=False).to_numpy()
    if not twice.any():
        return []
    where, fix = (
        worded("columns {unit}", {"unit": ", ".join(map(str, unit))}),
        "Mend the merge that made them; no row is dropped.",
    )
    return [
        Problem(
            what="rows repeat a key",
            where=where,
            expected="every key once",
            got=named(" ".join(map(str, key)) for key in frame.loc[twice, list(unit)].to_numpy()),
            fix=fix,
        ).in_rows(np.flatnonzero(twice))
    ]
