"""The portfolio of measures: indicators I1-I13, stage x model matrix, funders, timeline, services,
budget tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

import pandas as pd
from rapidfuzz import fuzz

from mismes_eval.frame import codes, labels, template
from mismes_eval.frame.codes import plain
from mismes_eval.inventory.indicators import COLUMNS, portfolio_rows
from mismes_eval.inventory.purposes import by_purpose
from mismes_eval.inventory.quality import completeness
from mismes_eval.inventory.tree import Tree, parent_differences
from mismes_eval.pictures.grids import counts

By = str | list[str] | None
SPELLED_ALIKE = 90.0


@dataclass(frozen=True)
class Profile:
    """What the inventory says. A census of recorded measures: numbers have n and missing n, no
    standard errors.

    indicators : (by columns), id, indicator, group, value, unit, n, n_missing, definition.
    matrix_n, matrix_budget : stage (rows) x primary model (columns): measures, euro.
    funders : funder_main, funder_type, funder_side, measures, budget_eur, share_of_budget.
    timeline : year, started, active, ended.
    services : service, share, n, n_missing; dose_hours median.
    budget_tree : country, stage, model, measures, budget_eur.
    purposes : purpose, measures, budget_eur (see `by_purpose`).
    spellings : pairs of funder names that look alike.
    notes : what the reader must know.
    """

    indicators: pd.DataFrame
    matrix_n: pd.DataFrame
    matrix_budget: pd.DataFrame
    funders: pd.DataFrame
    timeline: pd.DataFrame
    services: pd.DataFrame
    budget_tree: pd.DataFrame
    purposes: pd.DataFrame
    spellings: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def to_frame(self) -> pd.DataFrame:
        """The indicators."""
        return self.indicators.copy()

    def value(self, indicator: str, group: str = "all") -> float:
        """One indicator by its name and group (overall profile only); KeyError when there is none."""
        rows = self.indicators[
            (self.indicators["indicator"] == indicator) & (self.indicators["group"] == group)
        ]
        if len(rows) != 1:
            raise KeyError(f"{len(rows)} rows for indicator {indicator!r} and group {group!r}")
        return float(rows["value"].iloc[0])

    def plot(self, ax: Any = None) -> Any:
        """Measures by stage and primary model, darker where there are more. Returns the matplotlib
        axes.
        """
        stages = [labels("stages")[str(stage)] for stage in self.matrix_n.index]
        models = [str(model) for model in self.matrix_n.columns]
        return counts(ax, self.matrix_n.to_numpy(float), stages, models)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, for a workbook."""
        return {
            "indicators": self.indicators,
            "stage x model, measures": self.matrix_n.reset_index(),
            "stage x model, euro": self.matrix_budget.reset_index(),
            "funders": self.funders,
            "timeline": self.timeline,
            "services": self.services,
            "budget tree": self.budget_tree,
            "purposes": self.purposes,
            "spellings": self.spellings,
            "notes": pd.DataFrame({"note": self.notes}),
        }

    def _repr_html_(self) -> str:
        notes = "".join(
            f"<li>{n.replace('&', '&amp;').replace('<', '&lt;')}</li>" for n in self.notes
        )
        return (
            self.indicators.to_html(index=False, float_format="{:,.3f}".format, na_rep="")
            + f"<ul>{notes}</ul>"
        )


def profile(frame: pd.DataFrame, by: By = None, on: date | None = None) -> Profile:
    """I1-I7 and I10-I13 of a validated inventory frame.

    Parameters
    ----------
    by : column(s); the indicators of each group beside the overall tables.
    on : day for the ages of measures in I11; None takes the latest date_retrieved of the records,
        so that a run can be repeated; where no record has one, the indicator of measures 24 months
        and older is not computed and a note says so.

    An amount counts where none of the parts of a measure (parent_id), at any depth, has it; a
    measure whose parts are rows of the frame is not counted beside them; notes say how many.
    """
    tree = Tree.of(frame)
    rows = tree.measures.reset_index(drop=True)
    amounts = tree.amounts()
    day = pd.Timestamp(on) if on is not None else frame["date_retrieved"].max()
    if by is None:
        indicators = _with_completeness(tree, day)
    else:
        keys = [by] if isinstance(by, str) else list(by)
        parts = {
            key: _with_completeness(tree.where(frame.index.to_series().isin(part.index)), day)
            for key, part in frame.groupby(keys, dropna=False)
        }
        indicators = (
            pd.concat(parts, names=[*keys, "row"])
            .reset_index(keys)
            .reset_index(drop=True)[[*keys, *COLUMNS]]
        )
    counted = amounts.assign(measure=tree.leaves)
    funders = _funders(counted)
    return Profile(
        indicators=indicators,
        matrix_n=matrix(rows),
        matrix_budget=matrix(amounts, "budget_eur"),
        funders=funders,
        timeline=timeline(rows, day),
        services=services(rows),
        budget_tree=_by(counted, ["country", "stage_code", "model_primary"]),
        purposes=by_purpose(tree),
        spellings=spellings(funders),
        notes=_notes(tree, rows, day),
    )


def _by(rows: pd.DataFrame, keys: list[str], dropna: bool = True) -> pd.DataFrame:
    """measures, budget_eur of the groups of rows with each amount once that have a measure or an
    amount: a group of wholes alone whose parts are elsewhere has neither.
    """
    table = rows.groupby(keys, dropna=dropna, as_index=False).agg(
        measures=("measure", "sum"), budget_eur=("budget_eur", "sum")
    )
    return table[(table["measures"] > 0) | (table["budget_eur"] != 0)].reset_index(drop=True)


