"""Indicators of a labour force survey with a migration module, each an Estimate with its
definition, unit, n and source, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.lfs import absent as roster
from mismes_eval.lfs import costs, earnings, fields, labour, match, moves, transitions
from mismes_eval.lfs.catalogue import Indicator, chosen
from mismes_eval.lfs.context import Context, Result, context, estimate, words
from mismes_eval.lfs.definitions import DefinitionLike, as_definition
from mismes_eval.lfs.labour import Measure
from mismes_eval.lfs.migrants import was_asked
from mismes_eval.lfs.moves import Several
from mismes_eval.lfs.persons import Ages, residents
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.public import held
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample

_ON_PERSONS: Mapping[str, Callable[[pd.DataFrame, Ages], Measure]] = {
    "L3.participation": labour.participation,
    "L3.employment": labour.employment,
    "L3.unemployment": labour.unemployment,
    "L3.unemployed": labour.unemployed,
    "L3.lu3": labour.lu3,
    "L3.lu4": labour.lu4,
    "L3.neet": labour.neet,
    "L4.vulnerable": labour.vulnerable,
    "L4.informal": labour.informal,
    "L5": match.normative,
    "L10": labour.self_employed,
    "L10.employer": labour.employer,
}
SEVERAL = ("msm_aware", "msm_part")
UNTOLD = "The definition of a migrant does not tell immigrants from returnees."
BLANK = (
    "Blank answers may mean none or not asked: write NONE for none, or name the reasons in a column"
    " that ends in _miss."
)
_IN_CONTEXT: Mapping[str, Callable[[Context], Measure | Several]] = {
    "L1": lambda c: moves.has_status(c.status, c.in_age, "RET"),
    "L1.immigrant": lambda c: moves.has_status(c.status, c.in_age, "IMM"),
    "L1.internal": lambda c: moves.has_status(c.status, c.in_age, "INT_INTERNAL"),
    "L1.non_migrant": lambda c: moves.has_status(c.status, c.in_age, "NON"),
    "L5.over_mean": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mean", False),
    "L5.mismatch_mean": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mean", True),
    "L5.over_mode": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mode", False),
    "L5.mismatch_mode": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mode", True),
    "L6.abroad": lambda c: match.downgraded(c.frame, c.status, "mig_occ_abroad"),
    "L6.now": lambda c: match.downgraded(c.frame, c.status, "mig_occ_now"),
    "L8": lambda c: moves.recognised(c.frame, c.status),
    "L8.sought": lambda c: moves.recognition_sought(c.frame, c.status),
    "L12.aware": lambda c: moves.models(c.frame, "msm_aware", c.in_age & residents(c.frame)),
    "L12": lambda c: moves.models(c.frame, "msm_part", c.targeted),
    "L12.useful": lambda c: moves.useful(
        c.frame, moves.models(c.frame, "msm_part", c.in_age).value[:, 0]
    ),
    "L13": lambda c: moves.intends(c.frame, c.in_age),
    "L7": lambda c: fields.mismatch(c.frame, c.ages),
    "L11": costs.recruitment_cost,
    "L11.quartiles": costs.recruitment_cost,
    "L14": lambda c: moves.duration(c.frame, c.status),
    "L14.circular": lambda c: moves.circular(c.frame, c.status),
}
_PROBS: Mapping[str, tuple[float, ...]] = {"L11.quartiles": (0.25, 0.5, 0.75), "L14": (0.5,)}
_IN_FULL: Mapping[str, Callable[[Context, Indicator], Result]] = {
    "L2": roster.indicator,
    "L11.top": costs.top_fifth,
    **dict.fromkeys(("L6.before_abroad", "L6.abroad_now", "L6.before_now"), transitions.transition),
    **dict.fromkeys(("L9", "L9.mincer", "L9.dfl", "L9.oaxaca"), earnings.gap),
}

LACKING = "The file has no {columns}."


@held(InputError)
def indicators(
    sample: Sample,
    by: By = None,
    which: str | Sequence[str] | None = None,
    definition: DefinitionLike | None = None,
    ages: Ages | None = None,
    target: Sequence[str] = ("RET",),
    absent: pd.DataFrame | None = None,
    rates: Mapping[str, float] | None = None,
) -> dict[str, Result]:
    """Indicators L1 to L14.

    Parameters
    ----------
    sample : persons under GLD and mig_ names.
    by : breakdowns: status, sex, age_group, education, region, or any column; several are crossed.
        A missing value is the level "not stated".
    which : ids such as "L3" (all its parts) or "L3.unemployment"; None: all.
    definition : who is a migrant (preset, params or `Definition`). None: the column `mig_status` as
        it stands in the frame.
    ages : age ranges, windows and cell sizes.
    target : migration statuses whom support measures address (denominator of participation).
    absent : roster of absent members (L2).
    rates : {currency: units for one euro}, where recruitment cost and earnings abroad are in two
        currencies (L11).

    Returns
    -------
    dict, id -> Estimate, or NotEstimable with the reason (columns the file lacks, nobody in the
    universe).
    """
    shared = shared_by_all(sample, definition, ages or Ages(), tuple(target), absent, rates)
    return indicators_of(shared, by, which)


def shared_by_all(
    sample: Sample,
    definition: DefinitionLike | None,
    ages: Ages,
    target: tuple[str, ...] = ("RET",),
    absent: pd.DataFrame | None = None,
    rates: Mapping[str, float] | None = None,
) -> Context:
    """What all indicators of a survey share, whatever their breakdown."""
    return replace(
        context(sample, definition, ages, target),
        absent=absent,
        rates=dict(rates or {}),
        untold=_untold(definition),
    )


def indicators_of(
    shared: Context, by: By = None, which: str | Sequence[str] | None = None
) -> dict[str, Result]:
    """`indicators` of a survey whose statuses are known."""
    within = shared.broken_down(by)
    return {indicator.id: _one(within, indicator) for indicator in chosen(which)}


def _one(c: Context, indicator: Indicator) -> Result:
    lacking = indicator.lacking(c.frame)
    if lacking:
        return NotEstimable(
            Message(LACKING, {"columns": ", ".join(lacking)}),
            words(c, indicator),
        )
    if c.untold == indicator.id:
        return NotEstimable(UNTOLD, words(c, indicator))
    by_status = bool({"status", "mig_status"} & set(c.by))
    if by_status and indicator.id.split(".")[0] in ("L1", "L2", "L9"):
        return NotEstimable(
            "This indicator compares statuses; it has no breakdown by status.", words(c, indicator)
        )
    answers = [n for names in indicator.needs for n in names if n in SEVERAL]
    if any(moves.blank_is_open(c.frame, column) for column in answers):
        return NotEstimable(BLANK, words(c, indicator))
    within = c.among(asked(c.frame, indicator))
    if indicator.id in _IN_FULL:
        return _IN_FULL[indicator.id](within, indicator)
    measure = (
        _IN_CONTEXT[indicator.id](c)
        if indicator.id in _IN_CONTEXT
        else _ON_PERSONS[indicator.id](c.frame, c.ages)
    )
    return estimate(within, indicator, measure, _PROBS.get(indicator.id, ()))


def _untold(definition: DefinitionLike | None) -> str:
    """The indicator that the definition cannot tell; "" where it tells all."""
    rule = None if definition is None else as_definition(definition)
    return "L1.immigrant" if rule is not None and rule.immigrant_by == "none" else ""


def asked(frame: pd.DataFrame, indicator: Indicator) -> Bool:
    """(n,) rows whose questions were asked: no column that the indicator needs has the reason
    NOTASKED or NA_notapp in its companion.
    """
    out = np.ones(len(frame), bool)
    for column in (name for names in indicator.needs for name in names):
        out &= was_asked(frame, column)
    return out
