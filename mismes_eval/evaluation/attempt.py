"""What an estimator gives, or the reason why it gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import NotEstimable

T = TypeVar("T")


def attempted(make: Callable[[], T]) -> T | NotEstimable:
    """What `make` returns, or NotEstimable with the first problem that it raises."""
    try:
        return make()
    except MismesError as error:
        return NotEstimable(error.problems[0].message)
