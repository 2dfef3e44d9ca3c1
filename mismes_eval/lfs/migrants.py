"""Who is a migrant: a parameter, never a guess. Definition, its presets, and the status of every
person under it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, worded
from mismes_eval.lfs.answers import if_known, month_number, values, yes
from mismes_eval.lfs.definitions import Definition, DefinitionLike, as_definition
from mismes_eval.lfs.persons import aged
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import held

STATUSES = ("NON", "RET", "IMM", "INT_INTERNAL", "CUR_ABS")
_WITHIN_COUNTRY = (1, 2, 3, 4, 6)
_OTHER_COUNTRY = 5
GLD_MOVES = ("migrated_binary", "migrated_from_cat", "migrated_years", "migrated_from_country")
NOT_APPLICABLE = "NA_notapp"
OF_ORIGIN: Mapping[str, tuple[str, ...]] = {
    "birth": ("mig_birth_country", "mig_foreign_born"),
    "citizenship": ("mig_citizenship", "mig_foreign_citizen"),
}  # the country, or whether it is another one
BINARY_REASON = (
    "migrated_binary mixes internal and international moves (Georgia sets it from the previous"
    " region, Morocco from any answer to one question, most files leave it empty); a returnee needs"
    " migrated_from_cat == 5 or the mig_ columns"
)


@held(InputError)
def migration_status(frame: pd.DataFrame, definition: DefinitionLike) -> pd.Series:
    """Status of every person under a definition.

    Parameters
    ----------
    frame : persons with GLD names and the mig_ columns that the definition needs.
    definition : a `Definition`, the name of a preset, or its params.

    Returns
    -------
    Categorical Series `mig_status` on the frame's index: NON, RET, IMM, INT_INTERNAL, CUR_ABS;
    missing under the age limit and where an answer that decides is missing.
    `.attrs["definition"]` has the text for tables, `.attrs["unknown"]` the number of persons in the
    age range without a status.

    Raises
    ------
    InputError : every column that the definition needs and the frame lacks; migrated_binary offered
        as evidence of return, with the reason; impossible answers.
    """
    rule = as_definition(definition)
    _require(frame, rule)
    in_age = in_definition_ages(frame, rule)
    if rule.evidence == "delivered":
        return _as_delivered(frame, rule, in_age)
    abroad = _was_abroad(frame, rule)
    foreign = _foreign(frame, rule)
    internal = np.isin(_given(values, frame, "migrated_from_cat"), _WITHIN_COUNTRY)
    absent = _given(yes, frame, "mig_absent") == 1
    code = np.full(len(frame), -1)
    code[abroad == 0] = STATUSES.index("NON")
    code[(abroad == 0) & internal] = STATUSES.index("INT_INTERNAL")
    code[(abroad == 1) & (foreign == 0)] = STATUSES.index("RET")
    code[foreign == 1] = STATUSES.index("IMM")
    code[~in_age] = -1
    code[absent] = STATUSES.index("CUR_ABS")
    return _stated(pd.Categorical.from_codes(code, pd.Index(STATUSES)), rule, in_age, frame.index)


def _given(read: Callable[[pd.DataFrame, str], Float], frame: pd.DataFrame, column: str) -> Float:
    """(n,) the answers of a column, NaN throughout where the frame has none."""
    return read(frame, column) if column in frame else np.full(len(frame), np.nan)


def _as_delivered(frame: pd.DataFrame, rule: Definition, in_age: Bool) -> pd.Series:
    """The status that stands in the file, in the age range."""
    delivered = frame["mig_status"].astype("string")
    strange = sorted(set(delivered.dropna()) - set(STATUSES))
    if strange:
        raise InputError(
            Problem(
                "no such migration status", in_column("mig_status"), ", ".join(STATUSES), strange[0]
            )
        )
    status = delivered.astype(object).where(delivered.notna(), None).to_numpy(copy=True)
    status[~in_age & (status != "CUR_ABS")] = None
    return _stated(pd.Categorical(status, STATUSES), rule, in_age, frame.index)


def _stated(
    status: pd.Categorical[str], rule: Definition, in_age: Bool, index: pd.Index
) -> pd.Series:
    out = pd.Series(status, index=index, name="mig_status")
    out.attrs["definition"] = rule.text
    out.attrs["unknown"] = int((out.isna().to_numpy() & in_age).sum())
    return out


@held(InputError)
def needed(rule: Definition) -> tuple[tuple[str, ...], ...]:
    """Columns that a definition reads, one entry a need; an entry may have several that serve."""
    dates = rule.lookback_months is not None
    by_return = dates or rule.returned_since is not None
    asked = {
        "extension": (
            ("mig_ever_abroad", not rule.require_work_abroad),
            ("mig_months_abroad_last", rule.min_months_abroad is not None),
            ("mig_worked_abroad", rule.require_work_abroad),
            ("mig_last_ret_ym", by_return),
            ("int_year", dates),
            ("int_month", dates),
        ),
        "gld": (
            ("migrated_from_cat", True),
            ("migrated_years", by_return),
            ("int_year", rule.returned_since is not None),
        ),
        "origin": (),
        "delivered": (("mig_status", True),),
    }[rule.evidence]
    origin = OF_ORIGIN.get(rule.immigrant_by)
    return (
        ("age", "age_group"),
        *(() if origin is None else (origin,)),
        *((name,) for name, holds in asked if holds),
    )


def _require(frame: pd.DataFrame, rule: Definition) -> None:
    problems = []
    key = {"extension": "mig_ever_abroad", "gld": "migrated_from_cat"}.get(rule.evidence, "")
    if rule.require_work_abroad and "mig_ever_abroad" not in frame.columns:
        key = "mig_worked_abroad"
    count = int((_given(values, frame, "migrated_binary") == 1).sum()) if key else 0
    gone = [names for names in needed(rule) if not set(names) & set(frame.columns)]
    if _compares(frame, rule) and "countrycode" not in frame.columns:
        gone.append(("countrycode",))
    if count and (key not in frame.columns or not frame[key].notna().any()):
        problems.append(
            Problem(
                what="migrated_binary == 1 is refused as 'returnee'",
                where=in_column("migrated_binary"),
                expected="migrated_from_cat == 5, or mig_ever_abroad with months and dates",
                fix=BINARY_REASON[0].upper() + BINARY_REASON[1:] + ".",
                count=count,
            )
        )
    problems += [
        Problem(
            what=worded(
                "the definition '{name}' needs a column that the file lacks", {"name": rule.name}
            ),
            where=in_column(names[0]),
            expected=worded(
                "the column, under its GLD or mig_ name, or one of {names}",
                {"names": ", ".join(names)},
            ),
            fix="Map it in the params (mapping.columns), or choose a definition that does without it.",
        )
        for names in gone
    ]
    InputError.refuse(problems)


def _compares(frame: pd.DataFrame, rule: Definition) -> bool:
    """Whether the country of birth or citizenship is compared with the country of the survey."""
    columns = OF_ORIGIN.get(rule.immigrant_by)
    return columns is not None and (columns[0] in frame.columns or columns[1] not in frame.columns)


def in_definition_ages(frame: pd.DataFrame, rule: Definition) -> Bool:
    """(n,) rows in the age range of a migrant definition."""
    return aged(frame, rule.age_min, rule.age_max, "the migrant definition")


def _was_abroad(frame: pd.DataFrame, rule: Definition) -> np.ndarray:
    """(n,) 1 for a stay abroad that meets the definition, 0 for none, NaN where an answer that
    decides is missing.
    """
    if rule.evidence == "origin":
        return np.where(np.isnan(_foreign(frame, rule)), np.nan, 0.0)
    if rule.evidence == "gld":
        origin = values(frame, "migrated_from_cat")
        moved = _given(values, frame, "migrated_binary")
        stayed = np.isin(origin, _WITHIN_COUNTRY) | (moved == 0) | never_moved(frame)
        out = np.where(origin == _OTHER_COUNTRY, 1.0, np.where(stayed, 0.0, np.nan))
        if rule.lookback_months is not None or rule.returned_since:
            years = values(frame, "migrated_years")
            if rule.lookback_months is not None:
                out = _and(out, if_known(np.isnan(years), years * 12 <= rule.lookback_months))
            if rule.returned_since:
                when = values(frame, "int_year") - years
                out = _and(out, if_known(np.isnan(when), when >= int(rule.returned_since[:4])))
        return out
    out = np.ones(len(frame))
    if not rule.require_work_abroad or "mig_ever_abroad" in frame.columns:
        out = yes(frame, "mig_ever_abroad")
    if rule.min_months_abroad is not None:
        months = values(frame, "mig_months_abroad_last")
        out = _and(out, if_known(np.isnan(months), months >= rule.min_months_abroad))
    if rule.require_work_abroad:
        out = _and(out, yes(frame, "mig_worked_abroad"))
    if rule.lookback_months is None and not rule.returned_since:
        return out
    return _and(out, _returned_in_window(frame, rule))


def was_asked(frame: pd.DataFrame, column: str) -> Bool:
    """(n,) False where the reason of a missing answer says that the question was not put. GLD's
    questions on a move do not apply to those who never moved: they were asked.
    """
    if f"{column}_miss" not in frame.columns:
        return np.ones(len(frame), bool)
    unasked = ["NOTASKED"] if column in GLD_MOVES else ["NOTASKED", NOT_APPLICABLE]
    return np.asarray(~frame[f"{column}_miss"].isin(unasked).to_numpy(bool))


def never_moved(frame: pd.DataFrame) -> Bool:
    """(n,) persons to whom GLD's questions on a move do not apply (NA_notapp): they did not
    migrate.
    """
    out = np.zeros(len(frame), bool)
    for column in GLD_MOVES:
        if {column, f"{column}_miss"} <= set(frame.columns):
            reason = frame[f"{column}_miss"].astype("string")
            out |= ((reason == NOT_APPLICABLE) & frame[column].isna()).fillna(False).to_numpy(bool)
    return out


def _returned_in_window(frame: pd.DataFrame, rule: Definition) -> np.ndarray:
    back = month_number(frame, "mig_last_ret_ym")
    out = np.where(np.isnan(back), np.nan, 1.0)
    if rule.returned_since:
        first = int(rule.returned_since[:4]) * 12 + int(rule.returned_since[5:7]) - 1
        out = _and(out, if_known(np.isnan(back), back >= first))
    if rule.lookback_months is not None:
        interview = values(frame, "int_year") * 12 + values(frame, "int_month") - 1
        since = interview - back
        InputError.refuse(
            Problem(
                what="a return lies after the interview",
                where=worded("columns 'mig_last_ret_ym', 'int_year', 'int_month'"),
                expected="a month of return up to the interview",
                fix="Mend the dates.",
            ).where_true(since < 0)
        )
        out = _and(out, if_known(np.isnan(since), since <= rule.lookback_months))
    return out


def _foreign(frame: pd.DataFrame, rule: Definition) -> np.ndarray:
    """(n,) 1 immigrant, 0 not, NaN unknown."""
    if rule.immigrant_by == "none":
        return np.zeros(len(frame))
    country, other_one = OF_ORIGIN[rule.immigrant_by]
    if country not in frame.columns:
        return yes(frame, other_one)
    column = frame[country]
    other = (column.astype("string") != frame["countrycode"].astype("string")).to_numpy(
        dtype=float, na_value=np.nan
    )
    return np.where(column.isna().to_numpy(), np.nan, other)


def _and(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Three-valued: 0 where either is 0, NaN where one is unknown and the other not 0."""
    return np.where((a == 0) | (b == 0), 0.0, a * b)
