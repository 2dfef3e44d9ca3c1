"""What the delta method takes: derivatives that fit the values and what is made of them."""

from __future__ import annotations

import numpy as np

from mismes_eval.errors import EstimateError, Problem, kind_of, of_argument, worded
from mismes_eval.numerics.rows import Float


def derivatives(jacobian: object, p: int) -> Float:
    """Derivatives by p values as a matrix of floats. Raises EstimateError for what is no matrix of
    finite numbers.
    """
    try:
        j = np.atleast_2d(np.asarray(jacobian, float))
    except (TypeError, ValueError):
        expected = f"numbers, shape (values, {p})"
        raise _refused("the jacobian is no matrix", expected, str(kind_of(jacobian))) from None
    if not np.isfinite(j).all():
        many = int((~np.isfinite(j)).sum())
        raise _refused("the jacobian is not finite", "finite derivatives", f"{many} that are not")
    return j


def check_fit(
    j: Float, value: Float, p: int, names: tuple[str, ...] | None, n: Float | None = None
) -> None:
    """Raise EstimateError where names, numbers of rows or derivatives (k, p) do not fit the values
    (k,) of the function.
    """
    size = value.size
    EstimateError.refuse(
        Problem(what, of_argument(argument), worded(expected, {"size": size}), str(len(given)))
        for argument, given, what, expected in (
            ("names", names, "the names do not fit", "{size} names"),
            ("n", n, "the numbers of rows do not fit", "{size} numbers"),
        )
        if given is not None and len(given) != size
    )
    if j.shape != (value.size, p):
        raise _refused("the jacobian has the wrong shape", f"({value.size}, {p})", str(j.shape))


def _refused(what: str, expected: str, got: str) -> EstimateError:
    return EstimateError(Problem(what, of_argument("jacobian"), expected, got))
