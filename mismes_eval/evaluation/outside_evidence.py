"""Effects of outside evaluations beside those of the country reports, with measures as the units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.evaluation.evidence_faults import beyond_the_template, whole
from mismes_eval.evaluation.features import (
    MARGIN,
    TOO_FEW,
    FeatureContrast,
    contrasts_of,
    spoken_errors,
)
from mismes_eval.evaluation.published_effects import (
    NATIONAL,
    UNSTATED,
    Published,
    Reference,
    headlines,
    named_by_hash,
    references,
    unit_of,
)
from mismes_eval.evaluation.reading import own_table
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.evaluation.summaries import WINDOW
from mismes_eval.frame.codes import codes
from mismes_eval.impact.planning.meta_regression import LEAST, MetaRegression, meta_regression
from mismes_eval.message import Message
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.numerics.rows import Int
from mismes_eval.tracer.outcomes import side_of

OWN, OUTSIDE = "own", "outside"
NOT_ASSESSED = "NOT_ASSESSED"
STRONG_DESIGN, LOW_RISK = 4, "LOW"
HOW_EVALUATED = {
    "by_lot": "a lot or a threshold as the design",
    "low_risk": "low risk of bias",
    "elsewhere": "an outside evaluation",
}
COMPARED = 2  # strength of a design from which there is a comparison group
NO_SE = "no standard error"
NO_MONTHS = "months since enrolment not stated"
NO_COMPARISON = "no comparison group"
NO_MODEL = "the model of the measures is not on record"
CURRENCY = "the outcome has no common unit (national currency)"
NO_UNIT = "the unit of the outcome is not stated"
SIDES = {"MORE": "more", "LESS": "less", "NEITHER": ""}  # of `outcome_sides`, as templates say it
COLUMNS = (
    "kind",
    "source",
    "synthetic",
    "country",
    "measure",
    "model",
    "outcome",
    "better",
    "unit",
    "value",
    "se",
    "low",
    "high",
    "months",
    "design",
    "risk_of_bias",
    "moved_apart",
    "grade",
    "sample",
    "left_out",
    *FACTORS,
)


@dataclass(frozen=True)
class OutsideEvidence:
    """Effects of outside evaluations: name and hash of their file, one row an effect in the columns
    of the template `evidence`.
    """

    name: str
    sha256: str
    frame: pd.DataFrame

    @property
    def cited(self) -> pd.DataFrame:
        """Rows of outside evaluations; the others name effects of country reports by hash."""
        return self.frame[~named_by_hash(self.frame)]


@dataclass(frozen=True)
class Together:
    """Effects on one outcome by one model, in one unit, at one age, whoever estimated them.

    better : whether "more" or "less" of the outcome is better; empty: neither.
    measures : units.
    samples : independent ones; effects of one measure or one sample hang together.
    effects : rows of `beside`.
    found : their mean (coefficient "intercept"), or why there is none.
    needed : independent samples that would find an effect of five points; 0 where that cannot be
    told.
    """

    model: str
    outcome: str
    better: str
    unit: str
    months: float
    own: int
    outside: int
    measures: int
    samples: int
    effects: pd.DataFrame
    found: MetaRegression | NotEstimable
    needed: int


def read_evidence(path: str | Path) -> OutsideEvidence:
    """Effects of outside evaluations from a file in the template `evidence`.

    Raises
    ------
    InputError : lists everything that is wrong with the file; a file without an effect.
    """
    data = own_table(path, "evidence", beyond_the_template)
    if data.frame.empty:
        raise InputError(
            Problem(
                what="a file of evidence without an effect",
                where=data.name,
                expected="one row an effect",
                got=worded("0 rows"),
                fix="Fill it in, or leave it out.",
            )
        )
    return OutsideEvidence(data.name, data.sha256, whole(data.frame))


def better_of(outcome: str, evidence: OutsideEvidence | None = None) -> str:
    """Whether "more" or "less" of an outcome is better, as the tracer templates or a file of
    evidence say; empty where neither is, or nobody says so.
    """
    known = side_of(outcome)
    if known or evidence is None:
        return known
    stated = evidence.frame.loc[evidence.frame["outcome"] == outcome, "better"].dropna()
    return SIDES[str(stated.iloc[0])] if len(stated) else ""


def beside(
    effects: pd.DataFrame, reports: Sequence[Published], evidence: OutsideEvidence | None
) -> pd.DataFrame:
    """Own effects and outside ones in COLUMNS, one row an effect.

    Parameters
    ----------
    effects : of the synthesis; its published main effects are taken, and those that the file names
        by the hash of a report.
    reports : whose effects they are.
    evidence : a file without a problem (`unlike`).

    `low`, `high` of own effects are the interval with which the report speaks. `left_out` says why
    an effect stands in no mean; empty where it may.
    """
    named = [] if evidence is None else references(evidence.frame, reports)
    own = _own(effects, named)
    outside = own.head(0) if evidence is None else _outside(evidence.cited)
    parts = [part for part in (own, outside) if len(part)]
    if not parts:
        return own
    rows = pd.concat(parts, ignore_index=True)
    rows["better"] = [better_of(str(outcome), evidence) for outcome in rows["outcome"]]
    if evidence is None:
        return rows
    return rows.sort_values(
        ["model", "outcome", "country", "kind", "source"], kind="stable", ignore_index=True
    )


def _own(effects: pd.DataFrame, named: Sequence[Reference]) -> pd.DataFrame:
    """Published main effects and those that are named, with the risk of bias that a reader saw."""
    risks = [_risk_of_bias(effect, named) for effect in effects.to_dict("records")]
    risk = pd.Series(risks, index=effects.index, dtype=object)
    taken = headlines(effects) | risk.notna()
    main = effects[taken & (effects["status"] == "shown")]
    design = main["design_code"].where(main["design_code"] != "", main["design"])
    rows = pd.DataFrame(
        {
            "kind": OWN,
            "source": main["manifest_sha256"],
            "synthetic": main["synthetic"].astype(bool),
            "country": main["country"],
            "measure": main["measure"],
            "model": main["model"],
            "outcome": main["outcome"],
            "unit": main["unit_of_outcome"],
            "value": main["value"],
            "se": main["se"],
            "low": main["ci_low"],
            "high": main["ci_high"],
            "months": main["months"].astype(float),
            "design": design,
            "risk_of_bias": risk[main.index].fillna(NOT_ASSESSED),
            "moved_apart": main["moved_apart"].eq(True),
            "grade": main["grade"],
            "sample": "report of " + main["country"].astype(str),
            **{name: pd.to_numeric(main[name], errors="coerce") for name in FACTORS},
        }
    )
    return _with_obstacles(rows, pd.Series(True, index=rows.index))


def _risk_of_bias(effect: Mapping[Any, Any], named: Sequence[Reference]) -> str | None:
    """As the reader of a report saw it; None where the file does not name the effect."""
    of_report = [review for review in named if review.manifest_sha256 == effect["manifest_sha256"]]
    here = [review for review in of_report if review.names(effect)]
    return here[0].risk_of_bias if here else None


def _outside(given: pd.DataFrame) -> pd.DataFrame:
    """The rows of the file with shares as the unit of percentage points, 95% normal intervals."""
    scale = given["unit"].map(lambda unit: unit_of(unit)[1]).astype(float)
    value, se = given["effect"].astype(float) * scale, given["se"].astype(float) * scale
    half = float(stats.norm.ppf(0.975)) * se
    whole = given["citation"] + ", " + given["country"].astype(str)
    sample = given["sample"].astype(object).where(given["sample"].notna(), whole)
    rows = pd.DataFrame(
        {
            "kind": OUTSIDE,
            "source": given["citation"],
            "synthetic": given["synthetic"].astype(bool),
            "country": given["country"].astype(str),
            "measure": given["measure"].astype(object).where(given["measure"].notna(), ""),
            "model": given["model"].astype(str),
            "outcome": given["outcome"],
            "unit": given["unit"].map(lambda unit: unit_of(unit)[0]).astype(str),
            "value": value,
            "se": se,
            "low": value - half,
            "high": value + half,
            "months": given["months"].astype(float),
            "design": given["design"].astype(str),
            "risk_of_bias": given["risk_of_bias"].astype(str),
            "moved_apart": False,
            "grade": "",
            "sample": sample,
            **{name: pd.to_numeric(given[name], errors="coerce") for name in FACTORS},
        }
    )
    table = codes("impact_designs").set_index("code")["strength"].astype(float)
    return _with_obstacles(rows, given["design"].astype(str).map(table) >= COMPARED)


def _with_obstacles(rows: pd.DataFrame, compared: pd.Series) -> pd.DataFrame:
    """Why an effect may not be averaged with others; the first reason that holds."""
    reasons = [
        (~compared, NO_COMPARISON),
        (~(rows["se"] > 0), NO_SE),
        (rows["months"].isna(), NO_MONTHS),
        (rows["model"].fillna("") == "", NO_MODEL),
        (rows["unit"] == NATIONAL, CURRENCY),
        (rows["unit"].fillna(UNSTATED) == UNSTATED, NO_UNIT),
    ]
    told = np.select([hit.to_numpy(bool) for hit, _ in reasons], [why for _, why in reasons], "")
    return rows.assign(left_out=told, better="")[list(COLUMNS)]


def together(rows: pd.DataFrame) -> Iterable[Together]:
    """One mean for each model, outcome, unit and age (to the nearest half-year) of the effects that
    may be averaged.
    """
    usable = rows[rows["left_out"] == ""]
    ages = (usable["months"] / WINDOW).round() * WINDOW
    for (model, outcome, unit, age), part in usable.groupby(
        ["model", "outcome", "unit", ages], sort=True
    ):
        yield _mean(str(model), str(outcome), str(unit), float(str(age)), part)


def _mean(model: str, outcome: str, unit: str, months: float, rows: pd.DataFrame) -> Together:
    group = _hanging_together(rows)
    measures, samples = _measures(rows), int(group.max()) + 1
    found: MetaRegression | NotEstimable
    needed = 0
    if min(measures, samples) < LEAST:
        found = NotEstimable(Message(TOO_FEW, {"k": min(measures, samples), "least": LEAST}))
    else:
        nothing = pd.DataFrame(index=rows.index)
        shared = list(group) if samples < len(rows) else None
        value, se = rows["value"].to_numpy(float), rows["se"].to_numpy(float)
        found = meta_regression(value, se, nothing, shared)
        needed = found.needed("intercept", MARGIN) if unit == "share" else 0
    return Together(
        model=model,
        outcome=outcome,
        better=str(rows["better"].iloc[0]),
        unit=unit,
        months=months,
        own=int((rows["kind"] == OWN).sum()),
        outside=int((rows["kind"] == OUTSIDE).sum()),
        measures=measures,
        samples=samples,
        effects=rows,
        found=found,
        needed=needed,
    )


def features_together(rows: pd.DataFrame) -> Iterable[FeatureContrast]:
    """Contrasts of features over own and outside effects on shares that may be averaged: those of
    the measures, and how they were evaluated. Effects of one measure or one sample hang together;
    own ones have the errors of the intervals with which their reports speak.
    """
    usable = rows[(rows["left_out"] == "") & (rows["unit"] == "share")]
    usable = usable.assign(se=spoken_errors(usable, "low", "high"))
    usable = usable[usable["se"] > 0]
    ages = (usable["months"] / WINDOW).round() * WINDOW
    strength = codes("impact_designs").set_index("code")["strength"].astype(float)
    for (outcome, age), part in usable.groupby(["outcome", ages], sort=True):
        strong = part["design"].map(strength)
        known = part.assign(
            group=_hanging_together(part),
            unit_of_count=_measure_names(part),
            by_lot=(strong >= STRONG_DESIGN).where(strong.notna()),
            low_risk=(part["risk_of_bias"] == LOW_RISK).where(part["risk_of_bias"] != NOT_ASSESSED),
            elsewhere=part["kind"] == OUTSIDE,
        )
        yield from contrasts_of(str(outcome), float(str(age)), known, HOW_EVALUATED)


def _measure_names(rows: pd.DataFrame) -> pd.Series:
    """The measure of each effect in its country; where none is named, its sample stands for it."""
    named = rows["country"] + ": " + rows["measure"].astype(str)
    return named.where(rows["measure"].astype(str) != "", "sample " + rows["sample"])


def _measures(rows: pd.DataFrame) -> int:
    return int(_measure_names(rows).nunique())


def _hanging_together(rows: pd.DataFrame) -> Int:
    """(k,) number of the group of each effect; effects of one measure or one sample are in one."""
    measure = pd.factorize(_measure_names(rows))[0]
    sample = pd.factorize(rows["sample"])[0]
    links = sparse.coo_array(
        (np.ones(len(rows)), (measure, measure.max() + 1 + sample)),
        shape=(measure.max() + sample.max() + 2,) * 2,
    )
    _, part = connected_components(links, directed=False)
    return np.asarray(pd.factorize(part[measure])[0])
