"""Arguments held against a signature: for every kind of annotation what it takes and what it
refuses, in which words, several at once, with the default that would stand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError, EstimateError
from mismes_eval.public import Count, Finite, Level, Seed, Within, check, checked, number

if TYPE_CHECKING:
    from decimal import Decimal as Somewhere
    from fractions import Fraction as Elsewhere

FRAME, SERIES = pd.DataFrame({"a": [1]}), pd.Series([1.0])
HALF = Annotated[float, Within(0, 0.5, "a number from 0 to a half", ends=True)]
KINDS: dict[str, tuple[Any, str, list[object], list[object]]] = {
    "number": (
        float,
        "a number",
        [1, 2.5, np.float32(1), np.int64(3), float("nan")],
        ["1", None, True, np.True_, [1.0], 1j],
    ),
    "whole number": (int, "a whole number", [1, -3, np.int64(3)], [1.0, "1", True, None]),
    "text": (str, "a text", ["", "a"], [1, None, ["a"], b"a"]),
    "nothing": (type(None), "None", [None], [0, "", False]),
    "table": (pd.DataFrame, "a table (pandas.DataFrame)", [FRAME], [SERIES, [1], {}]),
    "column": (pd.Series, "a column (pandas.Series)", [SERIES], [FRAME, [1.0]]),
    "level": (
        Level,
        "a number between 0 and 1, ends excluded",
        [0.5, 1e-9],
        [0, 1, 0.0, 1.0, -1, "0.5", float("nan")],
    ),
    "seed": (Seed, "a whole number of 0 or more", [0, 1, np.int64(7)], [-1, 0.5, None, True]),
    "count": (Count, "a whole number of 1 or more", [1, 10**9], [0, 10**9 + 1, 2.0]),
    "finite": (
        Finite,
        "a finite number",
        [0, -1e300, 5],
        [float("inf"), float("-inf"), float("nan"), "1"],
    ),
    "limits with their ends": (
        HALF,
        "a number from 0 to a half",
        [0, 0.5, 0.25],
        [-0.001, 0.501, None],
    ),
    "annotated otherwise": (Annotated[float, "metres"], "a number", [1.0], ["1"]),
    "one of several words": (Literal["a", "b"], "a text", ["a", "c"], [1, None]),
    "perhaps a text": (str | None, "a text or None", ["a", None], [1, ["a"]]),
    "a text or a number": (str | float, "a text or a number", ["a", 2], [None, [1]]),
    "perhaps a level": (
        Level | None,
        "a number between 0 and 1, ends excluded or None",
        [None, 0.5],
        [1.0, "a"],
    ),
    "names": (
        Sequence[str],
        "a name or a list of names",
        ["a", ["a", "b"], ("a",), []],
        [1, None, {"a": 1}, SERIES, FRAME],
    ),
    "a name or names": (
        str | Sequence[str],
        "a name or a list of names",
        ["a", ["a"]],
        [1, None, {}],
    ),
    "names or nothing": (
        str | Sequence[str] | None,
        "a name or a list of names or None",
        ["a", None],
        [1],
    ),
    "numbers": (
        Sequence[float],
        "a list of numbers",
        [[1, 2.5], (1,), np.array([1.0]), []],
        [1.0, "12", ["a"], {1: 2}, None],
    ),
    "a list": (Sequence[object], "a list", [[1, "a"], (), np.array([1])], [1, "ab", {}, None]),
    "a mapping": (Mapping[str, float], "a mapping", [{}, {"a": 1}], [[], "a", SERIES, None]),
    "a function": (Callable[[int], int], "a function", [len, str], [1, "len", None]),
}


@pytest.mark.parametrize("name", KINDS)
def test_an_annotation_takes_its_kind_and_refuses_others(name: str) -> None:
    hint, words, taken, refused = KINDS[name]
    assert taken and refused
    for value in taken:
        check(DesignError, "verb", ("x", value, hint))
    for value in refused:
        with pytest.raises(DesignError) as caught:
            check(DesignError, "verb", ("x", value, hint))
        problem = caught.value.problems[0]
        expected = ("verb cannot use an argument", "argument 'x'", words, "")
        assert (problem.what, problem.where, problem.expected, problem.fix) == expected


@pytest.mark.parametrize(
    "hint",
    [
        Any,
        object,
        Literal[1, 2],
        Literal["a", 1],
        tuple[int, int],
        Sequence[int],
        str | tuple[int, int],
        Annotated[Any, Within(0, 1, "a share")],
        set[str],
    ],
)
def test_what_is_left_to_the_verb_takes_anything(hint: Any) -> None:
    for value in (1, "a", None, [], {}, object()):
        check(DesignError, "verb", ("x", value, hint))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a", "'a'"),
        (2.5, "2.5"),
        (7, "7"),
        (None, "None"),
        (True, "True"),
        ([], "[]"),
        ({}, "{}"),
        ((), "()"),
        ([1], "a list"),
        ({"a": 1}, "a dict"),
        ((1,), "a tuple"),
        (FRAME, "a DataFrame"),
        (object(), "an object"),
        (set(), "a set"),
    ],
)
def test_what_stands_there_is_shown_where_it_is_short(value: object, said: str) -> None:
    with pytest.raises(EstimateError) as caught:
        check(EstimateError, "verb", ("x", value, Callable[[int], int]))
    assert caught.value.problems[0].got == said


def test_all_that_is_of_another_kind_is_told_together_and_in_order() -> None:
    with pytest.raises(DesignError) as caught:
        check(
            DesignError,
            "verb",
            ("one", 1, str),
            ("two", "a", str),
            ("three", "b", float),
            ("four", "c", Any),
        )
    assert [str(p) for p in caught.value.problems] == [
        "verb cannot use an argument: argument 'one'. Expected a text, got 1.",
        "verb cannot use an argument: argument 'three'. Expected a number, got 'b'.",
    ]
    check(DesignError, "verb")


CALLED: list[object] = []


def planned(
    size: float,
    name: str = "plan",
    *rest: float,
    seed: Seed = 3,
    where: str | None = None,
    thing: Somewhere | None = None,
    other: Elsewhere | int = 1,
) -> tuple[object, ...]:
    """What is planned."""
    CALLED.append(size)
    return size, name, rest, seed, where, thing, other


held = checked(planned, DesignError)


def test_a_verb_is_held_before_anything_is_done() -> None:
    CALLED.clear()
    assert held(2.0) == (2.0, "plan", (), 3, None, None, 1) and held(
        1, "a", "b", seed=0, where="c", thing=object, other="d"
    )[1:5] == ("a", ("b",), 0, "c")  # type: ignore[arg-type]
    assert len(CALLED) == 2
    with pytest.raises(DesignError) as caught:
        held("large", 5, seed=-1, where=2)  # type: ignore[arg-type]
    assert [str(p) for p in caught.value.problems] == [
        "planned cannot use an argument: argument 'size'. Expected a number, got 'large'.",
        "planned cannot use an argument: argument 'name'. Expected a text, got 5. Left out, it is 'plan'.",
        "planned cannot use an argument: argument 'seed'. Expected a whole number of 0 or more, got -1. Left out, it is 3.",
        "planned cannot use an argument: argument 'where'. Expected a text or None, got 2.",
    ]
    assert len(CALLED) == 2
    with pytest.raises(DesignError, match="missing a required argument: 'size'"):
        held()  # type: ignore[call-arg]


def test_a_held_verb_keeps_its_name_its_words_and_its_signature() -> None:
    assert (held.__name__, held.__doc__) == ("planned", "What is planned.")
    assert inspect.signature(held) == inspect.signature(planned)
    assert inspect.unwrap(held) is planned


def test_true_and_false_are_no_numbers() -> None:
    assert number(1)
    assert number(0.5)
    assert number(np.float64(2))
    assert not number(True)
    assert not number(np.False_)
    assert not number("1")
    assert not number(None)
