"""Functions as the package shows them: arguments held against the signature, and a domain without
rows an answer with its reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from mismes_eval.errors import DesignError, EmptyDomain, EstimateError, InputError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.public import checked

P = ParamSpec("P")
_ERRORS = {"mismes_eval.tracer.attrition": DesignError, "mismes_eval.tracer.histories": InputError}


def verb(function: Callable[..., Any], answers: bool) -> Callable[..., Any]:
    """The function behind a name of the package. answers: whether it gives NotEstimable over a
    domain without rows.

    Inside the package the functions themselves are called: what they are given was looked at
    before, and EmptyDomain stops whatever is composed of them.
    """
    error = next(
        (e for module, e in _ERRORS.items() if function.__module__.startswith(module)),
        EstimateError,
    )
    shown = checked(answered(function) if answers else function, error)
    shown.__module__ = __name__.partition(".")[0]
    return shown


def answered(estimator: Callable[P, Estimate]) -> Callable[P, Estimate | NotEstimable]:
    """The estimator, with NotEstimable and its reason in the place of EmptyDomain. Every other
    error stays: a misspelt column is never an empty table.
    """

    @wraps(estimator)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Estimate | NotEstimable:
        try:
            return estimator(*args, **kwargs)
        except EmptyDomain as error:
            return NotEstimable(str(error))

    signature = inspect.signature(estimator)
    answer.__signature__ = signature.replace(return_annotation="Estimate | NotEstimable")  # type: ignore[attr-defined]
    answer.__annotations__ = {**estimator.__annotations__, "return": "Estimate | NotEstimable"}
    return answer
