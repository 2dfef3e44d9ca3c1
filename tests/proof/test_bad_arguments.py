"""Every argument of every verb, spoilt one at a time: the package's own error or an answer, never
another exception; and no verb takes anything at all for an argument.
"""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from types import FunctionType, ModuleType

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval import fieldwork
from mismes_eval.errors import EstimateError, MismesError
from mismes_eval.public import Level, check, checked, held

from ..some import some
from .verb_calls import Call, calls, cross

THING = object()
BAD = {
    "a word": "nope",
    "a negative number": -1,
    "a part": 2.5,
    "not a number": float("nan"),
    "no end": float("inf"),
    "a thing": THING,
    "an empty list": [],
    "an empty mapping": {},
    "none": None,
}
ELSEWHERE = {
    "Params",
    "evaluate",
    "Session",
    "country_report",
    "synthesis",
    "open_report",
}  # of params files and reports
CALLS = calls()


def numbered_anew(value: object) -> list[object]:
    """A sample, a panel or a list of them, with the rows of each table numbered from the end by hand."""
    found: list[object] = []
    if isinstance(value, list):
        found += [[moved, *value[1:]] for moved in numbered_anew(value[0])] if value else []
    if isinstance(value, me.Sample):
        found.append(replace(value, frame=value.frame.copy()))
        found[-1].frame.index = value.frame.index[::-1]
    if isinstance(value, me.TracerPanel):
        found += [replace(value, sample=of_persons) for of_persons in numbered_anew(value.sample)]
        found.append(replace(value, long=value.long.copy()))
        found[-1].long.index = value.long.index[::-1]
    return found


TAKES_ROWS = [c for c in CALLS if any(map(numbered_anew, c.arguments.values()))]


@pytest.mark.parametrize("call", TAKES_ROWS, ids=[c.name for c in TAKES_ROWS])
def test_rows_that_somebody_moved_are_refused_by_every_verb(call: Call) -> None:
    """Weights and answers would be those of other persons, without a word."""
    for argument, value in call.arguments.items():
        for moved in numbered_anew(value):
            with pytest.raises(MismesError, match="rows were sorted, dropped"):
                call.spoilt(argument, moved)


def of_names(value: object) -> bool:
    several = isinstance(value, (list, tuple)) and len(value) > 0
    return several and all(isinstance(name, str) for name in value)


TAKES_NAMES = [(c, name) for c in CALLS for name, value in c.arguments.items() if of_names(value)]
LISTS = (
    lambda names: (n for n in names),
    pd.Index,
    np.array,
    lambda names: {}.fromkeys(names).keys(),
)


@pytest.mark.parametrize(
    ("call", "name"), TAKES_NAMES, ids=[f"{c.name} {n}" for c, n in TAKES_NAMES]
)
def test_names_may_stand_in_any_list(call: Call, name: str) -> None:
    """What can be gone through once only is not gone when the verb reads it."""
    right = numbers_of(call.verb(**call.arguments))
    for made in LISTS:
        answer = call.spoilt(name, made(call.arguments[name]))
        np.testing.assert_equal(numbers_of(answer), right)


def numbers_of(answer: object) -> object:
    """What can be compared of an answer."""
    for part in ("value", "weights"):
        if hasattr(answer, part):
            return np.asarray(getattr(answer, part), float).round(10).tolist()
    return repr(answer)


@pytest.mark.parametrize("call", CALLS, ids=[c.name for c in CALLS])
def test_a_spoilt_argument_is_named_or_has_a_meaning(call: Call) -> None:
    call.verb(**call.arguments)
    for argument in some(call.arguments):
        taken = []
        for kind, value in BAD.items():
            try:
                call.spoilt(argument, value)
            except MismesError:
                continue
            else:
                taken.append(kind)
        assert "a thing" not in taken, argument
        assert "not a number" not in taken, argument


# another verb that does the reading, or rules of several verbs
SPEAKS = {
    "cumulative_incidence": "cumulative incidence",
    "delta_sensitivity": "manski_bounds",
    "outcome_rates": "rates",
    "poststratify": "a margin",
    "rmst": "survival",
}
NO_SAMPLE = (
    "neither a sample nor a panel",
    "calibrate takes a Sample",
    "a tracer panel knows its units and waves",
)
OF_MANY = ("unknown column", "the panel has no such column", "the formula has no such coefficient")


def columns(data: object) -> set[object]:
    if isinstance(data, me.Sample):
        return set(data.frame.columns)
    return set(data.to_long().columns) if isinstance(data, me.TracerPanel) else set()


