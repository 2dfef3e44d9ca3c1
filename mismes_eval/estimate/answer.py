"""Estimators as the package shows them: a domain without rows is an answer with its reason, not an error."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from mismes_eval.errors import EmptyDomain
from mismes_eval.estimate.estimate import Estimate, NotEstimable

P = ParamSpec("P")


def answered(estimator: Callable[P, Estimate]) -> Callable[P, Estimate | NotEstimable]:
    """The estimator, with NotEstimable and its reason in the place of EmptyDomain. Every other error stays: a misspelt column is never an empty table.

    Inside the package the estimators themselves are called, so that the error stops whatever is composed of them; what composes them makes it NotEstimable, too.
    """

    @wraps(estimator)
    def verb(*args: P.args, **kwargs: P.kwargs) -> Estimate | NotEstimable:
        try:
            return estimator(*args, **kwargs)
        except EmptyDomain as error:
            return NotEstimable(str(error))

    signature = inspect.signature(estimator)
    verb.__signature__ = signature.replace(return_annotation="Estimate | NotEstimable")  # type: ignore[attr-defined]
    verb.__annotations__ = {**estimator.__annotations__, "return": "Estimate | NotEstimable"}
    verb.__module__ = __name__.partition(".")[0]
    return verb
