"""One question, many declared ways to answer it: specification curve, leave-one-out, donut. What
fails stays in the table with its reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    MismesError,
    Problem,
    in_column,
    kind_of,
    named,
    of_argument,
    of_arguments,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.missing_items import Imputed
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.inference.randomisation import D, sample_of
from mismes_eval.pictures.robustness import Choice, choices, curve_axes, specification_curve
from mismes_eval.public import Finite, check, public
from mismes_eval.weighting.numbers import float64

Run = Callable[..., Estimate]


@dataclass(frozen=True)
class Specification:
    """One way to estimate: its name, the choices it made, and what came of it (one value)."""

    name: str
    choices: Mapping[str, str]
    result: Estimate | Imputed | NotEstimable


@dataclass(frozen=True)
class SpecificationCurve:
    """runs in the order they were declared; reference: name of the one that the others are held
    against, or None.
    """

    runs: tuple[Specification, ...]
    reference: str | None
    notes: tuple[str, ...]

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row a run: specification, its choices, value, se, ci_low, ci_high, p, n, degf, reason
        (where it could not be estimated).
        """
        rows = []
        for run in self.runs:
            row: dict[str, object] = {"specification": run.name, **run.choices}
            if isinstance(run.result, NotEstimable):
                row |= {
                    column: np.nan
                    for column in ("value", "se", "ci_low", "ci_high", "p", "n", "degf")
                } | {"reason": run.result.reason}
            else:
                estimate, (low, high) = run.result, run.result.ends(level)
                row |= {
                    "value": estimate.value[0],
                    "se": estimate.se[0],
                    "ci_low": low[0],
                    "ci_high": high[0],
                    "p": estimate.pvalue[0],
                    "n": estimate.n[0],
                    "degf": estimate.degf[0],
                    "reason": "",
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def result(self, name: str) -> Estimate | Imputed | NotEstimable:
        """The result of one run."""
        for run in self.runs:
            if run.name == name:
                return run.result
        raise EstimateError(
            Problem(
                "no such specification",
                worded("argument 'name' = {name}", {"name": repr(name)}),
                worded("one of {runs}", {"runs": named(run.name for run in self.runs)}),
            )
        )

    @property
    def text(self) -> str:
        """Range, median, agreement in sign, how many are distinguishable from 0, how many could not
        be estimated.
        """
        table = self.to_frame()
        done = table[table["reason"] == ""]
        if done.empty:
            return f"None of {len(table)} specifications could be estimated."
        values = done["value"]
        words = (
            f"{len(done)} of {len(table)} specifications were estimated: {values.min():.4g} to"
            f" {values.max():.4g}, median {values.median():.4g}; {int((values > 0).sum())} positive,"
            f" {int((values < 0).sum())} negative; "
        )
        words += f"{int(((done['ci_low'] > 0) | (done['ci_high'] < 0)).sum())} intervals exclude 0."
        if self.reference is not None and self.reference in set(done["specification"]):
            own = float(done.loc[done["specification"] == self.reference, "value"].iloc[0])
            far = done.iloc[int((values - own).abs().to_numpy().argmax())]
            words += (
                f" Farthest from '{self.reference}' ({own:.4g}) is '{far['specification']}'"
                f" ({far['value']:.4g})."
            )
        return words

    def plot(self, ax: Any = None) -> Any:
        """Estimates in order of size with 95% intervals, and below them the choices of each.
        Returns the upper axes.
        """
        done = self.drawn()
        options = self.options(done)
        below = None
        if ax is None and options:
            ax, below = curve_axes(len(options))
        headline = (done["specification"] == self.reference).to_numpy(bool)
        value, low, high = (
            done[column].to_numpy(float) for column in ("value", "ci_low", "ci_high")
        )
        words = ("headline", "other choices")
        ax = specification_curve(ax, value, low, high, headline, words, "effect")
        if below is not None:
            choices(below, options, headline)
        else:
            ax.set_xticks(done.index, done["specification"], rotation=60, ha="right", fontsize=8)
        return ax

    def drawn(self) -> pd.DataFrame:
        """The specifications that were estimated, in order of size."""
        table = self.to_frame()
        return table[table["reason"] == ""].sort_values("value").reset_index(drop=True)

    def options(self, done: pd.DataFrame) -> list[Choice]:
        """Every choice of the specifications drawn, and which of them made it."""
        return [
            Choice(f"{column}: {option}", (done[column].astype(str) == option).to_numpy(bool))
            for column in self._columns()
            for option in done[column].astype(str).unique()
        ]

    def _columns(self) -> list[str]:
        return list(dict.fromkeys(choice for run in self.runs for choice in run.choices))

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), self.notes, self.text)

    def __repr__(self) -> str:
        return f"{self.text}\n{self.to_frame().to_string(index=False)}"


