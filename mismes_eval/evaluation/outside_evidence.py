"""Effects of outside evaluations beside those of the country reports, with measures as the units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from mismes_eval import frame as frames
from mismes_eval.errors import InputError, Problem, worded
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
from mismes_eval.tracer.outcomes import declared, side_of

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
OF_A_SHARE = {"SHARE": 1.0, "POINTS": 0.01}  # units of effects on shares, factor to a share
SIDES = {"MORE": "more", "LESS": "less", "NEITHER": ""}  # of `outcome_sides`, as templates say it
UNITS_OF: Mapping[str, tuple[str, ...]] = {  # kind of outcome -> codes of `effect_units`
    "share": ("SHARE", "POINTS"),
    "months": ("MONTHS",),
    "hours": ("HOURS",),
    "score": ("SCORE",),
    "money": ("MONEY", "PPP"),
}
UNITS_OF_ALL = ("SD", "LOG")
AN_ID = re.compile(r"([a-z]{3})(\d{3,6})")  # letters and digits of a measure_id
LEAST_SPREAD = 0.05  # se times the root of n: a difference of shares of 0.1% in halves has 0.06
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
    data = own_table(path, template="evidence")
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
    every = data.frame.reindex(columns=list(frames.template("evidence").names))
    InputError.refuse(
        [
            *_unread_columns(data.extra, data.name),
            *_too_exact(data.frame),
            *_other_units(every[~named_by_hash(every)]),
            *_other_spellings(every),
            *_several_models(every[~named_by_hash(every)]),
            *_sides(every),
        ]
    )
    return OutsideEvidence(data.name, data.sha256, every)


def better_of(outcome: str, evidence: OutsideEvidence | None = None) -> str:
    """Whether "more" or "less" of an outcome is better, as the tracer templates or a file of
    evidence say; empty where neither is, or nobody says so.
    """
    known = side_of(outcome)
    if known or evidence is None:
        return known
    stated = evidence.frame.loc[evidence.frame["outcome"] == outcome, "better"].dropna()
    return SIDES[str(stated.iloc[0])] if len(stated) else ""


def _other_units(given: pd.DataFrame) -> Iterable[Problem]:
    """Effects on outcomes that the templates know, in the unit of another kind of outcome."""
    rows = zip(given.index + 2, given["outcome"], given["unit"], strict=True)
    for row, outcome, unit in rows:
        known = declared(str(outcome))
        units = () if known is None else UNITS_OF.get(known.kind, ())
        if units and unit not in (*units, *UNITS_OF_ALL):
            yield Problem(
                what="a unit that the outcome does not have",
                where=worded("unit: {outcome}", {"outcome": str(outcome)}),
                expected=", ".join((*units, *UNITS_OF_ALL)),
                got=str(unit),
                fix="Correct the unit, or name the outcome that was measured.",
                rows=(str(row),),
            )


def _other_spellings(given: pd.DataFrame) -> Iterable[Problem]:
    """Measures and samples that are spelt almost as another, or almost as an identifier: they would
    count as measures or samples of their own.
    """
    countries = given["country"].astype(str)
    for column, within in (("measure", countries), ("sample", countries.mask(countries != "", ""))):
        spelt = given[column].dropna().astype(str)
        letters = spelt.str.casefold().str.replace(r"[\W_]+", "", regex=True)
        for (_, plain), same in spelt.groupby([within[spelt.index], letters]):
            an_id = AN_ID.fullmatch(str(plain)) if column == "measure" else None
            right = f"{an_id[1].upper()}-{an_id[2]}" if an_id else str(same.iloc[0])
            wrong = same[same != right]
            if len(wrong):
                yield Problem(
                    what="a name in another spelling",
                    where=column,
                    expected=right,
                    got=", ".join(map(repr, wrong.unique())),
                    fix="Write the same name the same way in every row.",
                    rows=tuple(str(label + 2) for label in wrong.index),
                )


def _several_models(given: pd.DataFrame) -> Iterable[Problem]:
    """Measures whose effects would stand in the means of two models."""
    for measure, rows in given.groupby(["country", "measure"], observed=True):
        models = sorted(rows["model"].astype(str).unique())
        if len(models) > 1:
            yield Problem(
                what="a measure of several models",
                where=worded("model: {measure}", {"measure": str(measure[-1])}),
                expected="one model, the same in every row of the measure",
                got=", ".join(models),
                fix="Take the model of the inventory; parts of other models are measures of their own.",
                rows=tuple(str(label + 2) for label in rows.index),
            )


def _sides(given: pd.DataFrame) -> Iterable[Problem]:
    """Outcomes of which the file does not say whether more or less is better, says both, or says
    something else than the templates.
    """
    numbered = given.assign(_row=range(2, len(given) + 2))
    for outcome, rows in numbered.groupby("outcome"):
        known, stated = declared(str(outcome)), sorted(set(rows["better"].dropna()))
        of_template = known.better.upper() if known is not None else ""
        cited = ~named_by_hash(rows)
        if not stated and (known is not None or not cited.any()):
            continue
        if len(stated) == 1 and of_template in ("", stated[0]):
            continue
        yield Problem(
            what="an outcome that does not say on which side it is better",
            where=worded("better: {outcome}", {"outcome": str(outcome)}),
            expected=of_template or "MORE, LESS or NEITHER, the same in every row of the outcome",
            got=", ".join(stated) or worded("none"),
            fix="Say it in every row of the outcome; the sign of the effect stays as it is.",
            rows=tuple(map(str, rows["_row"])),
        )


def _unread_columns(extra: Sequence[str], name: str) -> list[Problem]:
    """Columns that are not in the template: an interval or a p-value there would be passed over."""
    return [
        Problem(
            what="a column that evidence does not have",
            where=worded("{name}: {column}", {"name": name, "column": column}),
            expected="the columns of the template; the error of an effect stands in se",
            fix="Of a 95% interval se is its length divided by 3.92, of a p-value the effect divided"
            " by the normal quantile of 1 - p/2; then take the column out.",
        )
        for column in extra
    ]


def _too_exact(given: pd.DataFrame) -> list[Problem]:
    """Effects on shares whose error no comparison of so many persons can have."""
    if not {"se", "n"} <= set(given.columns):
        return []
    scale = given["unit"].map(OF_A_SHARE)
    persons = given["n"].astype("float64")
    wrong = (given["se"] * scale * np.sqrt(persons) < LEAST_SPREAD).fillna(False)
    return [
        Problem(
            what="a standard error too small for its persons",
            where="se",
            expected="the standard error of the effect, in its unit",
            got=worded(
                "{se:g} ({unit}) with {n:.0f} persons",
                {"se": row["se"], "unit": row["unit"], "n": row["n"]},
            ),
            fix="Say whether it is in shares (SHARE) or percentage points (POINTS); a p-value is no"
            " standard error.",
            rows=(str(number),),
        )
        for number, (row, small) in enumerate(zip(given.to_dict("records"), wrong, strict=True), 2)
        if small
    ]


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
