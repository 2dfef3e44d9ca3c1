"""Totals named by column -> calibration rows and targets, with every problem of the margins found
before anything is solved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from mismes_eval.errors import CalibrationError, Problem, in_column, kind_of, of_argument, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.levels import crossed, levels_of, one_spelling
from mismes_eval.weighting.margin_rows import Category, Level, Margins, assemble
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

Totals = Mapping[str | tuple[str, ...], float | Mapping[Level, float]]


@dataclass(frozen=True)
class Publication:
    """How totals were published. unit: what a total of 1 stands for (1000 where they are in
    thousands); scale_to: the margin to whose sum the others are scaled, where rounding parts them.
    """

    unit: float = 1.0
    scale_to: str | tuple[str, ...] | None = None

    def said_of(self, step: Message) -> Message:
        """The name of a step, and what was done to the totals before it."""
        if self.unit != 1:
            unit = {"step": step, "unit": f"{self.unit:,.10g}"}
            step = Message("{step}, totals in units of {unit}", unit, "step")
        if self.scale_to is not None:
            margin = {"step": step, "margin": self.margin}
            step = Message("{step}, margins scaled to that of {margin}", margin, "step")
        return step

    @property
    def margin(self) -> str:
        """The margin's name."""
        if isinstance(self.scale_to, tuple):
            return " x ".join(map(str, self.scale_to))
        return str(self.scale_to)


AS_STATED = Publication()


def margins(
    sample: Sample,
    totals: Totals,
    total_se: Totals | None,
    unit: str | None,
    published: Publication = AS_STATED,
) -> Margins:
    """Calibration rows, zero outside the domain, and targets. Raises CalibrationError listing every
    unknown column, missing value, unknown, empty or unmatched category.
    """
    stated = _mapping(totals)
    if stated is None:
        raise CalibrationError(
            Problem(
                "totals are stated by column",
                of_argument("totals"),
                "a mapping such as {'age': 1234.0, 'sex': {'F': 610, 'M': 590}}",
                kind_of(totals),
            )
        )
    problems: list[Problem] = []
    categorical: list[Category] = []
    numeric: list[tuple[str, Float, float]] = []
    for key, target in stated.items():
        target = target if (several := _mapping(target)) is None else several
        columns = key if isinstance(key, tuple) else (key,)
        name = " x ".join(map(str, columns))
        if columns == ("1",):
            numeric.append(("1", sample.domain.astype(float), _number(target, name, problems)))
            continue
        unknown = [column for column in columns if column not in sample.frame.columns]
        if unknown:
            for column in unknown:
                near = get_close_matches(
                    str(column), [str(column) for column in sample.frame.columns], 1
                )
                problems.append(
                    Problem(
                        what="a margin names an unknown column",
                        where=worded("totals['{name}']", {"name": name}),
                        expected="a column of the sample",
                        got=worded("'{column}'", {"column": column}),
                        fix=worded("Did you mean '{near}'?", {"near": near[0]}) if near else "",
                    )
                )
            continue
        if isinstance(target, Mapping):
            found = _category(sample, columns, name, target, problems)
            if found is not None:
                categorical.append(found)
        else:
            numeric.append(
                (name, _numeric(sample, columns, problems), _number(target, name, problems))
            )
    if not stated:
        problems.append(
            Problem("no totals to calibrate to", of_argument("totals"), "at least one margin")
        )
    categorical, numeric, found_scale = _published(categorical, numeric, published)
    problems += found_scale
    problems += _different_sums(
        categorical, [(name, total) for name, _, total in numeric if name == "1"]
    )
    CalibrationError.refuse(problems)
    vcov = _total_vcov(categorical, numeric, total_se, published.unit)
    return assemble(sample, categorical, numeric, vcov, unit)


def _published(
    categorical: list[Category], numeric: list[tuple[str, Float, float]], published: Publication
) -> tuple[list[Category], list[tuple[str, Float, float]], list[Problem]]:
    """The margins in the unit of the weights, and scaled to one of them."""
    unit = published.unit
    if not (_finite(unit) and unit > 0):
        return (
            [],
            [],
            [
                Problem(
                    "the unit of the totals is no number",
                    of_argument("totals_unit"),
                    "a number above 0, 1000 for thousands",
                    repr(unit),
                )
            ],
        )
    sizes = {margin.name: float(margin.totals.sum()) for margin in categorical}
    sizes |= {name: total for name, _, total in numeric if name == "1"}
    if published.scale_to is None:
        factor = dict.fromkeys(sizes, unit)
    elif published.margin not in sizes or not sizes[published.margin] > 0:
        return (
            [],
            [],
            [
                Problem(
                    "margins are scaled to one that is not there",
                    of_argument("scale_to"),
                    worded("one of {sizes}", {"sizes": ", ".join(sizes)}),
                    repr(published.scale_to),
                )
            ],
        )
    else:
        whole = sizes[published.margin] * unit
        factor = {name: whole / size for name, size in sizes.items() if size > 0}
    scaled = [
        replace(margin, totals=margin.totals * factor.get(margin.name, unit))
        for margin in categorical
    ]
    return scaled, [(n, column, total * factor.get(n, unit)) for n, column, total in numeric], []


