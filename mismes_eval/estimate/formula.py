"""A formula read on the rows of a domain: outcome, regressors and their names, with every problem
of its columns.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.transforms import TRANSFORMS

from mismes_eval.errors import (
    EstimateError,
    Problem,
    in_column,
    kind_of,
    named,
    of_argument,
    worded,
)
from mismes_eval.numerics.qr import Collinear, check_rank
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.columns import refuse_unknown
from mismes_eval.weighting.covariates import occurring, unreadable
from mismes_eval.weighting.domain import no_negative_weights, occupied
from mismes_eval.weighting.levels import one_spelling
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class Model:
    """A formula on the rows of a domain. x (n_a, q), y (n_a,), w (n_a,) for the rows `inside` (n,);
    names (q,).
    """

    formula: str
    outcome: str
    x: Float
    y: Float
    w: Float
    inside: Bool
    names: tuple[str, ...]


def build(sample: Sample, formula: str, caller: str) -> Model:
    """Outcome and regressors of a formula on the active rows. Raises EstimateError with every
    problem, EmptyDomain where there are no such rows.
    """
    refuse_unknown(sample, [])
    parsed, alias = _parsed(formula, caller)
    original = {written: spelled for spelled, written in alias.items()}
    columns = sorted(
        original.get(column, column)
        for column in _named(
            parsed, {alias.get(str(column), str(column)) for column in sample.frame.columns}
        )
    )
    refuse_unknown(sample, columns)
    no_negative_weights(sample)
    inside = occupied(sample)
    data = sample.frame.loc[inside, columns]
    rows = np.flatnonzero(inside)
    spelled = [one_spelling(data[column]) for column in columns]
    problems = [*_missing(data, rows, caller), *_unreadable(parsed, original, data)]
    told = {(problem.what, problem.where) for problem in problems}
    others = [p for p in spelled if p is not None and (p.what, p.where) not in told]
    EstimateError.refuse([*problems, *others])
    y, x, outcome, names = _matrices(parsed, data, alias, formula, caller)
    _refuse_infinite(np.column_stack([y, x]), (outcome, *names), caller, rows)
    model = Model(
        formula=formula,
        outcome=outcome,
        x=x,
        y=y[:, 0],
        w=sample.weights[inside],
        inside=inside,
        names=names,
    )
    try:
        check_rank(x, model.w)
    except Collinear as error:
        raise EstimateError([_collinear(model, j, made) for j, made in error.dependent]) from error
    return model


def _parsed(formula: object, caller: str) -> tuple[Formula, dict[str, str]]:
    """The formula, and what stands in it for each column name in backticks."""
    if not isinstance(formula, str):
        raise EstimateError(
            Problem(
                worded("{caller} needs a formula", {"caller": caller}),
                of_argument("formula"),
                "text such as 'y ~ x + group'",
                kind_of(formula),
            )
        )
    quoted = tuple(dict.fromkeys(re.findall(r"`([^`]*)`", formula)))
    alias = {name: f"quoted_{j}_" for j, name in enumerate(quoted)}
    try:
        parsed = Formula(re.sub(r"`([^`]*)`", lambda found: alias[found[1]], formula))
    except (FormulaicError, SyntaxError) as error:
        raise EstimateError(
            Problem(
                worded("{caller} cannot read the formula", {"caller": caller}),
                formula,
                "outcome ~ terms",
                _first_sentence(error),
            )
        ) from error
    if not hasattr(parsed, "lhs"):
        raise EstimateError(
            Problem(
                worded("{caller} needs an outcome", {"caller": caller}),
                formula,
                "outcome ~ terms",
                worded("no ~ in the formula"),
            )
        )
    if isinstance(parsed.lhs, tuple) or isinstance(parsed.rhs, tuple):
        raise EstimateError(
            Problem(
                worded("{caller} fits one equation", {"caller": caller}),
                formula,
                "outcome ~ terms",
                worded("parts divided by |"),
            )
        )
    if not list(parsed.rhs):
        raise EstimateError(
            Problem(
                worded("{caller} has no term on the right", {"caller": caller}),
                formula,
                "outcome ~ terms; outcome ~ 1 for a mean",
                worded("none"),
            )
        )
    return parsed, alias


def _first_sentence(error: Exception) -> str:
    """What a message says before it draws the place, without the codes of colours."""
    return (
        re.sub(r"\x1b?\[[0-9;]*m|[\u29da\u29db]", "", str(error)).strip().split("\n")[0].rstrip(".")
    )


def _factors(side: Iterable[Any]) -> list[str]:
    return [str(factor.expr) for term in side for factor in term.factors]


def _named(parsed: Formula, known: Collection[str]) -> set[str]:
    """Columns that the formula names, also inside transformations such as scale(x) and poly(x, 2),
    and names that nothing stands for.
    """
    named = set()
    for expression in _factors([*parsed.lhs, *parsed.rhs]):
        if expression in known:
            named.add(expression)
            continue
        try:
            nodes = list(ast.walk(ast.parse(expression, mode="eval")))
        except SyntaxError:
            named.add(expression)
            continue
        called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
        owners = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
        for n in nodes:
            if isinstance(n, ast.Name) and not (
                n.id in TRANSFORMS and (id(n) in called | owners or n.id not in known)
            ):
                named.add(n.id)
    return named


def _unreadable(parsed: Formula, original: Mapping[str, str], data: pd.DataFrame) -> list[Problem]:
    """Columns that stand as terms of their own and are neither numbers nor categories."""
    problems = []
    for side, what in ((parsed.lhs, "the outcome"), (parsed.rhs, "a covariate")):
        columns = [
            factor
            for factor in dict.fromkeys(original.get(factor, factor) for factor in _factors(side))
            if factor in data.columns and float64(data[factor]) is None
        ]
        problems += [
            replace(p, what=p.what.replace("a covariate", what))
            for p in unreadable(data, columns, np.ones(len(data), bool))
        ]
    return problems


def _matrices(
    parsed: Formula, data: pd.DataFrame, alias: Mapping[str, str], formula: str, caller: str
) -> tuple[Float, Float, str, tuple[str, ...]]:
    """Outcome (n_a, 1), regressors (n_a, q), and the names of both."""
    original = {written: spelled for spelled, written in alias.items()}
    plain = occurring(data)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            matrices = parsed.get_model_matrix(
                plain.rename(columns=alias), context=None, na_action="ignore"
            )
    except (
        FormulaicError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        expected = "terms that are defined for these columns"
        raise EstimateError(
            Problem(
                worded("{caller} cannot evaluate the formula", {"caller": caller}),
                formula,
                expected,
                _first_sentence(error),
            )
        ) from error
    y = matrices.lhs.to_numpy(float)
    outcome = _spelled(str(matrices.lhs.columns[-1]), original) if y.shape[1] else "nothing"
    if y.shape[1] == 2 and outcome.endswith("[T.True]"):
        y = y[:, 1:]
    if y.shape[1] != 1:
        columns = worded(
            "{shape} columns: {columns}",
            {"shape": y.shape[1], "columns": named(matrices.lhs.columns)},
        )
        raise EstimateError(
            Problem(
                worded("{caller} needs one outcome column", {"caller": caller}),
                formula,
                "a numeric or boolean outcome",
                columns,
            )
        )
    return (
        y,
        matrices.rhs.to_numpy(float),
        outcome,
        tuple(_spelled(str(column), original) for column in matrices.rhs.columns),
    )


def _spelled(name: str, original: dict[str, str]) -> str:
    """A term as people write it: columns by their names, the levels of C(x) as codes (2, not 2.0)."""
    for alias, column in original.items():
        name = name.replace(alias, column)
    return re.sub(r"\[(T\.)?(-?\d+)\.0\]", r"[\1\2]", name)


def _missing(data: pd.DataFrame, rows: Int, caller: str) -> list[Problem]:
    problems = []
    for column in data.columns:
        bad = data[column].isna().to_numpy()
        if bad.any():
            problems.append(
                Problem(
                    what=worded("{caller} meets missing values in the domain", {"caller": caller}),
                    where=in_column(column),
                    expected="a value in every row of the domain that carries weight",
                    got=worded("missing"),
                    fix=worded(
                        "Narrow the domain: sample.where(frame['{column}'].notna()).",
                        {"column": column},
                    ),
                ).in_rows(rows[bad])
            )
    return problems


def _refuse_infinite(values: Float, names: tuple[str, ...], caller: str, rows: Int) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise EstimateError(
            [
                Problem(
                    what=worded(
                        "{caller} meets a term that is not a finite number", {"caller": caller}
                    ),
                    where=worded("'{names}'", {"names": names[j]}),
                    expected="a finite value in every row",
                    got=worded("infinite or undefined"),
                ).in_rows(rows[bad[:, j]])
                for j in np.flatnonzero(bad.any(axis=0))
            ]
        )


def _collinear(model: Model, column: int, made: tuple[int, ...]) -> Problem:
    of = ", ".join(f"'{model.names[i]}'" for i in made) or "zeros only"
    return Problem(
        what="a regressor is a combination of others",
        where=worded("'{names}'", {"names": model.names[column]}),
        expected="columns none of which follows from the others",
        got=worded("made of {of}", {"of": of}),
        fix="Drop one of them from the formula.",
    )
