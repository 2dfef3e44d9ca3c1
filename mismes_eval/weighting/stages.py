"""Design columns of a frame -> weights, units and sampling stages, every problem named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    DesignError,
    Problem,
    in_column,
    in_columns,
    named,
    of_argument,
    of_arguments,
    worded,
)
from mismes_eval.message import Quantity
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.numerics.variance import Lonely, Stage
from mismes_eval.weighting.arguments import Column
from mismes_eval.weighting.design import Level, SurveyDesign
from mismes_eval.weighting.levels import levels_of, one_spelling
from mismes_eval.weighting.numbers import numbers_in

Columns = Column | Sequence[Column] | None


@dataclass(frozen=True)
class DesignColumns:
    """The arguments of `Sample.from_frame`, as lists of columns."""

    weights: str | None
    strata: tuple[str, ...]
    psu: tuple[str, ...]
    fpc: tuple[str, ...]
    household: str | None

    @property
    def all(self) -> tuple[str, ...]:
        single = tuple(column for column in (self.weights, self.household) if column is not None)
        return (*single, *self.strata, *self.psu, *self.fpc)

    def present(self, frame: pd.DataFrame) -> DesignColumns:
        """Those that the frame has."""
        known = set(frame.columns)

        def some(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column for column in columns if column in known)

        return DesignColumns(
            weights=self.weights if self.weights in known else None,
            strata=some(self.strata),
            psu=some(self.psu),
            fpc=some(self.fpc),
            household=self.household if self.household in known else None,
        )


def build(
    frame: pd.DataFrame,
    columns: DesignColumns,
    lonely: Lonely,
    nest: bool | None,
    cluster_deff: float,
) -> SurveyDesign:
    """SurveyDesign of a frame. Raises DesignError with every problem found."""
    problems = _column_problems(frame, columns)
    if not frame.columns.has_duplicates and len(frame):
        problems += _value_problems(frame, columns.present(frame), cluster_deff)
    DesignError.refuse(problems)
    clusters = columns.psu or (() if columns.household is None else (columns.household,))
    level: Level = "psu"
    if not columns.psu:
        level = "element" if columns.household is None else "household"
    unit_columns = clusters or (None,)
    stages: list[Stage] = []
    fractions: list[Float] = []
    notes: list[str] = []
    labels: tuple[str, ...] = ()
    parent_of_row: Int = np.zeros(len(frame), np.intp)
    for depth, column in enumerate(unit_columns):
        stratum_column = columns.strata[depth] if depth < len(columns.strata) else None
        local, names = (
            _codes(frame[stratum_column])
            if stratum_column is not None
            else (np.zeros(len(frame), np.intp), np.array(["all"]))
        )
        stratum_of_row, first_of_stratum = _pair(parent_of_row, local)
        if depth == 0:
            labels = tuple(_label(value) for value in names[local[first_of_stratum]])
        if column is None:
            unit_of_row: Int = np.arange(len(frame))
            first: Int = unit_of_row
        else:
            code, _ = _codes(frame[column])
            if not (depth == 0 and stratum_column is None):
                if depth == 0 and level == "psu":
                    problems += _nesting_problems(
                        frame, column, stratum_column, code, stratum_of_row, nest
                    )
                unit_of_row, first = _pair(stratum_of_row, code)
            else:
                unit_of_row = code
                first = _first(code)
        stratum = stratum_of_row[first]
        m_h = np.bincount(stratum)
        fraction = np.zeros(m_h.size)
        if depth < len(columns.fpc):
            fraction, found, said = _fraction(
                frame, columns.fpc[depth], first_of_stratum, stratum_of_row, m_h
            )
            problems += found
            notes.append(said)
        stages.append(Stage(stratum, parent_of_row[first], fraction))
        fractions.append(fraction[stratum_of_row])
        parent_of_row = unit_of_row
    DesignError.refuse(problems)
    base = (
        numbers_in(frame[columns.weights]).copy()
        if columns.weights is not None
        else 1.0 / np.prod(np.vstack(fractions), axis=0)
    )
    design = SurveyDesign(
        base=base,
        unit=parent_of_row,
        stages=tuple(stages),
        lonely=lonely,
        level=level,
        cluster_deff=cluster_deff,
        notes=tuple(notes),
        stratum_labels=labels,
    )
    if lonely == "error":
        _refuse_lonely(design, columns)
    return design


def _refuse_lonely(design: SurveyDesign, columns: DesignColumns) -> None:
    if design.lonely_strata:
        raise DesignError(
            Problem(
                what="strata with one PSU",
                where=in_column(columns.strata[0]) if columns.strata else "",
                expected="at least two PSUs in every stratum",
                got=named(design.lonely_strata),
                fix="Merge strata, or choose lonely_psu='adjust', 'average', 'remove' or 'certainty'.",
                count=len(design.lonely_strata),
            )
        )


def _column_problems(frame: pd.DataFrame, columns: DesignColumns) -> list[Problem]:
    problems = [
        Problem(
            "a design column is not in the frame",
            in_column(column),
            "one of the frame's columns",
            fix=worded("The frame has: {columns}.", {"columns": named(frame.columns)}),
        )
        for column in columns.all
        if column not in frame.columns
    ]
    problems += repeated_names(frame)
    stages = max(len(columns.psu), 1)
    if columns.weights is None and not columns.fpc:
        problems.append(
            Problem(
                "no weights and no fpc",
                of_argument("weights"),
                "a column of weights, or fpc from which weights follow",
                fix="Name the weight column.",
            )
        )
    elif columns.weights is None and len(columns.fpc) < stages:
        problems.append(
            Problem(
                "weights do not follow from the fpc of some stages only",
                of_arguments("weights", "fpc"),
                worded(
                    "fpc for each of {stages} stages, or a column of weights", {"stages": stages}
                ),
                worded("{n}", {"n": Quantity(len(columns.fpc), "fpc column", "fpc columns", 0)}),
            )
        )
    if len(columns.fpc) > stages:
        problems.append(
            Problem(
                "more fpc columns than sampling stages",
                of_argument("fpc"),
                worded("at most {stages}", {"stages": stages}),
                str(len(columns.fpc)),
            )
        )
    if len(columns.strata) > stages:
        problems.append(
            Problem(
                what="more strata columns than sampling stages",
                where=of_argument("strata"),
                expected=worded("at most {stages}", {"stages": stages}),
                got=str(len(columns.strata)),
                fix="To cross two stratifiers make one column of their combinations.",
            )
        )
    if len(frame) == 0:
        problems.append(Problem("the frame has no rows"))
    return problems


def repeated_names(frame: pd.DataFrame) -> list[Problem]:
    """The problem of a name that several columns have."""
    twice = frame.columns[frame.columns.duplicated()].unique()
    if twice.empty:
        return []
    return [
        Problem(
            "a column name stands more than once",
            ", ".join(map(str, twice)),
            fix="Rename or drop the repeated columns.",
        )
    ]


def _value_problems(
    frame: pd.DataFrame, columns: DesignColumns, cluster_deff: float
) -> list[Problem]:
    problems = []
    if columns.weights is not None:
        problems += weight_problems(frame[columns.weights])
    for column in (
        *columns.strata,
        *columns.psu,
        *(() if columns.household is None else (columns.household,)),
    ):
        bad = frame[column].isna().to_numpy()
        problems += Problem(
            what="a design column is missing for some rows",
            where=in_column(column),
            expected="a code in every row",
            got=worded("missing"),
            fix="Complete the codes; rows are never dropped.",
        ).where_true(bad)
        spelling = one_spelling(frame[column])
        if spelling is not None:
            problems.append(replace(spelling, who="a design column"))
            continue
        blank = _blank(frame[column])
        problems += Problem(
            what="a design column is blank for some rows",
            where=in_column(column),
            expected="a code in every row",
            got=worded("empty text"),
            fix="Complete the codes; rows are never dropped.",
        ).where_true(blank)
    for column in columns.fpc:
        value = numbers_in(frame[column])
        bad = ~(np.isfinite(value) & (value > 0))
        problems += Problem(
            what="fpc is not a positive number",
            where=in_column(column),
            expected="population counts, or sampling fractions in (0, 1]",
            got=worded("missing, zero, negative or text"),
        ).where_true(bad)
    if isinstance(cluster_deff, (int, float, np.number)) and not cluster_deff > 0:
        problems.append(
            Problem(
                "the cluster effect is not positive",
                of_argument("cluster_deff"),
                "a number above 0",
                str(cluster_deff),
            )
        )
    if columns.psu and cluster_deff != 1:
        problems.append(
            Problem(
                what="a cluster effect beside PSUs",
                where=of_argument("cluster_deff"),
                expected="1 where PSUs carry the clustering",
                got=str(cluster_deff),
                fix="Drop one of the two.",
            )
        )
    return problems


def _blank(column: pd.Series) -> Bool:
    """(n,) cells of text without a letter or figure."""
    if pd.api.types.is_numeric_dtype(column) or column.dtype.kind in "mM":
        return np.zeros(len(column), bool)
    code, level = pd.factorize(column)
    empty = np.array([isinstance(value, str) and not value.strip() for value in level] + [False])
    out: Bool = empty[code]
    return out


def weight_problems(column: pd.Series, negative: bool = False) -> list[Problem]:
    """What is wrong with a column of weights; negative: whether they may be below 0."""
    where = in_column(column.name)
    if column.dtype.kind in "bcmM" or pd.api.types.is_bool_dtype(column):
        return [
            Problem(
                what="weights that are not numbers",
                where=where,
                expected="a finite number of 0 or more in every row",
                got=str(column.dtype),
                fix="Name the weight column.",
                count=len(column),
                rows=(0,),
            )
        ]
    value = numbers_in(column)
    found = []
    for bad, what in (
        (column.isna().to_numpy(), "missing weights"),
        (np.isnan(value) & column.notna().to_numpy(), "weights that are not numbers"),
        (np.isinf(value), "infinite weights"),
        ((value < 0) & (not negative), "negative weights"),
    ):
        if bad.any():
            shown = str(column[bad].iloc[0])
            found.append(
                Problem(
                    what=what,
                    where=where,
                    expected="a finite number of 0 or more in every row",
                    got=shown,
                    fix=worded(
                        "{beside}Mend the file; no row is dropped.",
                        {"beside": _beside(value, what, column.name)},
                    ),
                ).in_rows(np.flatnonzero(bad))
            )
    if not found and not value.sum() > 0:
        found.append(Problem("the weights sum to zero", where, "a positive sum", str(value.sum())))
    return found


def _beside(value: Float, what: str, column: object) -> str:
    """What else to know of weights that are wrong: how those outside the sample are written, and
    how many rows have such a weight.
    """
    if what == "missing weights":
        return f"Where it means outside the sample, write 0: frame['{column}'].fillna(0). "
    zeros = int((value == 0).sum())
    if what != "negative weights" or not zeros:
        return ""
    return f"Beside them {zeros:,} rows have weight 0, which counts as outside the sample. "


def _codes(column: pd.Series) -> tuple[Int, np.ndarray]:
    code, names = levels_of(column)
    return code, np.asarray(names, dtype=object)


def _label(value: object) -> str:
    """A code as people write it: 13379, not 13379.0."""
    return (
        str(int(value))
        if isinstance(value, (float, np.floating)) and float(value).is_integer()
        else str(value)
    )


def _first(code: Int) -> Int:
    """Row of the first occurrence of each code 0..m-1."""
    first = np.full(int(code.max()) + 1, code.size, np.intp)
    np.minimum.at(first, code, np.arange(code.size))
    return first


def _pair(a: Int, b: Int) -> tuple[Int, Int]:
    """Codes 0..m-1 of the pairs (a, b), and the first row of each."""
    code = pd.factorize(a.astype(np.int64) * (int(b.max()) + 1) + b, sort=True)[0].astype(np.intp)
    return code, _first(code)


def _nesting_problems(
    frame: pd.DataFrame,
    column: str,
    stratum_column: str | None,
    code: Int,
    stratum: Int,
    nest: bool | None,
) -> list[Problem]:
    if nest:
        return []
    pairs = pd.DataFrame({"psu": code, "stratum": stratum}).drop_duplicates()
    repeated = pairs["psu"].duplicated(keep=False).to_numpy()
    if not repeated.any():
        return []
    some = pairs.loc[repeated, "psu"].unique()
    rows = _first(code)[some]
    return [
        Problem(
            what="PSU codes stand in more than one stratum",
            where=in_columns(column, stratum_column),
            expected="each PSU in one stratum",
            got=worded(
                "{size} codes that repeat: {rows}",
                {
                    "size": some.size,
                    "rows": named(frame[column].iloc[rows]),
                },
            ),
            fix="Say nest=True (in params: design.nest: true) if codes restart in every stratum;"
            " mend the strata if they do not.",
        )
    ]


def _fraction(
    frame: pd.DataFrame, column: str, first_of_stratum: Int, stratum: Int, m_h: Int
) -> tuple[Float, list[Problem], str]:
    """Sampling fraction of each stratum from population counts or fractions, problems, and what it
    was taken for.
    """
    value = numbers_in(frame[column])
    where = in_column(column)
    constant = value == value[first_of_stratum][stratum]
    if not constant.all():
        return (
            np.zeros(m_h.size),
            [
                Problem(
                    what="fpc differs inside a stratum",
                    where=where,
                    expected="one value per stratum",
                ).in_rows(np.flatnonzero(~constant))
            ],
            "",
        )
    per_stratum = value[first_of_stratum]
    if (per_stratum <= 1).all():
        return per_stratum, [], f"fpc column '{column}' read as sampling fractions."
    short = per_stratum < m_h
    if short.any():
        kind = (
            "neither population counts nor sampling fractions"
            if (per_stratum <= 1).any()
            else "smaller than the sample"
        )
        h = int(np.flatnonzero(short)[0])
        return (
            np.zeros(m_h.size),
            [
                Problem(
                    what=worded("fpc is {kind}", {"kind": kind}),
                    where=where,
                    expected=worded(
                        "counts of at least the sampled units ({m_h} in the stratum of row {first_of_stratum}), or fractions in (0, 1] throughout",
                        {"m_h": m_h[h], "first_of_stratum": first_of_stratum[h]},
                    ),
                    got=worded("{per_stratum:g}", {"per_stratum": per_stratum[h]}),
                ).in_rows(first_of_stratum[short])
            ],
            "",
        )
    return m_h / per_stratum, [], f"fpc column '{column}' read as population counts."
