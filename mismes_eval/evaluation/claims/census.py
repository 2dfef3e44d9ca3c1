"""Claims about measures, from those on record. A claim is about measures of a kind, of which the
register has some: chance counts as if they had been drawn, and a record that does not say may hold
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import special

from mismes_eval.estimate.claim_verdict import Measured
from mismes_eval.inventory import Inventory
from mismes_eval.inventory.indicators import MONTHS_TO_EVALUATION, evaluated
from mismes_eval.numerics.rows import Float

LEAST_MEASURES = 5
FEW_MEASURES = "measures on record: {k}; {least} or more are needed"
TAIL = 0.025
NOT_TO_STRONG = 2  # scores below: not or slightly
INFORMATION = ("M02", "M04", "M07", "M10")
JOB_MATCHING, ORIENTATION, SKILLS = "M01", "M02", "M03"
ENTREPRENEURSHIP, PACKAGES, CENTRES, WELFARE_FUNDS = "M08", "M09", "M10", "M11"
BEFORE, DURING, AFTER, INTEGRATED = "BEF", "DUR", "AFT", "MUL"
LATELY = 5  # years, of twice as many
PAIRED = ("C47", "C50")  # claims about pairs of measures
SHORT_HOURS = 40.0
FEW_BACK, FEW_JOBS, MUCH_OVERHEAD = 0.25, 0.5, 0.2


@dataclass(frozen=True)
class Census:
    """One number for each measure looked at, NaN where its record does not say; least and most:
    what a record that does not say could hold.
    """

    values: Float
    least: float = 0.0
    most: float = 1.0

    @property
    def measures(self) -> int:
        return int(self.values.size)

    @property
    def missing(self) -> int:
        return int(np.isnan(self.values).sum())

    def measured(self) -> Measured:
        """The mean over the records that say, with its interval."""
        known = self.values[~np.isnan(self.values)]
        return interval(float(known.sum()), known.size, self.missing, (self.least, self.most))


def interval(total: float, answered: int, silent: int, ends: tuple[float, float]) -> Measured:
    """Mean of bounded numbers of measures, and its 95% interval: Clopper-Pearson at the least and
    at the most that the silent records could hold. For numbers between the two ends it is wider
    than it need be, because nothing bounded varies more than what only takes them.

    Parameters
    ----------
    total, answered : sum of the numbers that are there, and how many.
    silent : records without one.
    ends : least and most that a measure could hold.
    """
    least, most = ends
    measures = answered + silent
    width = most - least
    fewest = (total - answered * least) / width
    low = special.betaincinv(fewest, measures - fewest + 1, TAIL) if fewest > 0 else 0.0
    largest = fewest + silent
    high = 1.0
    if largest < measures:
        high = special.betaincinv(largest + 1, measures - largest, 1 - TAIL)
    return Measured(
        value=total / answered if answered else float("nan"),
        low=least + width * float(low),
        high=least + width * float(high),
        n=float(measures),
    )


def census(
    inventory: Inventory, claim: str, day: date, found: Collection[str] = frozenset()
) -> Census:
    """What the measures on record say of a claim of the ledger. found: measures that are
    evaluated, whatever the inventory records of them.
    """
    measures = inventory.tree.measures
    known = measures["measure_id"].astype(str).isin(found)
    return CENSUS[claim](measures.assign(_evaluated=evaluated(measures) | known), day)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_numeric(frame[column], errors="coerce").astype(float)


def _yes(frame: pd.DataFrame, column: str) -> pd.Series:
    """1, 0, or NaN where the record does not say."""
    return frame[column].astype("boolean").astype("Float64").astype(float)


def _whether(condition: pd.Series, known: pd.Series) -> Census:
    return Census(np.asarray(condition.astype(float).where(known), np.float64))


def _of_stage(frame: pd.DataFrame, stage: str) -> pd.DataFrame:
    return frame[frame["stage_code"].astype(str) == stage]


def _of_models(frame: pd.DataFrame, *models: str) -> pd.DataFrame:
    return frame[frame["model_primary"].astype(str).isin(models)]


def _below(frame: pd.DataFrame, column: str, bound: float) -> Census:
    number = _numbers(frame, column)
    return _whether(number < bound, number.notna())


def _ratio_below(frame: pd.DataFrame, part: str, whole: str, bound: float) -> Census:
    """Measures whose part for each unit of the whole is below a bound."""
    ratio = _ratio(frame, part, whole)
    return _whether(ratio < bound, ratio.notna())


def _ratio(frame: pd.DataFrame, part: str, whole: str) -> pd.Series:
    """A part for each unit of the whole; a whole of 0 says nothing."""
    bottom = _numbers(frame, whole)
    return _numbers(frame, part) / bottom.where(bottom > 0)


def _against_next(member: pd.Series, others: pd.DataFrame) -> Census:
    """Share of measures with something less the share with the most frequent of the others.

    member, others : 1, 0 or NaN for each measure; others has one column a rival.
    """
    if others.shape[1] == 0:
        return Census(member.to_numpy(float), least=-1.0)
    rival = others.mean().idxmax()
    return Census((member - others[rival]).to_numpy(float), least=-1.0)


def _services(frame: pd.DataFrame, *but: str) -> pd.DataFrame:
    """1, 0 or NaN for each measure and service."""
    offered = [name for name in frame.columns if name.startswith("service_") and name not in but]
    return pd.DataFrame({name: _yes(frame, name) for name in offered}, index=frame.index)


def _information_first(frame: pd.DataFrame, _: date) -> Census:
    before = _of_stage(frame, BEFORE)
    return _against_next(_yes(before, "service_info"), _services(before, "service_info"))


def _training_first(frame: pd.DataFrame, _: date) -> Census:
    preparing = _of_models(frame, ORIENTATION, SKILLS)
    kinds = ("service_language", "service_vet_training")
    training = pd.DataFrame({kind: _yes(preparing, kind) for kind in kinds})
    some = training.max(axis=1, skipna=False).mask(training.eq(1).any(axis=1), 1.0)
    return _against_next(some, _services(preparing, "service_info", *kinds))


def _only_information(frame: pd.DataFrame, _: date) -> Census:
    """A centre with any other service does more; one that is silent on a service may have it."""
    centres = _of_models(frame, CENTRES)
    informs = _yes(centres, "service_info")
    others = _services(centres, "service_info")
    more = others.eq(1).any(axis=1) | informs.eq(0)
    known = more | (informs.notna() & others.notna().all(axis=1))
    return _whether(~more, known)


def _information_unlinked(frame: pd.DataFrame, _: date) -> Census:
    models = _of_models(frame, *INFORMATION)
    informing = models[_yes(models, "service_info") == 1]
    return _below(informing, "linked_job_offer", NOT_TO_STRONG)


def _by_code(frame: pd.DataFrame, column: str, code: str) -> Census:
    """One code of a column against the most frequent other one."""
    given = frame[column].astype("string")
    codes = [c for c in sorted(given.dropna().unique()) if c != code]
    rivals = {c: (given == c).astype("Float64").astype(float) for c in codes}
    member = (given == code).astype("Float64").astype(float)
    return _against_next(member, pd.DataFrame(rivals, index=frame.index))


def _funded_from(frame: pd.DataFrame, side: str, there: bool) -> Census:
    given = frame["funder_side"].astype("string")
    return _whether((given == side).fillna(False) == there, given.notna())


def _names_sector(frame: pd.DataFrame, _: date) -> Census:
    """A record that names no sector does not say that there is none."""
    given = _of_models(frame, SKILLS)["sector"].astype("string")
    return _whether((given != "NONE").fillna(False), given.notna())


def _attentive(frame: pd.DataFrame, _: date) -> Census:
    attention = _numbers(_of_models(frame, SKILLS), "qual_attention")
    return _whether(attention >= NOT_TO_STRONG, attention.notna())


def _answers(frame: pd.DataFrame, column: str, answer: bool) -> Census:
    """Measures whose record says yes (or no) in a column."""
    said = _yes(frame, column)
    return _whether(said == answer, said.notna())


def _integrated_of_late(frame: pd.DataFrame, _: date) -> Census:
    """Integrated measures that began after half of the others had."""
    integrated = frame["stage_code"].astype(str) == INTEGRATED
    half = frame.loc[~integrated, "start_date"].median()
    began = frame.loc[integrated, "start_date"]
    return _whether(began > half, began.notna() & pd.notna(half))


def _halves(frame: pd.DataFrame, day: date) -> tuple[pd.Series, pd.Series]:
    """Of the years before the day: measures (bool) that began in the later and the earlier half."""
    began = frame["start_date"]
    now = pd.Timestamp(day)
    first, half = now - pd.DateOffset(years=2 * LATELY), now - pd.DateOffset(years=LATELY)
    return (began > half) & (began <= now), (began > first) & (began <= half)


def _begun_of_late(frame: pd.DataFrame, day: date) -> Census:
    """Of measures that began in the years before the day, those of the later half of these years."""
    later, earlier = _halves(frame, day)
    began = frame["start_date"].notna()
    asked = later | earlier | ~began
    return _whether(later[asked], began[asked])


def _later_is_larger(frame: pd.DataFrame, day: date, number: pd.Series) -> Census:
    """Pairs of a later and an earlier measure, each measure in one pair at most, both halves in the
    order of their start: 1 where the later has the larger number. A pair of which one is silent, and
    a measure of which no start is known, may hold anything.
    """
    ordered = frame.sort_values("start_date", kind="stable").index
    halves = [number.loc[ordered[half.loc[ordered]]] for half in _halves(frame, day)]
    pairs = min(half.size for half in halves)
    chosen = [half.to_numpy()[np.arange(pairs) * half.size // max(pairs, 1)] for half in halves]
    known = np.isfinite(chosen[0]) & np.isfinite(chosen[1])
    larger = np.where(known, np.sign(chosen[0] - chosen[1]) / 2 + 0.5, np.nan)
    undated = np.full(int(frame["start_date"].isna().sum()), np.nan)
    return Census(np.concatenate([larger, undated]))


def _better_placed(frame: pd.DataFrame, day: date) -> Census:
    return _later_is_larger(frame, day, _ratio(frame, "benef_placed", "benef_reached"))


def _for_everybody(frame: pd.DataFrame, _: date) -> Census:
    """A measure for one sex or one level of skill is targeted, whatever else is not said of it."""
    orientation = _of_models(frame, ORIENTATION)
    given = [orientation[name].astype("string") for name in ("target_sex", "target_skill")]
    narrowed = pd.concat([(one != "ALL").fillna(False) for one in given], axis=1).any(axis=1)
    known = narrowed | pd.concat([one.notna() for one in given], axis=1).all(axis=1)
    return _whether(~narrowed, known)


def _funds_given_up(frame: pd.DataFrame, day: date) -> Census:
    """Welfare funds whose funding has ended, or of which it is said what came after."""
    funds = _of_models(frame, WELFARE_FUNDS)
    sustained = _yes(funds, "sustained_after_end")
    asked = (funds["end_date"] <= pd.Timestamp(day)).fillna(False) | sustained.notna()
    return _whether(sustained[asked] == 0, sustained[asked].notna())


def _old(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """Measures that began 24 months before the day or earlier."""
    begun = frame["start_date"] + pd.DateOffset(months=MONTHS_TO_EVALUATION)
    return frame[(begun <= pd.Timestamp(day)).fillna(False)]


def _without_lessons(frame: pd.DataFrame, day: date) -> Census:
    """What is not on record nobody learns from: an empty field is no lesson."""
    lessons = _old(frame, day)["lessons"].astype("string").str.strip()
    none = lessons.isna() | lessons.eq("").fillna(True)
    return _whether(none, pd.Series(True, index=none.index))


def _never_evaluated(frame: pd.DataFrame, day: date) -> Census:
    old = _old(frame, day)
    return _whether(~old["_evaluated"], old["_evaluated"] | old["eval_done"].notna())


def _much_overhead(frame: pd.DataFrame, _: date) -> Census:
    share = _ratio(frame, "cost_overhead", "budget_total")
    return _whether(share > MUCH_OVERHEAD, share.notna())


CENSUS: Mapping[str, Callable[[pd.DataFrame, date], Census]] = {
    "C01": _information_first,
    "C02": _information_unlinked,
    "C05": lambda frame, _: _below(_of_models(frame, ORIENTATION), "dose_hours", SHORT_HOURS),
    "C06": lambda frame, _: _below(_of_models(frame, ORIENTATION), "qual_attention", NOT_TO_STRONG),
    "C08": _names_sector,
    "C09": lambda frame, _: _ratio_below(
        _of_stage(frame, DURING), "benef_returned", "benef_reached", FEW_BACK
    ),
    "C11": lambda frame, _: _by_code(frame, "stage_code", AFTER),
    "C12": lambda frame, _: _funded_from(_of_stage(frame, AFTER), "DESTINATION", True),
    "C16": lambda frame, _: _below(
        _of_models(frame, ENTREPRENEURSHIP), "embedded_national", NOT_TO_STRONG
    ),
    "C17": lambda frame, _: _ratio_below(
        _of_models(frame, ENTREPRENEURSHIP), "jobs_created", "benef_reached", FEW_JOBS
    ),
    "C19": lambda frame, _: _by_code(_of_stage(frame, AFTER), "model_primary", PACKAGES),
    "C21": lambda frame, _: _answers(_of_stage(frame, AFTER), "service_recognition", False),
    "C25": lambda frame, _: _funded_from(frame, "ORIGIN", False),
    "C26": lambda frame, _: _below(frame, "embedded_national", NOT_TO_STRONG),
    "C27": _much_overhead,
    "C31": _never_evaluated,
    "C36": lambda frame, _: _answers(_of_models(frame, JOB_MATCHING), "me_framework", False),
    "C37": _training_first,
    "C38": _attentive,
    "C39": lambda frame, _: _answers(_of_models(frame, SKILLS), "service_recognition", True),
    "C40": lambda frame, _: _below(
        _of_models(frame, JOB_MATCHING, SKILLS), "employer_involved", NOT_TO_STRONG
    ),
    "C42": _only_information,
    "C43": _integrated_of_late,
    "C44": _begun_of_late,
    "C45": _for_everybody,
    "C46": _funds_given_up,
    "C47": lambda frame, day: _later_is_larger(frame, day, _numbers(frame, "budget_eur")),
    "C48": lambda frame, _: _by_code(_of_stage(frame, DURING), "return_sought", "PERMANENT"),
    "C49": _without_lessons,
    "C50": _better_placed,
}
