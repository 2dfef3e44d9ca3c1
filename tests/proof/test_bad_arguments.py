"""Every argument of every verb, spoilt one at a time: the package's own error or an answer, never
another exception; and no verb takes anything at all for an argument.
"""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Callable
from types import FunctionType

import numpy as np
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError, EstimateError, InputError, MismesError
from mismes_eval.impact.sensitivity.robustness import every_combination
from mismes_eval.public import Level, check, checked

from ..some import some
from .verb_calls import Call, calls, cross, effect, event, long

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
            with pytest.raises(MismesError):
                call.spoilt(argument, table)
        elif isinstance(value, str) and value in known:
            with pytest.raises(MismesError) as caught:
                call.spoilt(argument, "gone")
            words = [str(problem) for problem in caught.value.problems]
            assert any("'gone'" in each for each in words)
            assert words[0].startswith((name, SPEAKS.get(name, name), *OF_MANY)), words


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


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (
            lambda: me.minimum_detectable_effect("a", sd="b"),
            EstimateError,
            [
                "argument 'n'. Expected a number, got 'a'.",
                "argument 'sd'. Expected a number or None, got 'b'.",
            ],
        ),
        (
            lambda: me.minimum_detectable_effect(100, sd=1, power="x"),
            EstimateError,
            ["argument 'power'. Expected a number, got 'x'. Left out, it is 0.8."],
        ),
        (
            lambda: me.wild_bootstrap(effect(), seed=-1),
            EstimateError,
            ["argument 'seed'. Expected a whole number of 0 or more, got -1. Left out, it is 1."],
        ),
        (
            lambda: me.pretrend_power(event(), seed=-1, level=1.0),
            EstimateError,
            [
                "argument 'seed'",
                "argument 'level'. Expected a number between 0 and 1, ends excluded, got 1.0.",
            ],
        ),
        (
            lambda: me.sup_t(me.NotEstimable("too few")),
            EstimateError,
            ["sup_t takes estimates", "NotEstimable (too few)"],
        ),
        (
            lambda: me.adjust_pvalues(event(), draws=0),
            EstimateError,
            ["argument 'draws'. Expected a whole number of 1 or more, got 0."],
        ),
        (
            lambda: me.att_2x2(cross(), ("y0", "y"), "d", covariates=3),
            EstimateError,
            [
                "argument 'covariates'. Expected a name or a list of names, got 3. Left out, it is ()."
            ],
        ),
        (
            lambda: me.att_gt(long(), "y", "g", time="t", unit="id").bands(seed=1.5),
            EstimateError,
            ["argument 'seed'"],
        ),
        (
            lambda: me.att_gt(long(), "y", "g", time="t", unit="id").overall(min_event="0"),
            EstimateError,
            ["overall cannot use an argument: argument 'min_event'"],
        ),
        (
            lambda: me.calendar("a.csv", "2021-01", "2021-02"),
            InputError,
            ["argument 'spells'. Expected a table (pandas.DataFrame), got 'a.csv'."],
        ),
        (
            lambda: me.stack_samples([cross()], labels=4),
            DesignError,
            ["argument 'labels'. Expected a list or None, got 4."],
        ),
        (lambda: me.kish_deff([1.0, np.nan]), DesignError, ["argument 'weights'"]),
        (
            lambda: me.proportion(cross(), "sex", interval="wald"),
            EstimateError,
            ["unknown interval for proportions", "'wald'"],
        ),
        (
            lambda: me.duration_quantile(cross(), "len", "end", prob="half"),
            EstimateError,
            ["argument 'prob'"],
        ),
        (
            lambda: me.attrition_tests(3, "y", "x"),
            MismesError,
            ["attrition_tests takes a tracer panel"],
        ),
        (
            lambda: me.robustness(cross(), 3, {"a": {}}),
            EstimateError,
            ["argument 'function'. Expected a function, got 3."],
        ),
        (
            lambda: me.robustness(cross(), me.att_2x2, {"a": ["y"]}),
            EstimateError,
            ["argument 'specifications', 'a'. Expected a mapping, got a list."],
        ),
        (
            lambda: me.robustness(cross(), me.att_2x2, {"a": {}}),
            EstimateError,
            ["arguments of att_2x2, got missing a required argument: 'outcome'"],
        ),
        (
            lambda: me.robustness(
                cross(), me.att_2x2, {"a": {"methd": 1}}, {"outcome": "y", "treated": "d"}
            ),
            EstimateError,
            ["unexpected keyword argument 'methd'"],
        ),
        (
            lambda: me.robustness(cross(), me.att_2x2, {"a": {}}, choices={"b": {}}),
            EstimateError,
            ["argument 'choices', 'b'. Expected one of a."],
        ),
        (
            lambda: every_combination({"method": ["dr"]}),
            EstimateError,
            ["argument 'options', 'method'. Expected a mapping of label to value, got a list."],
        ),
        (
            lambda: me.leave_one_out(effect, cross(), "h"),
            EstimateError,
            ["a specification does not fit the function"],
        ),
        (
            lambda: me.recall_sensitivity(cross(), "e0", "nope", "d", [0.9], [0.9]),
            EstimateError,
            ["unknown column", "'nope'"],
        ),
        (
            lambda: me.mean(cross(), "y").through(np.log, np.array([[np.nan]])),
            EstimateError,
            ["the jacobian is not finite"],
        ),
    ],
)
def test_the_words_say_argument_kind_and_default(
    attempt: Callable[[], object], error: type[MismesError], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        attempt()
    for each in words:
        assert each in str(caught.value)
    if len(words) > 1 and all("argument" in w for w in words):
        assert len(caught.value.problems) == len(words)


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

    held = checked(verb, EstimateError)
    with pytest.raises(ZeroDivisionError):
        held(0.5, THING)
    with pytest.raises(EstimateError, match="verb cannot use an argument: argument 'level'"):
        held(1.5, THING)
    check(EstimateError, "verb", ("level", 0.5, Level), ("other", THING, object))
