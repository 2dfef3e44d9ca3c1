"""Indicators of a labour force survey with a migration module, each an Estimate with its definition, unit, n and source, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.domains import By, listed
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean, proportion, total
from mismes_eval.lfs import labour, match, moves
from mismes_eval.lfs.catalogue import Indicator, chosen
from mismes_eval.lfs.labour import Measure
from mismes_eval.lfs.migrants import Definition, as_definition, migration_status
from mismes_eval.lfs.moves import Several
from mismes_eval.lfs.persons import Ages, aged, breakdown, residents
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable


@dataclass(frozen=True)
class Context:
    """What the indicators of one call share. status (n,) codes or None; in_age (n,) age range of the migrant definition; target: statuses that measures address."""

    sample: Sample
    by: tuple[str, ...]
    ages: Ages
    status: np.ndarray
    in_age: Bool
    target: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        return self.sample.frame

    @property
    def targeted(self) -> Bool:
        return self.in_age & np.isin(self.status.astype(str), self.target)


_ON_PERSONS: Mapping[str, Callable[[pd.DataFrame, Ages], Measure]] = {
    "L3.participation": labour.participation, "L3.employment": labour.employment, "L3.unemployment": labour.unemployment, "L3.lu3": labour.lu3, "L3.lu4": labour.lu4,
    "L3.neet": labour.neet, "L4.vulnerable": labour.vulnerable, "L4.informal": labour.informal, "L5": match.normative, "L10": labour.self_employed, "L10.employer": labour.employer,
}  # fmt: skip
_IN_CONTEXT: Mapping[str, Callable[[Context], Measure | Several]] = {
    "L1": lambda c: moves.has_status(c.status, c.in_age, "RET"),
    "L1.immigrant": lambda c: moves.has_status(c.status, c.in_age, "IMM"),
    "L1.internal": lambda c: moves.has_status(c.status, c.in_age, "INT_INTERNAL"),
    "L1.non_migrant": lambda c: moves.has_status(c.status, c.in_age, "NON"),
    "L5.over_mean": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mean", False),
    "L5.mismatch_mean": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mean", True),
    "L5.over_mode": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mode", False),
    "L5.mismatch_mode": lambda c: match.realised(c.frame, c.sample.weights, c.ages, "mode", True),
    "L6.abroad": lambda c: match.downgraded(c.frame, c.status, "mig_occ_before", "mig_occ_abroad"),
    "L6.now": lambda c: match.downgraded(c.frame, c.status, "mig_occ_before", "mig_occ_now"),
    "L8": lambda c: moves.recognised(c.frame, c.status),
    "L8.sought": lambda c: moves.recognition_sought(c.frame, c.status),
    "L12.aware": lambda c: moves.models(c.frame, "msm_aware", c.in_age & residents(c.frame)),
    "L12": lambda c: moves.models(c.frame, "msm_part", c.targeted),
    "L12.useful": lambda c: moves.useful(c.frame, moves.models(c.frame, "msm_part", c.in_age).value[:, 0]),
    "L13": lambda c: moves.intends(c.frame, c.in_age),
    "L14.circular": lambda c: moves.circular(c.frame, c.status),
}


def indicators(
    sample: Sample,
    by: By = None,
    which: str | Sequence[str] | None = None,
    definition: Definition | str | Mapping[str, object] | None = None,
    ages: Ages | None = None,
    target: Sequence[str] = ("RET",),
) -> dict[str, Result]:
    """Indicators L1 to L14.

    Parameters
    ----------
    sample : persons under GLD and mig_ names.
    by : breakdowns: status, sex, age_group, education, region, or any column; several are crossed. A missing value is the level "not stated".
    which : ids such as "L3" (all its parts) or "L3.unemployment"; None: all.
    definition : who is a migrant (preset, params or `Definition`). None: the column `mig_status` as it stands in the frame.
    ages : age ranges and cell sizes.  target : migration statuses whom support measures address (denominator of participation).

    Returns
    -------
    dict, id -> Estimate, or NotEstimable with the reason (columns the file lacks, nobody in the universe).
    """
    context = _context(sample, by, definition, ages or Ages(), tuple(target))
    return {indicator.id: _one(context, indicator) for indicator in chosen(which)}


def _context(sample: Sample, by: By, definition: Definition | str | Mapping[str, object] | None, ages: Ages, target: tuple[str, ...]) -> Context:
    frame, notes = sample.frame, []
    if definition is not None:
        rule = as_definition(definition)
        status = migration_status(frame, rule)
        in_age = aged(frame, rule.age_min, rule.age_max, "the migrant definition")
        notes.append(rule.text)
        if status.attrs["unknown"]:
            notes.append(f"{status.attrs['unknown']:,} persons in the age range have no status because an answer that decides is missing.")
        sample = sample.with_columns({"mig_status": status})
    elif "mig_status" in frame.columns:
        in_age = aged(frame, ages.labour_min, None, "the migration indicators")
        notes.append("Migration status as delivered in the file (column mig_status); its definition is not part of the params.")
    else:
        in_age = aged(frame, ages.labour_min, ages.labour_max, "the labour-force indicators")
    code = sample.frame["mig_status"].astype(object).to_numpy() if "mig_status" in sample.frame.columns else np.full(sample.n, None, dtype=object)
    columns = [] if by is None else listed(by)
    sample = sample.with_columns({name: breakdown(sample.frame, name) for name in columns})
    return Context(sample, tuple(columns), ages, code, in_age, target, tuple(notes))


def _one(c: Context, indicator: Indicator) -> Result:
    words = _words(c, indicator)
    lacking = indicator.lacking(c.frame)
    if lacking:
        return NotEstimable(f"The file has no {', '.join(lacking)}.", words)
    if indicator.id.split(".")[0] == "L1" and {"status", "mig_status"} & set(c.by):
        return NotEstimable("A status share by status is 0 or 1.", words)
    c = replace(c, sample=c.sample.where(asked(c.frame, indicator)))
    measure = _IN_CONTEXT[indicator.id](c) if indicator.id in _IN_CONTEXT else _ON_PERSONS.get(indicator.id, labour.unemployed)(c.frame, c.ages)
    return _estimate(c, indicator, measure, words)


def asked(frame: pd.DataFrame, indicator: Indicator) -> Bool:
    """(n,) rows whose questions were asked: no column that the indicator needs has the reason NOTASKED or NA_notapp in its companion."""
    out = np.ones(len(frame), bool)
    for column in (name for names in indicator.needs for name in names):
        if f"{column}_miss" in frame.columns:
            out &= ~frame[f"{column}_miss"].isin(["NOTASKED", "NA_notapp"]).to_numpy()
    return out


def _estimate(c: Context, indicator: Indicator, measure: Measure | Several, words: str) -> Result:
    value = measure.value if isinstance(measure, Several) else measure.value[:, None]
    concerned = measure.universe & c.sample.active
    answered = ~np.isnan(value).any(axis=1)
    base = concerned & answered
    if not base.any():
        digits = " Realised matches need ISCO codes of two digits or more." if indicator.id.startswith("L5.") else ""
        return NotEstimable(
            ("Nobody in the sample belongs to the universe." if not concerned.any() else "Nobody in the universe has an answer.") + digits, words
        )
    silent = int((concerned & ~answered).sum())
    notes = c.notes + ((f"{silent:,} of {int(concerned.sum()):,} persons in the universe gave no answer and are left out.",) if silent else ())
    labels = [f"{indicator.id} {label}" for label in measure.labels] if isinstance(measure, Several) else [indicator.id]
    domain = c.sample.with_columns({label: value[:, j] for j, label in enumerate(labels)}).where(base)
    estimator = total if indicator.unit == "persons" else proportion if set(np.unique(value[base])) <= {0.0, 1.0} else mean
    out = estimator(domain, labels, list(c.by) or None).annotated(unit=indicator.unit, definition=words, notes=notes)
    if indicator.unit != "persons":
        out = replace(out, kind="share", interval="logit")
    return replace(
        out, extra={"id": indicator.id, "title": indicator.title, "source": indicator.source, "minimum_n": indicator.minimum_n, "n_without_answer": silent}
    )


def _words(c: Context, indicator: Indicator) -> str:
    targets = " and ".join({"RET": "returnees", "NON": "non-migrants", "IMM": "immigrants", "INT_INTERNAL": "internal migrants"}.get(t, t) for t in c.target)
    universe = indicator.universe.format(labour=c.ages.labour, neet=f"aged {c.ages.neet_min} to {c.ages.neet_max}", cell=c.ages.match_cell, target=targets)
    return f"{indicator.title}: {indicator.definition}. Among {universe}. Source: {indicator.source}."