@pytest.mark.parametrize("call", CALLS, ids=[c.name for c in CALLS])
def test_who_refuses_a_frame_and_a_column_that_is_not_there(call: Call) -> None:
    """A table in the place of a sample, and each column by a name that nobody has."""
    known = set().union(*map(columns, call.arguments.values()))
    name = call.verb.__name__
    for argument, value in some(call.arguments.items()):
        if isinstance(value, me.Sample | me.TracerPanel):
            table = value.frame if isinstance(value, me.Sample) else value.to_long()
            with pytest.raises(MismesError) as caught:
                call.spoilt(argument, table)
            said = str(caught.value.problems[0])
            assert said.startswith((name, SPEAKS.get(name, name), *NO_SAMPLE)), said
        elif isinstance(value, str) and value in known:
            with pytest.raises(MismesError) as caught:
                call.spoilt(argument, "gone")
            words = [str(problem) for problem in caught.value.problems]
            assert any("'gone'" in each for each in words)
            assert words[0].startswith((name, SPEAKS.get(name, name), *OF_MANY)), words


OTHER = {"number": 3, "none": None, "thing": THING, "table": pd.DataFrame({"a": [1]})}
# what pages and chapters ask of what they hold; nobody calls it
INSIDE = {"Sample.counted", "Estimate.doubtful_at", "Params.where"}


def refusals(functions: Iterable[Callable[..., object]]) -> int:
    """How often a wrong thing for every needed argument is refused; any error that is not the
    package's own ends the test.
    """
    refused = 0
    for function, value in product(functions, OTHER.values()):
        needed = [
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        try:
            if needed:
                function(**dict.fromkeys(needed, value))
        except MismesError:
            refused += 1
    return refused


PUBLIC = (me, me.frame, me.lfs, me.inventory, me.tracer, me.synthetic, fieldwork)


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_every_public_function_names_an_argument_of_another_kind(package: ModuleType) -> None:
    found = [getattr(package, name) for name in package.__all__]
    classes = [thing for thing in found if isinstance(thing, type)]
    functions = [thing for thing in found if isinstance(thing, FunctionType)]
    functions += [
        getattr(cls, name)
        for cls in classes
        for name, method in vars(cls).items()
        if isinstance(method, classmethod) and not name.startswith("_") and name != "refuse"
    ]
    assert refusals(functions) >= 3


@pytest.mark.whole
def test_every_method_of_what_people_hold_names_an_argument_of_another_kind(
    evaluated: Callable[[str], me.Evaluation],
) -> None:
    run = evaluated("ARM")
    assert run.survey is not None and run.tracing is not None and run.inventory is not None
    sample, mean = run.survey.sample, run.survey.sample.mean("urban")
    held_by_people = (sample, run.tracing.panel, run.inventory, mean, run.params, me.table(mean))
    methods = [
        getattr(thing, name)
        for thing in held_by_people
        for name in dir(type(thing))
        if inspect.isfunction(getattr(type(thing), name, None))
        and not name.startswith("_")
        and f"{type(thing).__name__}.{name}" not in INSIDE
    ]
    assert refusals(methods) > 100


def test_every_verb_is_called() -> None:
    verbs = {name for name in me.__all__ if isinstance(getattr(me, name), FunctionType)} - ELSEWHERE
    named = {c.verb.__name__ for c in CALLS}
    assert verbs - named - {"stack", "independent", "table"} == set()
    for call in CALLS:
        whole = {
            name
            for name, p in inspect.signature(call.verb).parameters.items()
            if p.default is inspect.Parameter.empty
        }
        assert whole <= set(call.arguments)


def test_verbs_are_found_again_by_name_and_name_what_a_call_lacks() -> None:
    for name in me.__all__:
        verb = getattr(me, name)
        if isinstance(verb, FunctionType):
            assert pickle.loads(pickle.dumps(verb)) is verb
    with pytest.raises(EstimateError, match="missing a required argument: 'columns'"):
        me.mean(cross())
    for value in (np.float64(0.2), np.int64(1), 1):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert me.sample_size_for_rate(0.1, value) > 0


def test_a_fault_of_the_verb_itself_is_not_taken_for_a_bad_argument() -> None:
    def verb(level: Level, other: "Unknown") -> float:  # type: ignore[name-defined]  # noqa: F821, UP037
        raise ZeroDivisionError

    faced = checked(verb, EstimateError)
    with pytest.raises(ZeroDivisionError):
        faced(0.5, THING)
    with pytest.raises(EstimateError, match="verb cannot use an argument: argument 'level'"):
        faced(1.5, THING)
    check(EstimateError, "verb", ("level", 0.5, Level), ("other", THING, object))

    @held(EstimateError)
    def looked_up(table: pd.DataFrame, of: str) -> object:
        return {"a": 1}[of] if of != "b" else table[of]

    with pytest.raises(KeyError):
        looked_up(OTHER["table"], "c")
    with pytest.raises(EstimateError, match="a table with the column 'b'"):
        looked_up(OTHER["table"], "b")
