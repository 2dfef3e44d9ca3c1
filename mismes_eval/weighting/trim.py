"""Trimming of extreme weights, with redistribution of what was cut."""

from __future__ import annotations

import numpy as np

from mismes_eval.errors import CalibrationError, DesignError, Problem, of_arguments, worded
from mismes_eval.message import Message
from mismes_eval.numerics.calibration import Method
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import check, fitting
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.margins import Totals
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import KnownFactor

Caps = tuple[float, float]
MOST_PASSES = 1000
CLOSE = 1e-6  # how far, as a share, a weight may lie beyond a cap after the last calibration


@fitting(DesignError)
def trim(
    sample: Sample,
    lower: float | None = None,
    upper: float | None = None,
    redistribute: bool = True,
    strict: bool = False,
    totals: Totals | None = None,
    method: Method = "raking",
    totals_unit: float = 1.0,
) -> Sample:
    """Cap the weights (R survey: trimWeights).

    Parameters
    ----------
    lower, upper : caps on the weight, in units of the weight; None for no cap.  Rows with weight 0
        stay at 0; negative weights are raised to `lower`.
    redistribute : add what was cut, in equal amounts, to the weights that were not capped, so that
        the sum stays (R survey's rule, one pass).
    strict : cap again what was pushed beyond a cap by that, until no weight is (R survey:
        strict=TRUE).
    totals : known totals; capping and calibration to them by `method` alternate until both hold,
        and the last step is the calibration. totals_unit : as for `calibrate`.

    On a narrowed sample the domain's weights are capped; rows outside keep theirs.

    Returns
    -------
    Sample with a step whose factors are treated as fixed in standard errors; the step's name says
    so. With totals, a calibration step follows it.

    Raises
    ------
    DesignError : no cap, caps that cross, that leave no weight free, or that no redistribution can
        keep.
    CalibrationError : totals that cannot be met within the caps.
    """
    needs_sample(sample, "trim")
    check(
        DesignError,
        "trim",
        ("redistribute", redistribute, bool),
        ("strict", strict, bool),
        ("method", method, str),
        ("totals_unit", totals_unit, float),
    )
    problems = _problems(lower, upper)
    if totals is None and (method != "raking" or totals_unit != 1.0):
        problems.append(
            Problem(
                "no totals, for which a method or unit is stated",
                of_arguments("totals", "method", "totals_unit"),
                "totals to calibrate to, or neither method nor totals_unit",
            )
        )
    DesignError.refuse(problems)
    lowest = -np.inf if lower is None else lower
    caps = (lowest, np.inf if upper is None else upper)
    if totals is not None:
        return _with_totals(sample, caps, totals, method, totals_unit)
    w = sample.weights
    inside = sample.active
    if not redistribute:
        capped = np.where(inside, np.clip(w, *caps), w)
    else:
        capped = _strictly(w, inside, caps) if strict else _once(w, inside, caps)
    return sample.step(_step(sample, w, capped, caps, ""))


def _step(sample: Sample, w: Float, capped: Float, caps: Caps, how: str) -> KnownFactor:
    inside = sample.active
    moved = int((inside & (np.clip(w, *caps) != w)).sum())
    beyond = inside & ~_kept(capped, caps)
    ends = {"lo": f"{max(caps[0], 0):g}", "hi": f"{caps[1]:g}", "n": f"{moved}"}
    words = "trimmed to {lo} to {hi} ({n} weights, caps treated as fixed"
    name = Message(words, ends, "step")
    if beyond.any():
        pushed = "; {k} weights pushed beyond a cap by what was redistributed"
        name = name.extended(pushed, {"k": f"{int(beyond.sum())}"})
    name = sample.narrowed(name.extended(f"{how})"))
    return KnownFactor(name, np.divide(capped, w, out=np.ones_like(w), where=w != 0))


def _kept(w: Float, caps: Caps) -> Bool:
    """(n,) weights within the caps, to rounding."""
    kept: Bool = (w >= caps[0] * (1 - 1e-12)) & (w <= caps[1] * (1 + 1e-12))
    return kept


def _once(w: Float, inside: Bool, caps: Caps) -> Float:
    """(n,) weights after one pass: what was cut is shared among the rows that were not."""
    capped = np.where(inside, np.clip(w, *caps), w)
    moved = inside & (capped != w)
    if not moved.any():
        return capped
    free = inside & ~moved
    if not free.any():
        raise DesignError(
            Problem(
                "every weight is capped",
                of_arguments("lower", "upper"),
                "caps that leave some weights free",
                worded("none left to take the excess"),
            )
        )
    capped[free] += (w.sum() - capped.sum()) / free.sum()
    return capped


def _strictly(w: Float, inside: Bool, caps: Caps) -> Float:
    """(n,) weights after as many passes as it takes until all caps are kept."""
    out = w
    for _ in range(MOST_PASSES):
        out = _once(out, inside, caps)
        if _kept(out[inside], caps).all():
            return out
    raise DesignError(
        Problem(
            what="the caps cannot be kept",
            where=of_arguments("lower", "upper"),
            expected=worded(
                "caps around the mean weight of {wave:.6g}", {"wave": w[inside].mean()}
            ),
            got=worded(
                "weights beyond them after {most_passes} passes", {"most_passes": MOST_PASSES}
            ),
            fix="Widen the caps.",
        )
    )


def _with_totals(
    sample: Sample, caps: Caps, totals: Totals, method: Method, totals_unit: float
) -> Sample:
    """Caps and totals in turn until both hold: a known factor, and a calibration that meets the
    totals from there.
    """
    w, inside = sample.weights, sample.active
    start = calibrate(sample, totals, method, totals_unit=totals_unit)
    after = start.weights
    for _ in range(MOST_PASSES):
        capped = np.where(inside, np.clip(after, *caps), after)
        step = _step(sample, w, capped, caps, ", then calibrated, until both hold")
        trimmed = sample.step(step)
        done = calibrate(trimmed, totals, method, totals_unit=totals_unit)
        after = done.weights
        beyond = np.maximum(after[inside] / caps[1], caps[0] / after[inside])
        if beyond.max(initial=0.0) < 1 + CLOSE:
            return done
    raise CalibrationError(
        Problem(
            what="the totals cannot be met within the caps",
            where=of_arguments("lower", "upper", "totals"),
            expected=worded(
                "weights within {caps:g} to {caps2:g}", {"caps": caps[0], "caps2": caps[1]}
            ),
            got=worded(
                "{after:.6g} after {most_passes} rounds",
                {"after": after[inside].max(), "most_passes": MOST_PASSES},
            ),
            fix="Widen the caps, or merge small categories of the totals.",
        )
    )


def _problems(lower: float | None, upper: float | None) -> list[Problem]:
    where = of_arguments("lower", "upper")
    problems = []
    if lower is None and upper is None:
        problems.append(Problem("no cap given", where, "at least one"))
    numbers = [cap for cap in (lower, upper) if isinstance(cap, (int, float, np.number))]
    if len(numbers) == 2 and not numbers[0] < numbers[1]:
        problems.append(
            Problem(
                "the caps cross",
                where,
                "lower < upper",
                worded("{lower} and {upper}", {"lower": lower, "upper": upper}),
            )
        )
    if any(
        cap is not None
        and not (isinstance(cap, (int, float, np.number)) and np.isfinite(cap) and cap >= 0)
        for cap in (lower, upper)
    ):
        problems.append(Problem("a cap is not a weight", where, "finite numbers of 0 or more"))
    return problems
