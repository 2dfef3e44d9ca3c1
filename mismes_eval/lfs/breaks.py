"""Series breaks: a comparison across one stops, unless the params acknowledge it, and then every
table prints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval.errors import EstimateError, InputError, ParamsError, Problem, worded
from mismes_eval.frame.codes import packaged_rows
from mismes_eval.public import held

_VERSIONS = {
    "icls_v": "definition of employment",
    "isco_version": "occupation classification",
    "isic_version": "industry classification",
    "isced_version": "education classification",
}


@dataclass(frozen=True)
class SeriesBreak:
    """The first year of the new series and why it is not comparable with the year before."""

    year: int
    reason: str


@held(InputError)
def series_breaks(country: str, declared: Sequence[str] = ()) -> tuple[SeriesBreak, ...]:
    """Breaks of a country: the shipped list and those of the params, written "2018: ICLS 19"."""
    known = [
        SeriesBreak(int(row["year"]), row["reason"])
        for row in packaged_rows("lfs/series_breaks.csv")
        if row["country"] == country
    ]
    problems = []
    for text in declared:
        year, _, reason = str(text).partition(":")
        if not year.strip().isdigit() or not reason.strip():
            problems.append(
                Problem(
                    "a series break cannot be read", "breaks.series", "'2018: reason'", repr(text)
                )
            )
            continue
        known.append(SeriesBreak(int(year), reason.strip()))
    ParamsError.refuse(problems)
    return tuple(sorted(dict.fromkeys(known), key=lambda b: b.year))


def crossed(first: int, last: int, breaks: Sequence[SeriesBreak]) -> tuple[SeriesBreak, ...]:
    """Breaks that separate two years."""
    low = min(first, last)
    high = max(first, last)
    return tuple(crossed for crossed in breaks if low < crossed.year <= high)


@held(InputError)
def check_breaks(
    country: str, years: Sequence[int], declared: Sequence[str] = (), acknowledge: bool = False
) -> tuple[str, ...]:
    """Sentences for the tables of a comparison of these years.

    Raises
    ------
    EstimateError : a break lies between the years and is not acknowledged.
    """
    inside = crossed(min(years), max(years), series_breaks(country, declared))
    if inside and not acknowledge:
        raise EstimateError(
            [
                Problem(
                    what="a series break lies inside a comparison",
                    where=worded(
                        "{country} {years} to {last}",
                        {"country": country, "years": min(years), "last": max(years)},
                    ),
                    expected="years of one series",
                    got=worded(
                        "{year}: {reason}", {"year": crossed.year, "reason": crossed.reason}
                    ),
                    fix="Compare within one series, or acknowledge the break in the params"
                    " (breaks.acknowledge).",
                )
                for crossed in inside
            ]
        )
    return tuple(
        f"Series break {crossed.year} inside this comparison, acknowledged: {crossed.reason}."
        for crossed in inside
    )


def version_changes(frame: pd.DataFrame, round_column: str) -> tuple[str, ...]:
    """Classification and definition versions that differ between rounds, in words."""
    out = []
    for column, what in _VERSIONS.items():
        if column in frame.columns:
            per = frame.groupby(round_column, sort=True)[column].agg(
                lambda s: " and ".join(sorted(map(str, s.dropna().unique())))
            )
            if per.nunique() > 1:
                out.append(
                    f"{what} ({column}) differs between rounds: "
                    + "; ".join(
                        f"{column}: {versions or 'not stated'}" for column, versions in per.items()
                    )
                )
    return tuple(out)
