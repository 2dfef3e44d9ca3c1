"""Cross-field rules of the templates: each takes the typed frame and a rule, and returns the rows
that fail.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from mismes_eval.frame.template import Rule

Failing = pd.Series
WHOLE = {"SHARE": 1, "POINTS": 100}  # everybody, in the units of shares
ROUNDED = 0.01  # share by which an amount and its euros may differ


def _is(values: pd.Series, wanted: str) -> pd.Series:
    return values.astype("str").str.upper().eq(wanted.upper()) & values.notna()


def _absent(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame[column].isna() if column in frame else pd.Series(True, index=frame.index)


def le(frame: pd.DataFrame, rule: Rule) -> Failing:
    left, right = frame[rule.left[0]], frame[rule.right[0]]
    return (left > right) & left.notna() & right.notna()


def sum_le(frame: pd.DataFrame, rule: Rule) -> Failing:
    total = frame[rule.right[0]]
    parts = frame[[column for column in rule.left if column in frame]].sum(axis=1, min_count=1)
    return parts.notna() & total.notna() & (parts > total * float(rule.value) + 1e-9)


def needs(frame: pd.DataFrame, rule: Rule) -> Failing:
    given = frame[[column for column in rule.left if column in frame]].notna().any(axis=1)
    lacks = pd.concat([_absent(frame, column) for column in rule.right], axis=1).any(axis=1)
    return given & lacks


def when_needs(frame: pd.DataFrame, rule: Rule) -> Failing:
    lacks = pd.concat([_absent(frame, column) for column in rule.right], axis=1).any(axis=1)
    return _is(frame[rule.left[0]], rule.value) & lacks


def when_empty(frame: pd.DataFrame, rule: Rule) -> Failing:
    return _is(frame[rule.left[0]], rule.value) & frame[rule.right[0]].notna()


def when_le(frame: pd.DataFrame, rule: Rule) -> Failing:
    low, high = frame[rule.right[0]], frame[rule.right[1]]
    return _is(frame[rule.left[0]], rule.value) & low.notna() & high.notna() & (low > high)


def when_zero(frame: pd.DataFrame, rule: Rule) -> Failing:
    return _is(frame[rule.left[0]], rule.value) & (frame[rule.right[0]] > 0)


def not_in(frame: pd.DataFrame, rule: Rule) -> Failing:
    pairs = zip(frame[rule.left[0]], frame[rule.right[0]], strict=True)
    return pd.Series(
        [isinstance(codes, str) and code in codes.split(";") for code, codes in pairs],
        index=frame.index,
        dtype=bool,
    )


def prefix(frame: pd.DataFrame, rule: Rule) -> Failing:
    pairs = zip(frame[rule.left[0]], frame[rule.right[0]], strict=True)
    return pd.Series(
        [
            isinstance(start, str) and isinstance(whole, str) and not whole.startswith(start)
            for start, whole in pairs
        ],
        index=frame.index,
        dtype=bool,
    )


def one_empty(frame: pd.DataFrame, rule: Rule) -> Failing:
    empty = frame[rule.right[0]].isna()
    return empty & (empty.groupby(frame[rule.left[0]]).transform("sum") > 1)


def above(frame: pd.DataFrame, rule: Rule) -> Failing:
    values = frame[rule.left[0]]
    return values.notna() & (values <= float(rule.value))


def when_share(frame: pd.DataFrame, rule: Rule) -> Failing:
    return _is(frame[rule.left[0]], rule.value) & (frame[rule.right[0]].abs() > WHOLE[rule.value])


def same_when(frame: pd.DataFrame, rule: Rule) -> Failing:
    """Two amounts in one currency that differ by more than a rounding."""
    amount, other = (
        pd.to_numeric(frame[name], errors="coerce") for name in (rule.left[0], rule.right[0])
    )
    apart = (amount - other).abs() > ROUNDED * amount.abs()
    return apart & _is(frame[rule.right[1]], rule.value)


def once(frame: pd.DataFrame, rule: Rule) -> Failing:
    return frame.duplicated([column for column in rule.left if column in frame], keep="first")


def one_of(frame: pd.DataFrame, rule: Rule) -> Failing:
    given = pd.concat([~_absent(frame, column) for column in rule.left], axis=1)
    return given.sum(axis=1) != 1


# check, whether every left column must be in the file, whether every right column must
CHECKS: dict[str, tuple[Callable[[pd.DataFrame, Rule], Failing], bool, bool]] = {
    "le": (le, True, True),
    "sum_le": (sum_le, False, True),
    "needs": (needs, False, False),
    "when_needs": (when_needs, True, False),
    "when_empty": (when_empty, True, True),
    "when_le": (when_le, True, True),
    "when_zero": (when_zero, True, True),
    "not_in": (not_in, True, True),
    "prefix": (prefix, True, True),
    "one_empty": (one_empty, True, True),
    "above": (above, True, True),
    "when_share": (when_share, True, True),
    "same_when": (same_when, True, True),
    "one_of": (one_of, False, True),
    "once": (once, False, True),
}


def failing(frame: pd.DataFrame, rule: Rule) -> Failing:
    """Rows (bool, aligned) that break the rule; none where the file lacks the columns that the rule
    speaks of.
    """
    check, all_left, all_right = CHECKS[rule.rule]
    left = [column in frame for column in rule.left]
    if (
        not any(left)
        or (all_left and not all(left))
        or (all_right and not all(column in frame for column in rule.right))
    ):
        return pd.Series(False, index=frame.index)
    return check(frame, rule).fillna(False).astype(bool)
