"""Property: every verb gives the same whatever holds the columns: integers in a byte, half floats,
another byte order, sparse, nullable and arrow columns, objects, decimals, categoricals.
"""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.weighting.sample import Sample

from .verb_calls import Call, calls

KINDS = (
    *("nullable", "arrow", "object", "small", "half", "swapped", "sparse"),
    *("category", "levels", "dictionary", "decimal", "bool"),
)
CATEGORIES_ARE_LEVELS = ("logit", "poisson")  # an outcome of categories is several outcomes
QUICK = ("donut", "meta_regression", "impute")
CALLS = [
    call
    for call in calls()
    if any(isinstance(argument, (pd.DataFrame, Sample)) for argument in call.arguments.values())
]
SOME = [
    call if call.name in QUICK else pytest.param(call, marks=pytest.mark.slow) for call in CALLS
]


def decimals(values: pd.Series) -> pd.Series:
    return pd.Series([Decimal(repr(float(value))) for value in values], values.index, dtype=object)


def held(values: pd.Series, kind: str) -> pd.Series:
    """The same values in another dtype, where they have one of that kind."""
    of = values.dtype.kind
    if kind == "nullable":
        return values.convert_dtypes()
    if kind == "arrow":
        return values.convert_dtypes(dtype_backend="pyarrow")
    if kind == "object":
        return values.astype(object)
    if kind == "small" and of in "ib":
        return values.astype("int8" if values.between(-128, 127).all() else "int32")
    if kind == "half" and of in "iu" and values.between(-2048, 2048).all():
        return values.astype("float16")
    if kind == "swapped" and of in "if":
        return values.astype(values.dtype.newbyteorder(">"))
    if kind == "sparse" and of in "if":
        return values.astype(pd.SparseDtype(values.dtype))
    if kind == "category" and of in "OU":
        return values.astype("category")
    if kind == "dictionary" and of in "OU":
        text = [value if isinstance(value, str) else None for value in values]
        coded = pa.array(text).dictionary_encode()
        return pd.Series(pd.arrays.ArrowExtensionArray(coded), values.index)
    if kind == "levels" and of == "i":
        return values.astype(pd.CategoricalDtype([-99, *sorted(values.unique()), 9999]))
    if kind == "decimal" and of in "if" and np.isfinite(values).all():
        return decimals(values)
    if kind == "bool" and of == "i" and values.isin([0, 1]).all():
        return values.astype(bool)
    return values


def converted(argument: object, kind: str) -> object:
    if isinstance(argument, pd.DataFrame):
        columns = {column: held(argument[column], kind) for column in argument.columns}
        return pd.DataFrame(columns, index=argument.index)
    if isinstance(argument, Sample):
        return argument.with_columns(dict(converted(argument.frame, kind).items()))
    return argument


def result(call: Call, kind: str) -> list[float]:
    """The numbers of the answer of a verb; names and layout may follow the dtype."""
    arguments = call.arguments
    if kind:
        arguments = {name: converted(value, kind) for name, value in arguments.items()}
    answer = call.verb(**arguments)
    if isinstance(answer, Estimate):
        return [*map(float, answer.value), *map(float, answer.se)]
    text = re.sub(r"\bTrue\b", "1", re.sub(r"\bFalse\b", "0", repr(answer)))
    return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)]


@pytest.mark.parametrize("call", SOME, ids=[call.name for call in CALLS])
def test_every_dtype_gives_what_the_plain_one_gives(call: Call) -> None:
    plain = result(call, "")
    for kind in KINDS:
        if kind == "levels" and call.name in CATEGORIES_ARE_LEVELS:
            continue
        found = result(call, kind)
        assert len(found) == len(plain), kind
        np.testing.assert_allclose(found, plain, rtol=1e-7, atol=1e-9, err_msg=kind)