def _mapping(given: object) -> Mapping[Any, Any] | None:
    """A mapping, or a Series as one; else None."""
    if isinstance(given, pd.Series):
        return dict(given.items())
    return given if isinstance(given, Mapping) else None


def _plain(level: object) -> object:
    """A category, or the tuple of one, in Python's own types, as messages write it."""
    if isinstance(level, tuple):
        return tuple(map(_plain, level))
    return level.item() if isinstance(level, np.generic) else level


def _finite(target: object) -> TypeGuard[float]:
    return (
        isinstance(target, (int, float, np.number))
        and not isinstance(target, (complex, np.complexfloating))
        and bool(np.isfinite(target))
    )


def _number(target: object, name: str, problems: list[Problem]) -> float:
    if _finite(target):
        return float(target)
    problems.append(
        Problem(
            "a total is not a finite number",
            worded("totals['{name}']", {"name": name}),
            "a number, or a mapping of category to number",
            repr(target),
        )
    )
    return 0.0


def _missing(sample: Sample, columns: tuple[str, ...], problems: list[Problem]) -> None:
    carries = sample.active
    for column in columns:
        spelling = one_spelling(sample.frame[column])
        if spelling is not None:
            problems.append(replace(spelling, who="a calibration column"))
        bad = sample.frame[column].isna().to_numpy() & carries
        problems += Problem(
            what="a calibration column is missing for rows that carry weight",
            where=in_column(column),
            expected="a value in every such row",
            got=worded("missing"),
            fix="Complete it, or make missing a category with a total of its own.",
        ).where_true(bad)


def _numeric(sample: Sample, columns: tuple[str, ...], problems: list[Problem]) -> Float:
    _missing(sample, columns, problems)
    series = sample.frame[columns[0]]
    category = len(columns) > 1 or isinstance(series.dtype, pd.CategoricalDtype)
    number = None if category else float64(series)
    if number is None:
        problems.append(
            Problem(
                "one number is given for a categorical margin",
                worded("totals['{columns}']", {"columns": " x ".join(map(str, columns))}),
                "a mapping of category to total",
                worded("a number"),
            )
        )
        return np.zeros(sample.n)
    value = np.where(sample.active, number, 0.0)
    bad = np.isinf(value)
    problems += Problem(
        what="a calibration column is infinite for rows that carry weight",
        where=in_column(columns[0]),
        expected="a finite number in every such row",
        got=worded("infinite"),
    ).where_true(bad)
    return value


def _category(
    sample: Sample,
    columns: tuple[str, ...],
    name: str,
    target: Mapping[Level, float],
    problems: list[Problem],
) -> Category | None:
    before = len(problems)
    _missing(sample, columns, problems)
    if len(problems) > before:
        return None
    each = [levels_of(sample.frame[column]) for column in columns]
    if len(columns) == 1:
        code = each[0][0]
        present = list(each[0][1])
    else:
        combination, code = crossed(each)
        present = [tuple(each[j][1][row[j]] for j in range(len(columns))) for row in combination]
    position = {level: j for j, level in enumerate(target)}
    stated = code >= 0
    carries = stated if sample.active.all() else stated & sample.active
    count = np.bincount(code if carries.all() else code[carries], minlength=len(present))
    occurs = {value: int(rows) for value, rows in zip(present, count, strict=True) if rows}
    problems += _without_total(occurs, position, name)
    lost = len(problems) > before
    for level, total in target.items():
        _number(total, f"{name}={level}", problems)
        problems += _unfit(level, total, occurs.get(level, 0), lost, name)
    if len(problems) > before:
        return None
    lookup = np.array([position.get(value, 0) for value in present] or [0], np.intp)
    if not np.array_equal(lookup, np.arange(lookup.size)):
        code = lookup[code]
    return Category(
        name,
        code if stated.all() else np.where(stated, code, 0),
        tuple(target),
        np.array([float(total) for total in target.values()]),
    )


def _without_total(occurs: Mapping[Level, int], known: Iterable[Level], name: str) -> list[Problem]:
    """Categories of the sample, with their rows, that no total stands for."""
    missed = [(level, rows) for level, rows in occurs.items() if level not in known]
    spelled = [str(_plain(level)) for level in known] if missed else []
    problems = []
    for level, rows in missed:
        near = get_close_matches(str(_plain(level)), spelled, 1)
        fix = _nearest(_plain(level), near[0]) if near else "Give its total, or recode it."
        problems.append(
            Problem(
                what="a category of the sample has no total",
                where=worded("totals['{name}']", {"name": name}),
                expected="a total for every category that occurs",
                got=repr(_plain(level)),
                fix=fix,
                count=rows,
            )
        )
    return problems


