"""Joining samples: two frames that overlap, and separate rounds or countries stacked in one design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    DesignError,
    Problem,
    kind_of,
    of_argument,
    of_arguments,
    unknown,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.numerics.variance import Stage
from mismes_eval.public import check, fitting
from mismes_eval.weighting.arguments import as_name
from mismes_eval.weighting.design import Level, SurveyDesign
from mismes_eval.weighting.numbers import numbers_in
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import Embedded, KnownFactor, WeightStep

LADDER: tuple[Level, ...] = ("psu", "household", "element")


@fitting(DesignError)
def combine_frames(
    samples: Sequence[Sample],
    on_frame: Sequence[str],
    method: str = "kalton_anderson",
    theta: float | None = None,
) -> Sample:
    """One sample from two frames that overlap: a base survey and an oversample, register or
    beneficiary list (R survey: multiframe).

    Parameters
    ----------
    samples : two samples, drawn independently, each with the weights of its own frame.
    on_frame : for each sample the column that tells of the *other* frame. "hartley": True or False,
        listed there or not.
        "kalton_anderson": the probability with which the row would be selected there (0 where it is
        not listed).
    method : "kalton_anderson" divides by the expected number of selections, 1 / (pi_A + pi_B) for a
        row on both frames. "hartley" gives the overlap the share theta from the first sample and 1
        - theta from the second.
    theta : share in [0, 1] for "hartley"; None: by the effective sample sizes of the two overlaps.

    Returns
    -------
    Sample of all rows, column 'frame_sample' 1 or 2; the frame share is a weight step after the
    steps each sample had taken. It may be calibrated like any other.

    Raises
    ------
    DesignError : membership is unknown for a row that carries weight: without it the overlap would
        be counted twice.

    References
    ----------
    Hartley (1962); Kalton and Anderson (1986), JRSS A 149, 65-82.
    """
    problems = _frame_problems(samples, on_frame, method, theta)
    DesignError.refuse(problems)
    other = [
        numbers_in(sample.frame[column]) for sample, column in zip(samples, on_frame, strict=True)
    ]
    if method == "kalton_anderson":
        share = [_expected(sample, pi) for sample, pi in zip(samples, other, strict=True)]
        name = Message("frame share, Kalton-Anderson (known factor)", kind="step")
    else:
        theta = _theta(samples, other) if theta is None else theta
        share = [np.where(other[0] > 0, theta, 1.0), np.where(other[1] > 0, 1.0 - theta, 1.0)]
        words = "frame share, Hartley theta {theta} (known factor)"
        name = Message(words, {"theta": f"{theta:.4f}"}, "step")
    joined = stack_samples(samples, "frame_sample")
    factor = np.where(joined.domain, np.concatenate(share), 1.0)
    return joined.step(KnownFactor(joined.narrowed(name), factor))


@fitting(DesignError)
def stack_samples(
    samples: Sequence[Sample], source: str = "source_sample", labels: Sequence[object] | None = None
) -> Sample:
    """Independent samples, one under the other, as one design: strata never meet, steps act on the
    rows they were made for.

    source : new column with 1, 2, ... or the labels.
    """
    if not _several(samples):
        raise DesignError(
            Problem(
                "stack_samples joins samples",
                of_argument("samples"),
                "a list of samples",
                kind_of(samples),
            )
        )
    for sample in samples:
        needs_sample(sample, "stack_samples")
    check(
        DesignError,
        "stack_samples",
        ("source", source, str),
        ("labels", labels, Sequence[object] | None),
    )
    if not samples or (labels is not None and len(labels) != len(samples)):
        counted = {"samples": len(samples), "labels": len(labels or ())}
        words = "{samples} samples" if labels is None else "{samples} samples, {labels} labels"
        got = worded(words, counted)
        raise DesignError(
            Problem(
                "stack_samples joins samples",
                of_arguments("samples", "labels"),
                "one sample at least, and a label for each",
                got,
            )
        )
    _refuse_unlike([sample.design for sample in samples])
    names = list(labels) if labels is not None else list(range(1, len(samples) + 1))
    parts: list[pd.DataFrame] = [
        sample.with_columns({source: name}).frame
        for sample, name in zip(samples, names, strict=True)
    ]
    frame = pd.concat(parts, ignore_index=True)
    depth = max(len(sample.design.stages) for sample in samples)
    stages = [_deepened(sample.design, depth) for sample in samples]
    total = sum(sample.n for sample in samples)
    start = 0
    steps: list[WeightStep] = []
    for sample in samples:
        steps += [Embedded(step, start, sample.n, total) for step in sample.design.steps]
        start += sample.n
    offset = np.cumsum([0] + [st[-1].stratum.size for st in stages])
    design = SurveyDesign(
        base=np.concatenate([sample.design.base for sample in samples]),
        unit=np.concatenate([sample.design.unit + offset[j] for j, sample in enumerate(samples)]),
        stages=tuple(
            _joined_stage(
                [st[stage] for st in stages], [st[stage - 1] for st in stages] if stage else None
            )
            for stage in range(depth)
        ),
        lonely=samples[0].design.lonely,
        level=LADDER[max(LADDER.index(sample.design.level) for sample in samples)],
        cluster_deff=samples[0].design.cluster_deff,
        steps=tuple(steps),
        notes=tuple(dict.fromkeys(note for sample in samples for note in sample.design.notes)),
        stratum_labels=tuple(
            f"{name}: {label}"
            for sample, name in zip(samples, names, strict=True)
            for label in sample.design.stratum_labels
        ),
    )
    flags = tuple(dict.fromkeys(flag for sample in samples for flag in sample.flags))
    return Sample(frame, design, np.concatenate([sample.domain for sample in samples]), flags)


def _refuse_unlike(designs: Sequence[SurveyDesign]) -> None:
    """Designs that no one design can hold together."""
    if len({design.lonely for design in designs}) > 1:
        raise DesignError(
            Problem(
                "samples with different rules for lonely PSUs",
                of_argument("samples"),
                "one rule",
                ", ".join(design.lonely for design in designs),
            )
        )
    if any(design.replicates is not None for design in designs):
        raise DesignError(
            Problem(
                "replicate designs cannot be joined",
                of_argument("samples"),
                "linearised designs",
                fix="Join first, then call replicates().",
            )
        )
    if len({design.cluster_deff for design in designs}) > 1:
        raise DesignError(
            Problem(
                "samples with different cluster effects",
                of_argument("samples"),
                "one cluster_deff",
                ", ".join(f"{design.cluster_deff:g}" for design in designs),
            )
        )


def _deepened(design: SurveyDesign, depth: int) -> tuple[Stage, ...]:
    """Stages padded below with units that are their own only, certain subunit (they add no
    variance).
    """
    stages = design.stages
    while len(stages) < depth:
        m = stages[-1].stratum.size
        stages = (*stages, Stage(np.arange(m), np.arange(m), np.ones(m)))
    return stages


def _joined_stage(stages: list[Stage], above: list[Stage] | None) -> Stage:
    strata = np.cumsum([0] + [stage.strata for stage in stages])
    parents = np.zeros(len(stages) + 1, int)
    if above:
        parents[1:] = np.cumsum([stage.stratum.size for stage in above])
    return Stage(
        np.concatenate([stage.stratum + strata[j] for j, stage in enumerate(stages)]),
        np.concatenate([stage.parent + parents[j] for j, stage in enumerate(stages)]),
        np.concatenate([stage.fraction for stage in stages]),
    )


def _several(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def _expected(sample: Sample, other: Float) -> Float:
    """1 / (1 + w pi_other): the weight becomes 1 / (pi_own + pi_other)."""
    return 1.0 / (1.0 + sample.weights * other)


def _theta(samples: Sequence[Sample], other: Sequence[Float]) -> float:
    size = []
    for sample, chance in zip(samples, other, strict=True):
        w = sample.weights[(chance > 0) & sample.active]
        size.append(w.sum() ** 2 / (w**2).sum() if w.size else 0.0)
    if sum(size) == 0:
        raise DesignError(
            Problem(
                "no row is on both frames",
                of_argument("on_frame"),
                "an overlap, or an explicit theta",
            )
        )
    return float(size[0] / sum(size))


def _frame_problems(
    samples: Sequence[Sample], on_frame: Sequence[str], method: str, theta: float | None
) -> list[Problem]:
    problems = []
    if not _several(samples) or not _several(on_frame) or len(samples) != 2 or len(on_frame) != 2:
        sizes = (
            worded("{samples} and {on_frame}", {"samples": len(samples), "on_frame": len(on_frame)})
            if _several(samples) and _several(on_frame)
            else worded(
                "{kind} and {other}",
                {"kind": kind_of(samples), "other": kind_of(on_frame)},
            )
        )
        return [
            Problem(
                "combine_frames joins two samples",
                of_arguments("samples", "on_frame"),
                "two samples and two columns",
                sizes,
            )
        ]
    for sample in samples:
        needs_sample(sample, "combine_frames")
    on_frame = [as_name(column, "on_frame") for column in on_frame]
    if samples[0].design.base is samples[1].design.base:
        problems.append(
            Problem(
                "one sample stands for two",
                of_argument("samples"),
                "two samples, drawn independently",
                worded("the same design twice"),
            )
        )
    problems += unknown(
        "unknown method for overlapping frames", "method", method, ("kalton_anderson", "hartley")
    )
    if theta is not None and (
        method != "hartley" or not (isinstance(theta, (int, float, np.number)) and 0 <= theta <= 1)
    ):
        problems.append(
            Problem(
                "theta does not fit",
                of_argument("theta"),
                "a share in [0, 1], with method='hartley'",
                worded("{theta} with {method}", {"theta": theta, "method": method}),
            )
        )
    for place, (sample, column) in enumerate(zip(samples, on_frame, strict=True), 1):
        where = worded("sample {place}, column '{column}'", {"place": place, "column": column})
        problems += _membership_problems(sample, column, where, method)
    return problems


def _membership_problems(sample: Sample, column: str, where: Message, method: str) -> list[Problem]:
    """What keeps a column from saying who stands in the other frame too."""
    if column not in sample.frame.columns:
        return [
            Problem(
                what="membership of the other frame is unknown",
                where=where,
                expected="a column of the sample",
                got=worded("none"),
                fix="Ask for it in the interview (on the list or not); without it the overlap is"
                " counted twice.",
            )
        ]
    value = numbers_in(sample.frame[column])
    carries = sample.active
    bad = carries & ~((value >= 0) & (value <= 1))
    if bad.any():
        return [
            Problem(
                what="membership of the other frame is unknown for some rows",
                where=where,
                expected="True or False, or a probability from 0 to 1",
                got=worded("missing or out of range"),
            ).in_rows(np.flatnonzero(bad))
        ]
    yes_or_no = np.isin(value[carries], (0, 1)).all()
    stated = pd.api.types.is_bool_dtype(sample.frame[column])
    if method == "kalton_anderson" and (stated or (yes_or_no and (value[carries] == 1).any())):
        return [
            Problem(
                what="Kalton-Anderson needs selection probabilities",
                where=where,
                expected="the probability of selection from the other frame, 0 where not listed",
                got=worded("yes or no"),
                fix="Give probabilities, or use method='hartley'.",
            )
        ]
    if method == "hartley" and not yes_or_no:
        got = worded("numbers between 0 and 1")
        return [Problem("Hartley needs membership", where, "True or False", got)]
    return []
