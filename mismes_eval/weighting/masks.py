"""What stands in the place of a mask, and the line that was meant: one that works on this frame."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_column, of_argument, worded
from mismes_eval.message import Message, as_message

COMPARED = "Compare a column: sample.where(sample.frame['{column}'] {sign} {value})."
JOINED = (ast.BitAnd, ast.BitOr)


def aligned(
    values: pd.Series, frame: pd.DataFrame, what: str, where: str | Message
) -> pd.Series | Problem:
    """Values in the order of the frame's rows, or the problem that they are of other rows."""
    if values.index.equals(frame.index):
        return values
    covered = len(values) == len(frame) and frame.index.isin(values.index).all()
    if covered and not values.index.has_duplicates:
        return values.reindex(frame.index)
    return Problem(
        worded("{what} has another index than the frame", {"what": as_message(what)}),
        where,
        worded("{count} rows with the frame's index", {"count": len(frame)}),
        worded("{mask} rows", {"mask": len(values)}),
    )


def no_column(name: object, shape: tuple[int, ...], n: int) -> Problem:
    """The problem of values that are not one a row."""
    return Problem(
        what="a new column has not one value a row",
        where=in_column(name),
        expected=worded("{n} values, or one for all rows", {"n": n}),
        got=worded("values of shape {shape}", {"shape": shape}),
    )


def no_mask(mask: object, array: np.ndarray, frame: pd.DataFrame) -> Problem:
    """The problem of a mask that is none. array : the mask as an array."""
    n = len(frame)
    got = worded("{dtype} of shape {shape}", {"dtype": array.dtype, "shape": array.shape})
    fix = _compare(frame)
    if isinstance(mask, str):
        got = worded("the text {mask}", {"mask": repr(mask)})
        fix = _of_text(mask, frame)
    elif callable(mask):
        got = worded("a function")
        fix = "Call it on the frame: sample.where(function(sample.frame))."
    elif array.shape == (n,) and array.size and np.isin(array.astype(object), (0, 1)).all():
        fix = "Where 1 means True: sample.where(mask == 1)."
    return Problem(
        what="the mask is not boolean",
        where=of_argument("mask"),
        expected=worded("{count} booleans", {"count": n}),
        got=got,
        fix=fix,
    )


def _of_text(text: str, frame: pd.DataFrame) -> str:
    """The line that a text means: a comparison of columns, a column, else an example."""
    columns = {str(column) for column in frame.columns}
    if text in columns:
        return _compare(frame[[text]])
    if _compares(text, columns):
        line = "Compare a column: sample.where(sample.frame.eval({mask}))."
        return worded(line, {"mask": repr(text)})
    named = [column for column in frame.columns if str(column) in text]
    return _compare(frame[[max(named, key=lambda name: len(str(name)))]] if named else frame)


def _compares(text: str, columns: set[str]) -> bool:
    """Whether a text is comparisons of columns with values, joined by and, or, not."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return False
    parts = list(_parts(tree))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    strange = any(isinstance(node, (ast.Attribute, ast.Call)) for node in ast.walk(tree))
    known = bool(names) and names <= columns and not strange
    return known and all(isinstance(part, ast.Compare) for part in parts)


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What is joined by and, or, not; & and | bind like those in a frame's expressions."""
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _parts(value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert)):
        yield from _parts(node.operand)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, JOINED):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


def _compare(frame: pd.DataFrame) -> str:
    """A comparison that this frame allows: its age, else its first column."""
    column = "age" if "age" in frame.columns else next(iter(frame.columns), "age")
    values = frame[column].dropna() if column in frame.columns else pd.Series([15])
    first = values.iloc[0] if len(values) else 15
    sign = "=="
    value = repr(first.item() if isinstance(first, np.generic) else first)
    if column == "age" and pd.api.types.is_numeric_dtype(values):
        sign, value = ">=", "15"
    return worded(COMPARED, {"column": column, "sign": sign, "value": value})
