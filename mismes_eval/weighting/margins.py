"""Totals named by column -> calibration rows and targets, with every problem of the margins found
before anything is solved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from mismes_eval.errors import CalibrationError, Problem, in_column, of_argument, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float, Int, Rows, cells
from mismes_eval.weighting.columns import float64
from mismes_eval.weighting.levels import crossed, levels_of, one_spelling
from mismes_eval.weighting.sample import Sample

Level = object
Totals = Mapping[str | tuple[str, ...], float | Mapping[Level, float]]


@dataclass(frozen=True)
class Margins:
    """x: n rows of q calibration variables; totals (q,); total_vcov (q, q) or None; labels (q,)
    "column=level"; margin (q,) the key each stands under.
    """

    x: Rows
    totals: Float
    total_vcov: Float | None
    labels: tuple[str, ...]
    margin: tuple[str, ...]


@dataclass(frozen=True)
class _Category:
    name: str
    code: Int
    levels: tuple[Level, ...]
    totals: Float


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
                worded("a {kind}", {"kind": type(totals).__name__}),
            )
        )
    problems: list[Problem] = []
    categorical: list[_Category] = []
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
    return _assemble(sample, categorical, numeric, total_se, unit, published.unit)


def _published(
    categorical: list[_Category], numeric: list[tuple[str, Float, float]], published: Publication
) -> tuple[list[_Category], list[tuple[str, Float, float]], list[Problem]]:
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
            problems.append(replace(spelling, what=f"a calibration column {spelling.what}"))
        bad = sample.frame[column].isna().to_numpy() & carries
        if bad.any():
            problems.append(
                Problem(
                    what="a calibration column is missing for rows that carry weight",
                    where=in_column(column),
                    expected="a value in every such row",
                    got=worded("missing"),
                    fix="Complete it, or make missing a category with a total of its own.",
                ).in_rows(np.flatnonzero(bad))
            )


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
    if bad.any():
        problems.append(
            Problem(
                what="a calibration column is infinite for rows that carry weight",
                where=in_column(columns[0]),
                expected="a finite number in every such row",
                got=worded("infinite"),
            ).in_rows(np.flatnonzero(bad))
        )
    return value


def _category(
    sample: Sample,
    columns: tuple[str, ...],
    name: str,
    target: Mapping[Level, float],
    problems: list[Problem],
) -> _Category | None:
    before = len(problems)
    _missing(sample, columns, problems)
    if len(problems) > before:
        return None
    each = [levels_of(sample.frame[column]) for column in columns]
    if len(columns) == 1:
        code, present = each[0][0], list(each[0][1])
    else:
        combination, code = crossed(each)
        present = [tuple(each[j][1][row[j]] for j in range(len(columns))) for row in combination]
    position = {level: j for j, level in enumerate(target)}
    stated = code >= 0
    carries = stated if sample.active.all() else stated & sample.active
    count = np.bincount(code if carries.all() else code[carries], minlength=len(present))
    lost = [
        (value, int(count[i]))
        for i, value in enumerate(present)
        if value not in position and count[i] > 0
    ]
    for v, rows in lost[:20]:
        near = get_close_matches(str(_plain(v)), [str(_plain(level)) for level in position], 1)
        fix = _nearest(_plain(v), near[0]) if near else "Give its total, or recode it."
        problems.append(
            Problem(
                what="a category of the sample has no total",
                where=worded("totals['{name}']", {"name": name}),
                expected="a total for every category that occurs",
                got=repr(_plain(v)),
                fix=fix,
                count=rows,
            )
        )
    seen = {value for i, value in enumerate(present) if count[i] > 0}
    for v, t in target.items():
        _number(t, f"{name}={v}", problems)
        if v not in seen and t != 0 and not lost:
            problems.append(
                Problem(
                    what="a total stands for a category without rows",
                    where=worded(
                        "totals['{name}'][{plain}]", {"name": name, "plain": repr(_plain(v))}
                    ),
                    expected="at least one row that carries weight",
                    got=worded("none"),
                    fix="Merge it with a neighbouring category in both the sample and the totals.",
                )
            )
        if v in seen and _finite(t) and t == 0:
            problems.append(
                Problem(
                    what="a total of 0 stands for a category with rows",
                    where=worded(
                        "totals['{name}'][{plain}]", {"name": name, "plain": repr(_plain(v))}
                    ),
                    expected="a total above 0, or no row that carries weight",
                    got="0",
                    fix="Give the rows weight 0 in the file, narrow the sample with where() to the"
                    " others, or give their total.",
                    count=int(count[present.index(v)]),
                )
            )
        if _finite(t) and t < 0:
            problems.append(
                Problem(
                    "a negative total",
                    worded("totals['{name}'][{plain}]", {"name": name, "plain": repr(_plain(v))}),
                    "0 or more",
                    str(t),
                )
            )
    if len(problems) > before:
        return None
    lookup = np.array([position.get(value, 0) for value in present] or [0], np.intp)
    if not np.array_equal(lookup, np.arange(lookup.size)):
        code = lookup[code]
    return _Category(
        name,
        code if stated.all() else np.where(stated, code, 0),
        tuple(target),
        np.array([float(total) for total in target.values()]),
    )


def _different_sums(
    categorical: list[_Category], overall: list[tuple[str, float]]
) -> list[Problem]:
    sums = [(margin.name, float(margin.totals.sum())) for margin in categorical] + overall
    if len(sums) < 2:
        return []
    size = max(abs(total) for _, total in sums)
    if max(total for _, total in sums) - min(total for _, total in sums) <= 1e-9 * size:
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


def _assemble(
    sample: Sample,
    categorical: list[_Category],
    numeric: list[tuple[str, Float, float]],
    total_se: Totals | None,
    unit: str | None,
    published_unit: float,
) -> Margins:
    sizes = [len(margin.levels) for margin in categorical]
    labels = tuple(
        f"{margin.name}={_level(level)}" for margin in categorical for level in margin.levels
    ) + tuple(name for name, _, _ in numeric)
    owner = tuple(margin.name for margin in categorical for _ in margin.levels) + tuple(
        name for name, _, _ in numeric
    )
    targets = np.concatenate(
        [margin.totals for margin in categorical] + [np.array([total for _, _, total in numeric])]
    )
    constant = [j for j, (name, _, _) in enumerate(numeric) if name == "1"]
    if categorical:
        combination, cell = cells([margin.code for margin in categorical], sizes)
    else:
        combination, cell = np.zeros((1, 0), np.intp), np.zeros(sample.n, np.intp)
    indicator = np.zeros((combination.shape[0], sum(sizes)))
    for j, start in enumerate(np.cumsum([0, *sizes[:-1]]) if sizes else []):
        indicator[np.arange(combination.shape[0]), start + combination[:, j]] = 1.0
    if len(constant) == len(numeric) and unit is None:
        values = np.column_stack([indicator, np.ones((combination.shape[0], len(numeric)))])
        x = _zero_outside(values, cell, sample.domain)
    else:
        dense = np.column_stack([indicator[cell], *[v for _, v, _ in numeric]])
        dense[~sample.domain] = 0.0
        x = Rows(dense) if unit is None else Rows(*_unit_means(sample, dense, unit))
    known = _total_vcov(categorical, numeric, total_se)
    vcov = None if known is None else known * published_unit**2
    return Margins(x=x, totals=targets, total_vcov=vcov, labels=labels, margin=owner)


def _zero_outside(values: Float, cell: Int, inside: Bool) -> Rows:
    """Rows of the domain, and one more distinct row of zeros for all others."""
    if inside.all():
        return Rows(values, cell)
    zeros = np.zeros((1, values.shape[1]))
    return Rows(np.vstack([values, zeros]), np.where(inside, cell, len(values)).astype(np.intp))


def _level(value: object) -> str:
    """A level as it is written in the file; of crossed columns "0, 15-19"."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _unit_means(sample: Sample, x: Float, unit: str) -> tuple[Float, Int]:
    """Means of x inside each unit (Lemaitre and Dufour 1987): one weight factor a unit."""
    if unit not in sample.frame.columns:
        raise CalibrationError(
            Problem(
                "the unit of constant weights is unknown",
                of_argument("unit"),
                "a column of the sample",
                repr(unit),
            )
        )
    code = pd.factorize(sample.frame[unit])[0]
    w, inside = sample.weights, sample.domain
    each = pd.Series(w).groupby(code)
    spread = (each.max() - each.min()).to_numpy() > 1e-9 * np.abs(w).max()
    cut = pd.Series(inside).groupby(code).nunique().to_numpy() > 1
    if (code < 0).any() or spread.any() or cut.any():
        raise CalibrationError(_uneven_units(unit, code, spread, cut, w))
    size = np.bincount(code)
    means = np.column_stack([np.bincount(code, weights=x[:, j]) / size for j in range(x.shape[1])])
    return means, code.astype(np.intp)