def _unfit(level: Level, total: object, rows: int, lost: bool, name: str) -> list[Problem]:
    """What is wrong with the total of a category that stands in so many rows. lost: whether other
    categories have none, so that this one may be theirs, misspelled.
    """
    if _finite(total) and (total > 0 if rows or lost else total == 0):
        return []
    place = worded("totals['{name}'][{plain}]", {"name": name, "plain": repr(_plain(level))})
    if not rows:
        if total == 0 or lost:
            return _negative(total, place)
        return [
            Problem(
                what="a total stands for a category without rows",
                where=place,
                expected="at least one row that carries weight",
                got=worded("none"),
                fix="Merge it with a neighbouring category in both the sample and the totals.",
            ),
            *_negative(total, place),
        ]
    if _finite(total) and total == 0:
        return [
            Problem(
                what="a total of 0 stands for a category with rows",
                where=place,
                expected="a total above 0, or no row that carries weight",
                got="0",
                fix="Give the rows weight 0 in the file, narrow the sample with where() to the"
                " others, or give their total.",
                count=rows,
            )
        ]
    return _negative(total, place)


def _negative(total: object, place: Message) -> list[Problem]:
    if not _finite(total) or total >= 0:
        return []
    return [Problem("a negative total", place, "0 or more", str(total))]


def _different_sums(categorical: list[Category], overall: list[tuple[str, float]]) -> list[Problem]:
    sums = [(margin.name, float(margin.totals.sum())) for margin in categorical] + overall
    if len(sums) < 2:
        return []
    size = max(abs(total) for _, total in sums)
    if np.ptp([total for _, total in sums]) <= 1e-9 * size:
        return []
    listed = "; ".join(f"{name}: {total:,.6g}" for name, total in sums)
    return [
        Problem(
            what="margins do not add up to the same total",
            where=of_argument("totals"),
            expected="equal sums",
            got=listed,
            fix=_mend_of_sums([total for _, total in sums], sums[0][0]),
        )
    ]


def _mend_of_sums(sums: list[float], first: str) -> str:
    """How margins with different sums are brought to one."""
    ratio = max(sums) / min(sums) if min(sums) > 0 else 0.0
    thousands = any(abs(ratio / unit - 1) < 0.1 for unit in (1e3, 1e6))
    mend = f"Scale the margins to one total (scale_to={first!r}), and say which in the report."
    return f"One margin looks as if it stood in thousands. {mend}" if thousands else mend


def _total_vcov(
    categorical: list[Category],
    numeric: list[tuple[str, Float, float]],
    total_se: Totals | None,
    unit: float,
) -> Float | None:
    if total_se is None:
        return None
    stated = _mapping(total_se)
    if stated is None:
        raise CalibrationError(
            Problem(
                "standard errors of totals are stated by column",
                of_argument("total_se"),
                "a mapping shaped as totals",
                kind_of(total_se),
            )
        )
    problems: list[Problem] = []
    known: dict[str, object] = {
        (" x ".join(map(str, key)) if isinstance(key, tuple) else str(key)): v
        for key, v in stated.items()
    }
    out: list[float] = []
    for margin in categorical:
        se = _mapping(known.pop(margin.name, {}))
        if se is None or any(level not in margin.levels for level in se):
            problems.append(
                Problem(
                    "standard errors of totals do not fit the margin",
                    worded("total_se['{name}']", {"name": margin.name}),
                    worded("a mapping with levels among {levels}", {"levels": margin.levels}),
                    repr(stated.get(margin.name, se)),
                )
            )
            continue
        out += [
            _error(
                se.get(level, 0.0),
                worded("total_se['{name}'][{value}]", {"name": margin.name, "value": repr(level)}),
                problems,
            )
            for level in margin.levels
        ]
    out += [
        _error(known.pop(name, 0.0), worded("total_se['{name}']", {"name": name}), problems)
        for name, _, _ in numeric
    ]
    problems += [
        Problem(
            "a standard error stands for no margin",
            worded("total_se['{key}']", {"key": key}),
            "a key of totals",
        )
        for key in known
    ]
    CalibrationError.refuse(problems)
    return np.diag(np.square(out)) * unit**2


def _error(se: object, where: str, problems: list[Problem]) -> float:
    if _finite(se) and se >= 0:
        return float(se)
    problems.append(
        Problem(
            "a standard error is not a finite number of 0 or more",
            where,
            "the standard error of that total",
            repr(se),
        )
    )
    return 0.0


def _nearest(value: object, known: str) -> Message:
    """The fix of a category without a total."""
    template = "Nearest is {near} (another type)." if str(value) == known else "Nearest is {near}."
    return worded(template, {"near": repr(known)})