def _with_completeness(tree: Tree, day: pd.Timestamp) -> pd.DataFrame:
    table = portfolio_rows(tree, day)
    rows = tree.measures
    value = completeness(rows, template("inventory")).overall
    text = (
        "filled cells / cells of the required and expected fields; fields that do not apply are"
        " left out"
    )
    last = pd.DataFrame(
        [("I13", "template completeness", "all", value, "share", len(rows), 0, text)],
        columns=list(COLUMNS),
    )
    return pd.concat([table, last], ignore_index=True)


def matrix(rows: pd.DataFrame, amount: str | None = None) -> pd.DataFrame:
    """Stage x primary model: measures, or the sum of `amount`; every stage and model has its row
    and column.
    """
    stages, models = codes("stages")["code"], codes("models")["code"]
    table = rows.pivot_table(
        index="stage_code",
        columns="model_primary",
        values=amount or "measure_id",
        aggfunc="sum" if amount else "count",
    )
    return (
        table.reindex(index=stages, columns=models)
        .fillna(0)
        .rename_axis(index="stage_code", columns="model_primary")
        .astype(float if amount else int)
    )


def timeline(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Measures started, active and ended by year; a measure without an end date is active until
    `day` (the last year in the records when there is none), one without a start date is left out.
    """
    dated = rows[rows["start_date"].notna()]
    if dated.empty:
        return pd.DataFrame(columns=["year", "started", "active", "ended"])
    start, end = dated["start_date"].dt.year, dated["end_date"].dt.year
    last = int(max(start.max(), end.max() if pd.isna(day) else day.year))
    until = end.fillna(last)
    years = range(int(start.min()), last + 1)
    counts = [
        (
            y,
            int((start == y).sum()),
            int(((start <= y) & (until >= y)).sum()),
            int((end == y).sum()),
        )
        for y in years
    ]
    return pd.DataFrame(counts, columns=["year", "started", "active", "ended"])


def services(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of measures with each service, and the median dose in hours of the measures that have
    the service.
    """
    names = labels("services")
    table = []
    for service, label in names.items():
        given = rows[service].notna()
        has = rows[service].fillna(False).astype(bool)
        dose = rows.loc[has, "dose_hours"].dropna()
        share = float(has[given].mean()) if given.any() else float("nan")
        table.append(
            (
                service,
                label,
                share,
                int(given.sum()),
                int((~given).sum()),
                float(dose.median()) if len(dose) else float("nan"),
                len(dose),
            )
        )
    return pd.DataFrame(
        table,
        columns=["service", "label", "share", "n", "n_missing", "dose_hours_median", "n_dose"],
    )


def _funders(rows: pd.DataFrame) -> pd.DataFrame:
    table = _by(rows, ["funder_main", "funder_type", "funder_side"], dropna=False)
    total = table["budget_eur"].sum()
    table["share_of_budget"] = table["budget_eur"] / total if total else float("nan")
    return table.sort_values(["budget_eur", "measures"], ascending=False, ignore_index=True)


def spellings(funders: pd.DataFrame) -> pd.DataFrame:
    """Pairs of funder names that look like one (rapidfuzz ratio at least 90, the same numbers in
    them): they count as two in the concentration index.
    """
    names = sorted({str(n) for n in funders["funder_main"].dropna()})
    found = []
    for first, second in combinations(names, 2):
        one, two = plain(first), plain(second)
        score = fuzz.ratio(one, two)
        if score >= SPELLED_ALIKE and re.findall(r"\d+", one) == re.findall(r"\d+", two):
            found.append((first, second, score))
    return pd.DataFrame(found, columns=["name", "looks_like", "similarity"])


def _differences(frame: pd.DataFrame) -> list[str]:
    """What the parts lack of the budgets of their wholes, by currency."""
    table = parent_differences(frame)
    apart = table[table["difference"].abs() > 0]
    return [
        f"{len(part)} measures have a budget that differs from the sum of their parts, by"
        f" {part['difference'].sum():,.0f} {currency} in all ({int(part['parts_without'].sum())}"
        " parts without a budget); the parts are added up, and parent_differences() lists them."
        for currency, part in apart.groupby("currency")
    ]


def _notes(tree: Tree, rows: pd.DataFrame, day: pd.Timestamp) -> tuple[str, ...]:
    frame = tree.frame
    notes = [
        "A census of the measures that were recorded: no standard errors; measures that nobody"
        " reported are not in it."
    ]
    if (rows["source_type"] == "SYNTHETIC").any():
        notes.insert(
            0,
            f"SYNTHETIC: {int((rows['source_type'] == 'SYNTHETIC').sum())} of {len(rows)} measures"
            " are made up.",
        )
    if len(rows) < len(frame):
        notes.append(
            f"{len(frame) - len(rows)} measures whose parts are recorded too are not added up"
            " again: an amount of theirs counts where none of the parts has one."
        )
    notes += _differences(frame)
    priced = tree.once(tree.has("budget_total")) & tree.frame["budget_eur"].isna()
    foreign = int(priced.sum())
    if foreign:
        notes.append(
            f"{foreign} measures have a budget without a euro amount and count as missing: convert"
            " them with to_euro and a rate table."
        )
    unconfirmed = codes("models").set_index("code")["status"]
    used = sorted(
        m for m in rows["model_primary"].unique() if unconfirmed.get(m, "") != "confirmed"
    )
    if used:
        notes.append(
            f"The titles of models {', '.join(used)} are to be confirmed against the Global"
            " Inventory."
        )
    notes.append(
        "No record says when it was retrieved: give on= to count the ages of measures."
        if pd.isna(day)
        else f"Ages of measures are counted to {day.date()}."
    )
    return tuple(notes)
