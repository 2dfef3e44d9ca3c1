"""One impact study in a file of its own: loss to follow-up by arm, effects within randomisation
blocks, difference-in-differences by every estimator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from linearmodels.iv.absorbing import AbsorbingLS

from mismes_eval.errors import (
    InputError,
    Problem,
    in_column,
    in_place,
    in_section,
    named,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.part import Part
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.chosen_rows import absent_values, has_one_of
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import codes_among_outcomes, delivered_study
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.did.two_by_two import NAMES, att_2x2
from mismes_eval.impact.inference.small_sample import coefficients_factor
from mismes_eval.impact.trials.arms import compared
from mismes_eval.message import Message
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Int
from mismes_eval.weighting.numbers import float64, numbers_in
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
ORDER: tuple[Method, ...] = ("dr", "dr_improved", "ipw", "or", "none")


@dataclass(frozen=True)
class Classical:
    """A coefficient with the standard error that assumes equal variances, as many published tables
    print it; beside the design's own, never instead.
    """

    value: float
    se: float
    n: int
    degf: float


@dataclass(frozen=True)
class StudyFile:
    """The file of inputs.study: a sample narrowed to the units studied, its groups (label -> mask
    (n,)), who was left out (rule -> mask (n,)), who of the domain has no value in the group's column
    (n,).
    """

    sample: Sample
    groups: Mapping[str, np.ndarray]
    left_out: Mapping[str, np.ndarray]
    ungrouped: np.ndarray
    source: str


@dataclass(frozen=True)
class Study(StudyFile):
    """A file with what its columns are; without groups of the params everybody is one."""

    treated: str
    followed: str
    outcomes: tuple[str, ...]
    before: Mapping[str, str]
    absorb: tuple[str, ...]
    covariates: tuple[str, ...]


def study_file(params: Params, frame: pd.DataFrame) -> StudyFile:
    """The units of the study's file with their design, domain and groups."""
    weights, group = params.study.weights, params.study.group
    frame = frame if weights else frame.assign(_equal=1.0)
    sample = Sample.from_frame(
        frame,
        weights=weights or "_equal",
        strata=params.study.strata or None,
        psu=params.study.psu or None,
    )
    InputError.refuse(absent_values(params, "study.where", frame))
    mask, left_out = _domain(frame, params.study.where)
    sample = sample.where(mask).flagged(*((SYNTHETIC,) if params.synthetic else ()))
    groups = {}
    ungrouped = np.zeros(len(frame), bool)
    if group is not None:
        values = sorted(frame[group].dropna().unique())
        groups = {
            f"{group} = {_spelled(value)}": (frame[group] == value).fillna(False).to_numpy(bool)
            for value in values
        }
        ungrouped = sample.active & frame[group].isna().to_numpy()
    return StudyFile(
        sample=sample,
        groups=groups,
        left_out=left_out,
        ungrouped=ungrouped,
        source="" if params.inputs.study is None else params.inputs.study.name,
    )


def lacking(
    params: Params, frame: pd.DataFrame, named: Sequence[str | None], source: str
) -> list[Problem]:
    """Columns that the params name, for the file itself or in `named`, and that it lacks."""
    of_file = [
        params.study.weights,
        params.study.group,
        params.study.followed,
        *params.study.where,
        *params.study.psu,
        *params.study.strata,
    ]
    return [
        Problem(
            "the study lacks a column", in_place(source, in_column(column)), "a column of the file"
        )
        for column in dict.fromkeys([*named, *of_file])
        if column is not None and column not in frame.columns
    ]


def no_arms(file: StudyFile, columns: Sequence[str]) -> Iterator[Problem]:
    """Columns that are to say yes or no of the units studied and say something else."""
    for column in columns:
        values = file.sample.frame[column]
        stated = file.sample.active & values.notna().to_numpy()
        odd = stated & ~np.isin(numbers_in(values), (0.0, 1.0))
        if odd.any():
            where = in_place(file.source, in_column(column))
            got = named(sorted(map(str, values[odd].unique())))
            count = int(odd.sum())
            yield Problem("neither yes nor no", where, "1 or 0", got, count=count)


