"""Weights of a run's survey brought to the totals that its margins file states."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    InputError,
    Problem,
    in_column,
    in_place,
    in_section,
    named,
    worded,
)
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import own_table
from mismes_eval.numerics.calibration import Method as Distance
from mismes_eval.weighting.calibrate import calibrate, poststratify
from mismes_eval.weighting.sample import Sample


def of_the_run(params: Params, rows: pd.DataFrame, column: str, file: str) -> None:
    """Raises InputError where rows are of another country than the run's."""
    if column not in rows.columns:
        return
    country = rows[column].astype("string")
    own = params.country[:3]
    other = (country.notna() & (country != own)).to_numpy(bool)
    if other.any():
        fix = worded("Keep the rows of {own}, or name the file of {own}.", {"own": own})
        raise InputError(
            Problem(
                what="rows of another country",
                where=in_place(file, in_column(column)),
                expected=worded(
                    "{own}, the country of {source}", {"own": own, "source": params.source}
                ),
                got=named(country[other].unique()),
                fix=fix,
            ).in_rows(np.flatnonzero(other) + 2)
        )


def margins_of(params: Params) -> pd.DataFrame | None:
    path = params.inputs.margins
    if path is None:
        return None
    margins = own_table(path, template="margins").frame
    of_the_run(params, margins, "country", path.name)
    twice = margins.duplicated(["margin", "category"], keep=False).to_numpy(bool)
    InputError.refuse(
        Problem(
            what="control totals of several years",
            where=in_place(path.name, in_column("year")),
            expected="one total for each category of a margin",
            got=named(margins["year"].unique()),
            fix=worded(
                "Keep the rows of one year, {year} if it is there.",
                {"year": params.year or "the survey’s"},
            ),
        ).where_true(twice, 2)
    )
    return margins


def totals_of(
    margins: pd.DataFrame, frame: pd.DataFrame
) -> dict[str | tuple[str, ...], dict[object, float]]:
    """Margins file -> totals for `calibrate`. "male*age_group" with "1*25-34" (or " x " for "*")
    are crossed columns; categories are matched to the column's values as they are written.
    """
    out = {}
    problems = []
    for name, rows in margins.groupby("margin", sort=False):
        columns = _parts(str(name))
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            problems += [
                Problem(
                    "a margin names a column that the survey lacks",
                    worded("margin '{name}'", {"name": name}),
                    "columns of the survey",
                    column,
                )
                for column in missing
            ]
            continue
        spelled = [
            {_spelled(value): value for value in frame[column].dropna().unique()}
            for column in columns
        ]
        table = {}
        for category, total in zip(
            rows["category"].astype(str), rows["total"].astype(float), strict=True
        ):
            parts = _parts(category) if len(columns) > 1 else [category]
            if len(parts) != len(columns):
                problems.append(
                    Problem(
                        "a category does not fit its margin",
                        worded("margin '{name}'", {"name": name}),
                        worded("{columns} parts", {"columns": len(columns)}),
                        category,
                    )
                )
                continue
            level = tuple(book.get(p, p) for book, p in zip(spelled, parts, strict=True))
            table[level if len(level) > 1 else level[0]] = total
        out[columns[0] if len(columns) == 1 else tuple(columns)] = table
    InputError.refuse(problems)
    return out


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace(" x ", "*").split("*")]


def _spelled(value: object) -> str:
    return (
        str(int(value))
        if isinstance(value, (bool, int, float, np.number)) and float(value).is_integer()
        else str(value)
    )


def calibrated(params: Params, sample: Sample, margins: pd.DataFrame, method: Distance) -> Sample:
    totals = totals_of(margins, sample.frame)
    household = params.design.household
    constant = household if household is not None and _constant(sample, household) else None
    return calibrate(
        sample,
        totals,
        method=method,
        bounds=params.calibration.bounds,
        unit=constant,
    )


def post_stratified(params: Params, sample: Sample) -> Sample:
    """Weights scaled to the cell sizes that the file itself carries, one size a cell."""
    cell, total = params.calibration.cell, params.calibration.total
    missing = [
        column for column in (cell, total) if column is None or column not in sample.frame.columns
    ]
    if missing:
        raise InputError(
            Problem(
                "post-stratification is not described",
                in_place("params", in_section("calibration")),
                "cell and total, columns of the mapped survey",
                ", ".join(map(str, missing)),
            )
        )
    known = sample.frame.groupby(cell, observed=True)[str(total)].agg(["min", "max"])
    if (known["min"] != known["max"]).any():
        bad = known.index[known["min"] != known["max"]]
        raise InputError(
            Problem(
                what="a cell has several sizes",
                where=in_column(total),
                expected="one size in every cell",
                got=worded("cells {bad}", {"bad": named(bad)}),
                count=len(bad),
            )
        )
    return poststratify(sample, str(cell), known["min"].astype(float))


def _constant(sample: Sample, household: str) -> bool:
    """One weight in every household."""
    if household not in sample.frame.columns:
        return False
    w = pd.Series(sample.weights).groupby(sample.frame[household].to_numpy())
    return bool((w.max() - w.min()).max() <= 1e-9 * sample.weights.max())
