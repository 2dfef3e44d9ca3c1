"""What is wrong with a file of evidence beyond its template: units, spellings, countries, models,
sides and errors that the effects of outside evaluations cannot have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import Problem, worded
from mismes_eval.evaluation.published_effects import named_by_hash
from mismes_eval.frame.codes import codes
from mismes_eval.tracer.outcomes import declared

OF_A_SHARE = {"SHARE": 1.0, "POINTS": 0.01}  # units of effects on shares, factor to a share
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


def whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Every column of the template."""
    return frame.reindex(columns=list(frames.template("evidence").names))


def beyond_the_template(given: pd.DataFrame, extra: Sequence[str]) -> list[Problem]:
    """What is wrong with effects that fit the template, and with columns that it does not know."""
    every = whole(given)
    cited = every[~named_by_hash(every)]
    return [
        *_unread_columns(extra),
        *_too_exact(every),
        *_other_units(cited),
        *_other_spellings(every),
        *_of_another_country(every),
        *_several_models(cited),
        *_sides(every),
    ]


def _other_units(given: pd.DataFrame) -> Iterable[Problem]:
    """Effects on outcomes that the templates know, in the unit of another kind of outcome."""
    rows = zip(given.index, given["outcome"], given["unit"], strict=True)
    for row, outcome, unit in rows:
        known = declared(str(outcome))
        units = () if known is None else UNITS_OF.get(known.kind, ())
        if units and pd.notna(unit) and unit not in (*units, *UNITS_OF_ALL):
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
        for (_, plain), same in spelt.groupby([within[spelt.index], _letters(spelt)]):
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
                    rows=tuple(str(label) for label in wrong.index),
                )


def _letters(spelt: pd.Series) -> pd.Series:
    """Letters and digits, of which a name consists in any spelling."""
    return spelt.str.casefold().str.replace(r"[\W_]+", "", regex=True)


def _of_another_country(given: pd.DataFrame) -> Iterable[Problem]:
    """Identifiers of measures that begin with another country than the row's."""
    known = set(codes("countries")["code"])
    named = given[["country", "measure"]].dropna().astype(str)
    rows = zip(named.index, named["country"], named["measure"], strict=True)
    for (row, country, measure), plain in zip(rows, _letters(named["measure"]), strict=True):
        an_id = AN_ID.fullmatch(plain)
        owner = an_id[1].upper() if an_id else country
        if owner in known and owner != country:
            yield Problem(
                what="a measure of another country",
                where="measure",
                expected=worded("an identifier that begins with {country}", {"country": country}),
                got=measure,
                fix="Correct the country or the identifier; a measure in several countries has one in"
                " each.",
                rows=(str(row),),
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
                rows=tuple(str(label) for label in rows.index),
            )


def _sides(given: pd.DataFrame) -> Iterable[Problem]:
    """Outcomes of which the file does not say whether more or less is better, says both, or says
    something else than the templates.
    """
    for outcome, rows in given.groupby("outcome"):
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
            rows=tuple(map(str, rows.index)),
        )


def _unread_columns(extra: Sequence[str]) -> list[Problem]:
    """Columns that are not in the template: an interval or a p-value there would be passed over."""
    return [
        Problem(
            what="a column that evidence does not have",
            where=column,
            expected="the columns of the template; the error of an effect stands in se",
            fix="Of a 95% interval se is its length divided by 3.92, of a p-value the effect divided"
            " by the normal quantile of 1 - p/2; then take the column out.",
        )
        for column in extra
    ]


def _too_exact(given: pd.DataFrame) -> list[Problem]:
    """Effects on shares whose error no comparison of so many persons can have."""
    scale = given["unit"].map(OF_A_SHARE).astype("float64")
    spread: pd.Series = (
        given["se"].astype("float64") * scale * np.sqrt(given["n"].astype("float64"))
    )
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
        for number, row in zip(given.index, given.to_dict("records"), strict=True)
        if spread[number] < LEAST_SPREAD
    ]
