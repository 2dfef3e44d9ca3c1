"""What an estimator gives, or the reason why it gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mismes_eval.errors import EstimateError, MismesError
from mismes_eval.estimate.estimate import NotEstimable

S = TypeVar("S")
T = TypeVar("T")


def attempted(make: Callable[[], T]) -> T | NotEstimable:
    """What `make` returns, or NotEstimable with the first reason why a statistic is not defined, or
    with all that is wrong with the data.
    """
    try:
        return make()
    except EstimateError as error:
        return NotEstimable(error.problems[0].reason)
    except MismesError as error:
        return NotEstimable(error.reason)


def made_of(given: S | NotEstimable, make: Callable[[S], T]) -> T | NotEstimable:
    """What is made of a result; the reason of one that is not there goes on."""
    return given if isinstance(given, NotEstimable) else attempted(lambda: make(given))