@public(EstimateError)
def robustness(
    data: D,
    function: Run,
    specifications: Mapping[str, Mapping[str, Any]],
    common: Mapping[str, Any] | None = None,
    reference: str | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
) -> SpecificationCurve:
    """Estimate in every declared way.

    Parameters
    ----------
    data : a Sample or a panel.
    function : e.g. att_2x2; called as function(data, **arguments), gives an Estimate of one value.
    specifications : name -> arguments of the call. "where": a mask, narrows the data.
    common : arguments of all calls.
    reference : the main specification's name.
    choices : name -> what to print of each specification; default its arguments.

    Returns
    -------
    SpecificationCurve; a specification that raises one of this package's errors stays in it as
    NotEstimable with the reason.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214.
    """
    if not specifications or (reference is not None and reference not in specifications):
        raise EstimateError(
            Problem(
                "no such specification",
                of_arguments("specifications", "reference"),
                worded(
                    "one of {specifications}",
                    {"specifications": ", ".join(specifications) or "none given"},
                ),
                repr(reference),
            )
        )
    wrong = [
        Problem(
            "a specification is no set of arguments",
            worded("argument '{argument}', '{name}'", {"argument": argument, "name": name}),
            "a mapping",
            kind_of(each),
        )
        for argument, given in (("specifications", specifications), ("choices", choices or {}))
        for name, each in given.items()
        if not isinstance(each, Mapping)
    ]
    wrong += [
        Problem(
            "no such specification",
            worded("argument 'choices', '{name}'", {"name": name}),
            worded(
                "one of {specifications}", {"specifications": ", ".join(map(str, specifications))}
            ),
        )
        for name in choices or {}
        if name not in specifications
    ]
    EstimateError.refuse(wrong)
    runs = []
    for name, arguments in specifications.items():
        rest = {**(common or {}), **arguments}
        mask = rest.pop("where", None)
        shown = (
            choices[name]
            if choices is not None and name in choices
            else {name: _shown(argument) for name, argument in arguments.items()}
        )
        runs.append(
            Specification(
                name, shown, attempt(data if mask is None else data.where(mask), function, rest)
            )
        )
    return SpecificationCurve(tuple(runs), reference, sample_of(data).notes)


def every_combination(
    options: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]]]:
    """All combinations of options, as `specifications` and `choices` of robustness. options:
    argument -> {label: value}.
    """
    check(EstimateError, "every_combination", ("options", options, Mapping[str, object]))
    wrong = [
        Problem(
            "options of an argument are not labelled",
            worded("argument 'options', '{name}'", {"name": name}),
            "a mapping of label to value",
            kind_of(option),
        )
        for name, option in options.items()
        if not isinstance(option, Mapping)
    ]
    EstimateError.refuse(wrong)
    specifications, choices = {}, {}
    for labels in product(*(each for each in options.values())):
        name = ", ".join(labels)
        specifications[name] = {
            argument: options[argument][label]
            for argument, label in zip(options, labels, strict=True)
        }
        choices[name] = dict(zip(options, labels, strict=True))
    return specifications, choices