def _uneven_units(unit: str, code: Int, spread: Bool, cut: Bool, w: Float) -> list[Problem]:
    """Units without a code, with several weights, or partly in the domain."""
    where, problems = in_column(unit), []
    if (code < 0).any():
        lost = int((code < 0).sum())
        problems.append(
            Problem(
                "a unit has no code", where, "a code in every row", worded("missing"), count=lost
            )
        )
    if spread.any():
        zero = np.bincount(code[code >= 0], weights=(w == 0)[code >= 0]) > 0
        nonresponse = (
            " Some of their rows carry no weight: calibrate before the step that made them"
            " (nonresponse of persons), or calibrate persons, without unit=."
        )
        two_ways = (
            nonresponse
            if (spread & zero).any()
            else " Calibrate before the step that parted them, or persons, without unit=."
        )
        problems.append(
            Problem(
                what="weights differ inside units",
                where=where,
                expected="one weight and a code in every unit",
                got=worded("{spread} units with several weights", {"spread": int(spread.sum())}),
                fix=two_ways.strip(),
            )
        )
    if cut.any():
        problems.append(
            Problem(
                what="the domain cuts through units",
                where=where,
                expected="units wholly inside or outside the domain",
                got=worded("{cut} units partly inside", {"cut": int(cut.sum())}),
                fix="Narrow the sample to whole units, or calibrate persons, without unit=.",
            )
        )
    return problems


def _total_vcov(
    categorical: list[_Category], numeric: list[tuple[str, Float, float]], total_se: Totals | None
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
                worded("a {kind}", {"kind": type(total_se).__name__}),
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
    return np.diag(np.square(out))


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
