"""Effects as country reports publish them: the interval that speaks, and effects that a file of
evidence names by the hash of a report's manifest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.frame.parse import rows as rows_where

SHOWN = "shown"
ROLLOUT = "roll-out by region, survey rounds"  # designs, as reports name them
DRAW = "draw by lot, what the offer changed"
TAKEN = "draw by lot, what taking part changed"
HASH = "manifest_sha256"
NATIONAL, UNSTATED = "national currency", "not stated"  # units of effects in country reports
UNITS: Mapping[str, tuple[str, float]] = {
    "POINTS": ("share", 0.01),
    "MONEY": (NATIONAL, 1.0),
    "PPP": ("international dollars", 1.0),
}
SAME_SHARE = 0.0005  # shares are printed with one digit of a percentage point
SAME_SIZE = 0.005  # other units: three digits
SAME_MONTHS = 0.5
DIGITS = 16  # of a hash, in messages


@dataclass(frozen=True)
class Published:
    """One country's report as far as a synthesis reads it. facts: the "comparison" part of its
    estimates.json; manifest_sha256: hash of its manifest, "" where it is not known.
    """

    country: str
    synthetic: bool
    facts: Mapping[str, Any]
    manifest_sha256: str = ""


@dataclass(frozen=True)
class Reference:
    """An effect that a row of the file names: report (whole hash), measure, outcome and months (NaN
    for a roll-out), with the risk of bias that the reader of the report saw.
    """

    manifest_sha256: str
    measure: str
    outcome: str
    months: float
    risk_of_bias: str

    def names(self, effect: Mapping[Any, Any]) -> bool:
        """Whether this is the effect that is named; of a draw, that of the offer."""
        same = (effect["measure"], effect["outcome"]) == (self.measure, self.outcome)
        same = same and effect.get("design") != TAKEN
        return same and _same_months(effect.get("months"), self.months)


def spoken_ends(effect: Mapping[Any, Any]) -> tuple[float, float]:
    """The ends of the interval with which a report speaks of an effect: that of its headline where
    the effect has one, which may be wider than the design's; NaN where it has none.
    """
    low, high = (
        effect.get(design) if _missing(effect.get(spoken)) else effect[spoken]
        for design, spoken in (("ci_low", "spoken_low"), ("ci_high", "spoken_high"))
    )
    return _number(low), _number(high)


def headlines(effects: pd.DataFrame) -> pd.Series:
    """Which effects are those that a report speaks of first: main ones, and roll-outs."""
    return effects["main"].eq(True) | effects["design"].eq(ROLLOUT)


def unit_of(code: object) -> tuple[str, float]:
    """Unit of a report that a code of `effect_units` means, and the factor into it."""
    return UNITS.get(str(code), (str(code).lower(), 1.0))


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _same_months(published: object, named: float) -> bool:
    months = _number(published)
    if math.isnan(months) or math.isnan(named):
        return math.isnan(months) and math.isnan(named)
    return abs(months - named) <= SAME_MONTHS


def named_by_hash(frame: pd.DataFrame) -> pd.Series:
    """Which rows of a file of evidence name an effect of a country report."""
    return frame[HASH].notna()


def references(frame: pd.DataFrame, reports: Sequence[Published]) -> list[Reference]:
    """The effects of reports that a file names; only rows without a problem (`unlike`)."""
    found = []
    for row in frame[named_by_hash(frame)].to_dict("records"):
        report = _report_of(row, reports)
        if report is not None:
            found.append(
                Reference(
                    manifest_sha256=report.manifest_sha256,
                    measure=str(row["measure"]),
                    outcome=str(row["outcome"]),
                    months=_number(row["months"]),
                    risk_of_bias=str(row["risk_of_bias"]),
                )
            )
    return found


def _report_of(row: Mapping[Any, Any], reports: Sequence[Published]) -> Published | None:
    """The report whose manifest has the hash, or begins with it."""
    start = str(row[HASH])
    hits = [
        report
        for report in reports
        if report.manifest_sha256 and report.manifest_sha256.startswith(start)
    ]
    return hits[0] if hits else None


def unlike(frame: pd.DataFrame, name: str, reports: Sequence[Published]) -> Iterator[Problem]:
    """What is wrong with the rows of a file that name effects of reports: a hash that names no
    report, an effect that the report does not show, a number or another cell that is not what the
    report says, an effect named twice.
    """
    named = frame[named_by_hash(frame)]
    for label, row in named.to_dict("index").items():
        there = pd.Series(frame.index == label, index=frame.index)
        report = _report_of(row, reports)
        if report is None:
            yield _no_report(row, name, reports, there)
            continue
        effect = _effect_of(row, report)
        if effect is None:
            yield _not_shown(row, name, report, there)
            continue
        yield from _other_cells(row, effect, report, name, there)
    twice = named.duplicated([HASH, "measure", "outcome", "months"])
    if twice.any():
        yield _problem(
            "an effect of a report is named twice",
            worded("{name}: {column}", {"name": name, "column": HASH}),
            "one row an effect",
            "",
            "Take one of the rows out.",
            twice.reindex(frame.index, fill_value=False),
        )


def _problem(what: str, where: str, expected: str, got: str, fix: str, rows: pd.Series) -> Problem:
    return Problem(what, where, expected, got, fix).in_rows(rows_where(rows))


def _effect_of(row: Mapping[Any, Any], report: Published) -> Mapping[str, Any] | None:
    """The published effect that a row names; None where the report has none or hides it."""
    wanted = Reference(
        manifest_sha256=report.manifest_sha256,
        measure=str(row["measure"]),
        outcome=str(row["outcome"]),
        months=_number(row["months"]),
        risk_of_bias="",
    )
    for effect in report.facts.get("effects", ()):
        shown = effect.get("status") == SHOWN and effect.get("value") is not None
        if shown and wanted.names(effect):
            return dict(effect)
    return None


def _called(row: Mapping[Any, Any]) -> str:
    months = _number(row["months"])
    when = "over all rounds" if math.isnan(months) else f"after {months:g} months"
    return f"{row['measure']}, {row['outcome']} {when}"


def _no_report(
    row: Mapping[Any, Any], name: str, reports: Sequence[Published], there: pd.Series
) -> Problem:
    """The hash names no report; where the country has another report now, what that one shows."""
    now = [report for report in reports if report.country == row["country"]]
    expected = ", ".join(
        f"{report.country} {report.manifest_sha256[:DIGITS]}" for report in now or reports
    )
    fix = "Make the report, or take the row out."
    if now:
        effect = _effect_of(row, now[0])
        if effect is None:
            fix = "The report was made again and shows no such effect: take the row out."
        elif _moved(row, effect, "effect", "value"):
            fix = (
                "The report was made again and its number moved to"
                f" {_in_unit(row, effect['value']):.4g}: read it, and write its number and hash."
            )
        else:
            fix = "The report was made again with the same number: write its hash."
    return _problem(
        "a hash that names no report",
        worded("{name}: {column}", {"name": name, "column": HASH}),
        expected or "the manifest of a report",
        str(row[HASH])[:DIGITS],
        fix,
        there,
    )


def _not_shown(row: Mapping[Any, Any], name: str, report: Published, there: pd.Series) -> Problem:
    return _problem(
        "an effect that the report does not show",
        worded("{name}: measure, outcome, months", {"name": name}),
        worded("an effect that the report of {country} shows", {"country": report.country}),
        _called(row),
        "Name one that it shows; what a report hides is no evidence.",
        there,
    )


def _other_cells(
    row: Mapping[Any, Any],
    effect: Mapping[str, Any],
    report: Published,
    name: str,
    there: pd.Series,
) -> Iterator[Problem]:
    """Cells that say something else than the report."""
    differing = [
        (column, expected) for column, expected, same in _stated(row, effect, report) if not same
    ]
    for column, expected in differing:
        yield _problem(
            "a cell is not what the report says",
            worded("{name}: {column}", {"name": name, "column": column}),
            str(expected),
            str(row[column]),
            "Write what the report says.",
            there,
        )
    if "unit" in dict(differing):
        return
    for column, published in (("effect", "value"), ("se", "se")):
        if _moved(row, effect, column, published):
            yield _problem(
                "a number is not the one that the report shows",
                worded("{name}: {column}", {"name": name, "column": column}),
                f"{_in_unit(row, effect[published]):.4g}",
                f"{row[column]:.4g}",
                "Write the number of the report whose hash the row names.",
                there,
            )


def _stated(
    row: Mapping[Any, Any], effect: Mapping[str, Any], report: Published
) -> Iterator[tuple[str, object, bool]]:
    """Column, what the report says, whether the row says the same. The sample is the report's, so
    that a row has none; scores may be left out.
    """
    yield "country", report.country, report.country == row["country"]
    yield "model", effect["model"], effect["model"] == row["model"]
    yield "synthetic", report.synthetic, report.synthetic == bool(row["synthetic"])
    unit = effect["unit_of_outcome"]
    yield "unit", unit, unit == unit_of(row["unit"])[0]
    code = effect.get("design_code")
    yield "design", code, code is None or code == row["design"]
    yield "sample", "an empty cell", pd.isna(row["sample"])
    for factor in FACTORS:
        score = effect.get(factor)
        yield factor, score, pd.isna(row[factor]) or _number(score) == float(row[factor])


def _in_unit(row: Mapping[Any, Any], published: float) -> float:
    return float(published) / unit_of(row["unit"])[1]


def _moved(row: Mapping[Any, Any], effect: Mapping[str, Any], column: str, published: str) -> bool:
    """Whether a stated number is another than the published one, beyond rounding. An error that is
    not stated is not compared.
    """
    stated, there = _number(row[column]), _number(effect.get(published))
    if math.isnan(stated):
        return False
    if math.isnan(there):
        return True
    unit, scale = unit_of(row["unit"])
    room = SAME_SHARE if unit == "share" else SAME_SIZE * abs(there)
    return abs(stated * scale - there) > room * (1 + 1e-9)