@public(EstimateError)
def leave_one_out(function: Callable[[D], Estimate], data: D, column: str) -> SpecificationCurve:
    """The estimate without each region, cohort or measure in turn; the design keeps all rows.

    Parameters
    ----------
    function : of data like `data`, gives one value.
    column : of the frame; every value that occurs in the domain is left out once.

    Returns
    -------
    SpecificationCurve with the whole as its reference ("all").
    """
    sample = sample_of(data)
    levels = _levels(sample.frame, column, sample.active)
    runs = [Specification("all", {"left out": "none"}, attempt(data, function, {}))]
    for level in levels:
        keep = (sample.frame[column] != level).to_numpy(bool, na_value=True)
        runs.append(
            Specification(
                f"without {level}",
                {"left out": str(level)},
                attempt(data.where(keep), function, {}),
            )
        )
    return SpecificationCurve(
        tuple(runs), "all", (f"Each value of '{column}' left out in turn.", *sample.notes)
    )


@public(EstimateError)
def donut(
    function: Callable[[D], Estimate],
    data: D,
    column: str,
    widths: Sequence[float],
    centre: Finite = 0.0,
) -> SpecificationCurve:
    """The estimate without rows close to enrolment, where outcomes dip in advance (Ashenfelter
    1978) or answers mix before and after.

    Parameters
    ----------
    column : time from enrolment, in any one unit; missing stays in.
    widths : rows with |column - centre| below each width are left out, in turn.
    """
    sample = sample_of(data)
    if column not in sample.frame.columns:
        raise EstimateError(Problem("unknown column", in_column(column), "a column of the frame"))
    time = float64(sample.frame[column])
    if time is None:
        raise EstimateError(
            Problem(
                "a time from enrolment is not a number",
                in_column(column),
                "a numeric column",
                str(sample.frame[column].dtype),
            )
        )
    away = np.nan_to_num(np.abs(time - centre), nan=np.inf)
    runs = [Specification("all", {"width": "0"}, attempt(data, function, {}))]
    for width in widths:
        runs.append(
            Specification(
                f"width {width:g}",
                {"width": f"{width:g}"},
                attempt(data.where(away >= width), function, {}),
            )
        )
    return SpecificationCurve(
        tuple(runs),
        "all",
        (f"Rows within the width of '{column}' = {centre:g} left out.", *sample.notes),
    )


def attempt(data: Any, function: Run, arguments: Mapping[str, Any]) -> Estimate | NotEstimable:
    """One estimate, or why there is none: errors of this package become a reason, others are not
    hidden.
    """
    try:
        inspect.signature(function).bind(data, **arguments)
    except ValueError:
        pass  # a function of C, which tells no signature
    except TypeError as error:
        raise EstimateError(
            Problem(
                "a specification does not fit the function",
                of_arguments("specifications", "common"),
                worded("arguments of {name_of}", {"name_of": name_of(function)}),
                str(error).removeprefix("got "),
            )
        ) from None
    try:
        result = function(data, **arguments)
    except MismesError as error:
        return NotEstimable(error.reason)
    if isinstance(result, NotEstimable):
        return result
    if not isinstance(result, Estimate) or result.p != 1:
        got = (
            worded("{place} values", {"place": result.p})
            if isinstance(result, Estimate)
            else type(result).__name__
        )
        raise EstimateError(
            Problem(
                what="a specification needs one value",
                where=of_argument("function"),
                expected="an Estimate of one value",
                got=got,
                fix="Choose one with select([i]).",
            )
        )
    return result


def name_of(function: Callable[..., object]) -> str:
    """What a function is called."""
    return str(getattr(function, "__name__", type(function).__name__))


def _levels(frame: pd.DataFrame, column: str, inside: np.ndarray) -> list[Hashable]:
    if column not in frame.columns:
        raise EstimateError(
            Problem(
                "unknown column",
                in_column(column),
                "a column of the frame",
                fix=worded(
                    "The frame has: {columns}.",
                    {"columns": named(frame.columns)},
                ),
            )
        )
    levels = sorted(frame.loc[inside, column].dropna().unique().tolist(), key=str)
    if len(levels) < 2:
        raise EstimateError(
            Problem(
                "nothing to leave out",
                in_column(column),
                "two values or more in the domain",
                str(levels),
            )
        )
    return levels


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ", ".join(map(str, value)) or "none"
    return str(value)