def no_numbers(file: StudyFile, outcomes: Sequence[str]) -> Iterator[Problem]:
    """Outcomes that nobody has, or that are no numbers."""
    for outcome in dict.fromkeys(outcomes):
        values = file.sample.frame[outcome]
        where = in_place(file.source, in_column(outcome))
        if values.isna().all():
            yield Problem("nobody has an answer", where, "an outcome of some units at least")
        elif float64(values) is None:
            yield Problem("an outcome is no number", where, "numbers, or 1 and 0")


@dataclass(frozen=True)
class Alone:
    """Units in blocks that hold one arm only: within blocks they are compared with nobody. units
    (n,) of the file; blocks: how many.
    """

    units: Bool
    blocks: int

    @classmethod
    def among(cls, inside: Bool, block: Int, arm: Bool) -> Alone:
        """Those of some units (n,), by the code of each unit's block (n,) and its arm (n,)."""
        units = np.zeros(inside.size, bool)
        units[inside] = ~compared(block[inside], arm[inside])
        return cls(units, int(np.unique(block[units]).size))


def blocks_in(frame: pd.DataFrame, columns: Sequence[str]) -> Int:
    """(n,) a code from 0 for each combination that occurs, 0 where there are no columns."""
    if not columns:
        return np.zeros(len(frame), np.intp)
    code = frame.groupby(list(columns), observed=True, dropna=False).ngroup()
    return np.asarray(code, np.intp)


def alone_within(s: Study, outcome: str, group: str) -> Alone:
    """Units with an outcome whose block has it in one arm only."""
    inside = s.sample.active & s.groups[group] & s.sample.frame[outcome].notna().to_numpy()
    treated = s.sample.frame[s.treated].to_numpy(float, na_value=np.nan) == 1
    return Alone.among(inside, blocks_in(s.sample.frame, s.absorb), treated)


def described(params: Params) -> bool:
    """Whether section study describes effects, beside the file that a lottery shares with it."""
    study = params.study
    keys = (study.treated, study.outcomes, study.before, study.absorb, study.covariates)
    return params.lottery.assigned is None or any(keys)


def study(params: Params) -> Study | None:
    """The study that a run names; None where none is supplied, or the file is a lottery's alone."""
    path = params.inputs.study
    if path is None or not described(params):
        return None
    frame = delivered_study(params, path)
    outcomes, before = params.study.outcomes, params.study.before
    treated = params.study.treated
    named = [
        treated,
        *outcomes,
        *before,
        *before.values(),
        *params.study.absorb,
        *params.study.covariates,
    ]
    problems = lacking(params, frame, named, path.name)
    if treated is None or not outcomes:
        problems.append(
            Problem(
                "the study is not described",
                in_place("params", in_section("study")),
                "treated and outcomes; for a draw by lot, assigned and outcomes in section"
                " 'lottery'",
            )
        )
    InputError.refuse([*problems, *_idle_outcomes(params)])
    asked = [*outcomes, *before.values()]
    InputError.refuse(codes_among_outcomes(params, frame, asked, path.name))
    file = study_file(params, frame)
    InputError.refuse([*no_arms(file, [str(treated)]), *no_numbers(file, asked)])
    return Study(
        sample=file.sample,
        treated=str(treated),
        followed=params.study.followed or outcomes[0],
        outcomes=outcomes,
        before=before,
        absorb=params.study.absorb,
        covariates=params.study.covariates,
        groups=file.groups or {"all": np.ones(len(frame), bool)},
        left_out=file.left_out,
        ungrouped=file.ungrouped,
        source=file.source,
    )


def _idle_outcomes(params: Params) -> list[Problem]:
    """Outcomes that nothing is estimated of: without one before in a study without blocks. The
    first tells who was followed up where no column does.
    """
    keys = params.study
    told = keys.outcomes if keys.followed else keys.outcomes[1:]
    idle = [outcome for outcome in told if outcome not in keys.before]
    if not (idle and keys.before) or keys.absorb:
        return []
    return [
        Problem(
            what="nothing is estimated of an outcome",
            where=params.where("study.outcomes"),
            expected="each outcome in study.before, or blocks of a draw in study.absorb",
            got=", ".join(idle),
            fix="Name the same outcome before treatment, or take it out.",
        )
    ]


def _spelled(value: object) -> str:
    return (
        str(int(value))
        if isinstance(value, (int, float, np.number)) and float(value).is_integer()
        else str(value)
    )


def _domain(
    frame: pd.DataFrame, rules: Mapping[str, tuple[str, ...]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows that the rules keep, and those that each leaves out."""
    keep = np.ones(len(frame), bool)
    left_out = {}
    for column, values in rules.items():
        hit = has_one_of(frame[column], values)
        left_out[f"{column} = {', '.join(values)}"] = keep & ~hit
        keep &= hit
    return keep, left_out


def _difference(absorb: Sequence[str]) -> Message:
    """What is estimated within blocks, or where there are none."""
    if not absorb:
        return Message("Difference between treated and comparison units.", kind="definition")
    words = "Difference between treated and comparison units within {blocks}."
    return Message(words, {"blocks": " x ".join(absorb)}, "definition")


def lost(s: Study, group: str) -> tuple[Result, Classical | NotEstimable]:
    """Difference in loss to follow-up, treated minus comparison, within blocks: by the design, and
    classical.
    """
    gone = s.sample.frame[s.followed].isna().to_numpy(float)
    inside = replace(s, sample=s.sample.with_columns({"_lost": gone}))
    return within(inside, "_lost", group)


def within(s: Study, outcome: str, group: str) -> tuple[Result, Classical | NotEstimable]:
    """Effect on an outcome with the blocks' means removed: the design's standard error (robust),
    and the classical one.
    """
    rows = s.sample.where(s.groups[group]).where(s.sample.frame[outcome].notna())
    inside = rows.active
    frame = rows.frame.loc[inside]
    d = frame[s.treated].to_numpy(float)
    y = frame[outcome].to_numpy(float)
    w = rows.weights[inside]
    block = blocks_in(frame, s.absorb)
    dd, yd = _centred(d, w, block), _centred(y, w, block)
    size = float(w @ dd**2)
    if not size > 0:
        reason = NotEstimable("treated and comparison units never stand in one block")
        return reason, reason
    b = float(w @ (dd * yd)) / size
    left = len(frame) - (int(block.max()) + 1) - 1  # without the means of the blocks and the effect
    if left <= 0:
        reason = NotEstimable("as many blocks as units")
        return reason, reason
    z = np.zeros(rows.n)
    z[inside] = dd * (yd - b * dd) / size * coefficients_factor(len(frame), len(frame) - left)
    keys = pd.DataFrame({"variable": [outcome]})
    estimate = Estimate(
        value=np.array([b]),
        names=(outcome,),
        parts=(Part(rows.design, Influence.of(z), averages=by_influence(Influence.of(z))),),
        keys=keys,
        n=np.array([float(inside.sum())]),
        dof=np.array([rows.degf]),
        kind="effect",
        definition=_difference(s.absorb),
        notes=rows.notes,
    )
    return estimate, _classical(frame[outcome], d, block, w)


def _centred(v: np.ndarray, w: np.ndarray, block: np.ndarray) -> np.ndarray:
    out: np.ndarray = v - (np.bincount(block, w * v) / np.bincount(block, w))[block]
    return out


def _classical(y: pd.Series, d: np.ndarray, block: np.ndarray, w: np.ndarray) -> Classical:
    """linearmodels' absorbing least squares with equal variances and the blocks counted in the
    degrees of freedom.
    """
    x = pd.DataFrame({"treated": d}, index=y.index)
    absorb = pd.DataFrame({"block": pd.Categorical(block)}, index=y.index)
    fit = AbsorbingLS(y, x, absorb=absorb, weights=pd.Series(w, index=y.index)).fit(
        cov_type="unadjusted", debiased=True
    )
    return Classical(
        float(fit.params["treated"]),
        float(fit.std_errors["treated"]),
        int(fit.nobs),
        float(fit.df_resid),
    )


def by_method(s: Study, outcome: str, group: str) -> dict[str, Result]:
    """Difference-in-differences by every two-period estimator."""
    rows = s.sample.where(s.groups[group]).where(
        s.sample.frame[outcome].notna() & s.sample.frame[s.before[outcome]].notna()
    )
    out = {}
    for method in ORDER:
        covariates = () if method == "none" else s.covariates
        pair = (s.before[outcome], outcome)
        effect = partial(att_2x2, rows, pair, s.treated, None, covariates, method)
        out[NAMES[method]] = attempted(effect)
    return out
