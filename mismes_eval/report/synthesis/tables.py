"""Tables and figures of the synthesis, in the report's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.evaluation.synthesis import CONCEPTS, UNEVALUATED, Synthesis
from mismes_eval.report import figures_synthesis
from mismes_eval.report.document.cells import COLUMNS
from mismes_eval.report.document.estimated_cells import UNIT_OF_KIND
from mismes_eval.report.document.language import Language, code_labels, country_name
from mismes_eval.report.document.tables import P_VALUE, Table, TextTable
from mismes_eval.report.document.words import WORDS
from mismes_eval.report.figures import Caption, Figure
from mismes_eval.tracer.outcomes import side_of

Record = dict[str, object]  # a cell by its columns
SOURCE = "published results of the country reports"
KEY = (
    ("L1", "all residents"),
    ("L3.employment", "returnees"),
    ("L3.employment", "all residents"),
    ("L3.unemployment", "all residents"),
    ("L5", "returnees"),
    ("L5", "all residents"),
    ("L12", "returnees"),
)
ONLY_RETURNEES = ("L6", "L8")
FROM, TO = "95% from", "95% to"
POINTS_OF = {"share": "percentage points", "log points": "log points times 100"}  # in S04


class Names:
    """Names of countries, models, outcomes and codes in the language of a page."""

    t: Language

    def country(self, code: str) -> str:
        """Name of a country."""
        return self.t.name(country_name(code, self.t.code))

    def model(self, code: str) -> str:
        """Code and title of a model."""
        known = code_labels("models", self.t)
        if code not in known:
            return self.t("model not on record")
        return self.t.name(f"{code} {known[code]}")

    def outcome(self, name: str, better: str | None = None) -> str:
        """Label of an outcome, what has none stands as it is; one of which less is better says so.
        better: as a file of evidence says it; None asks the templates.
        """
        label = self.t(WORDS[name]) if name in WORDS else self.t.level(name.replace("_", " "))
        side = side_of(name) if better is None else better
        return self.t("{outcome} (less is better)", outcome=label) if side == "less" else label

    def label(self, table: str, code: str) -> str:
        """Label of a code of a list."""
        return code_labels(table, self.t)[code]


@dataclass(frozen=True)
class PageNames(Names):
    """Names where there is no synthesis."""

    t: Language


@dataclass(frozen=True)
class Words(Names):
    """What every table of the synthesis needs: the evidence, the language, names of countries and
    models.
    """

    evidence: Synthesis
    t: Language

    @property
    def synthetic(self) -> bool:
        return bool(self.evidence.synthetic)

    def indicator(self, title: str, group: str) -> str:
        return self.t("{title}, {group}", title=self.t(title), group=self.t(group))


def cell(
    row: str, column: str, value: float, status: str = "shown", kind: str = "count", **more: object
) -> Record:
    """One cell; more: other COLUMNS."""
    return {
        **dict.fromkeys(COLUMNS, np.nan),
        "row": row,
        "column": column,
        "value": value,
        "flag": "",
        "kind": kind,
        "unit": UNIT_OF_KIND.get(kind, ""),
        "definition": "",
        "status": status,
        **more,
    }


def table(
    w: Words,
    id: str,
    title: str,
    cells: Sequence[Mapping[str, object]],
    notes: Sequence[str] = (),
    units: Mapping[str, tuple[float, int]] | None = None,
    digits: int = 1,
) -> Table:
    """A table of numbers."""
    return Table(
        id=id,
        title=title,
        cells=pd.DataFrame(list(cells), columns=list(COLUMNS)),
        source=SOURCE,
        notes=tuple(notes),
        digits=digits,
        synthetic=w.synthetic,
        units=units or {},
    )


def words_table(
    w: Words,
    id: str,
    title: str,
    rows: Sequence[Sequence[str]],
    head: Sequence[str],
    notes: Sequence[str] = (),
) -> TextTable:
    """A table of words."""
    return TextTable(
        id=id,
        title=title,
        frame=pd.DataFrame([list(row) for row in rows], columns=list(head)),
        source=SOURCE,
        notes=tuple(notes),
        synthetic=w.synthetic,
    )


def definitions(w: Words) -> TextTable:
    """S01: what each country's numbers rest on; a row whose texts differ says so."""
    text = w.t
    long = w.evidence.definitions
    rows = []
    for concept, part in long.groupby("concept", sort=False):
        texts = [text(x or "not stated") for x in part["text"]]
        differs = len(set(texts)) > 1 and concept != "basis"
        rows.append(
            [
                text(CONCEPTS.get(str(concept), "Variance")),
                *texts,
                text("differ") if differs else "" if concept == "basis" else text("same"),
            ]
        )
    kinds = [
        text("made up (SYNTHETIC)") if country in w.evidence.synthetic else text("real")
        for country in w.evidence.countries
    ]
    rows.append([text("Data"), *kinds, text("differ") if len(set(kinds)) > 1 else text("same")])
    head = [
        text("Item"),
        *map(w.country, w.evidence.countries),
        text("Definitions"),
    ]
    return words_table(w, "S01", "What the numbers of each country rest on", rows, head)


def comparability(w: Words) -> TextTable:
    """S02: which countries may be compared on which indicators, and what stands in the way."""
    text = w.t
    rows: dict[tuple[str, str], list[str]] = {}
    titles = dict(zip(w.evidence.indicators["id"], w.evidence.indicators["title"], strict=True))
    for line in _page_rows(w.evidence.comparable).to_dict("records"):
        several = [group for group in line["sets"] if len(group) > 1]
        sets = text("no two countries")
        if several:
            sets = text.name("; ".join(", ".join(map(w.country, group)) for group in several))
        differing = text("nothing")
        if line["differing"]:
            differing = text.name(", ".join(text(str(one)) for one in line["differing"]))
        rows.setdefault((sets, differing), []).append(
            w.indicator(titles[line["id"]], line["group"])
        )
    texts = [[text.name("; ".join(names)), *key] for key, names in rows.items()]
    note = (
        "The order of the countries means nothing. They are not ranked: where definitions differ, a"
        " difference between countries may be one of definitions."
    )
    return words_table(
        w,
        "S02",
        "Which countries may be compared",
        texts,
        [
            text("Indicators"),
            text("Comparable among themselves"),
            text("What differs between the others"),
        ],
        (note,),
    )


def _page_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Indicators of returnees only need not stand there twice."""
    twice = frame["id"].str.split(".").str[0].isin(ONLY_RETURNEES) & (
        frame["group"] == "all residents"
    )
    return frame[~twice]


def indicators(w: Words) -> Table:
    """S03: every indicator that a country report publishes, side by side."""
    rows = _page_rows(w.evidence.indicators)
    cells = []
    units = {}
    for (_, group, title), part in rows.groupby(["id", "group", "title"], sort=False):
        if not (part["status"] == "shown").any():
            continue
        label = w.indicator(str(title), str(group))
        units[label] = (100.0, 1) if part["unit"].isin(["share", "log points"]).any() else (1.0, 1)
        for row in part.to_dict("records"):
            more = {
                column: row[column]
                for column in ("se", "ci_low", "ci_high", "n", "degf", "flag", "unit", "definition")
            }
            cells.append(
                cell(
                    label,
                    w.country(row["country"]),
                    row["value"],
                    row["status"],
                    row["kind"],
                    **more,
                )
            )
    notes = ("Shares in %, log points times 100. Table S02 says which countries may be compared.",)
    return table(w, "S03", "Indicators side by side", cells, notes, units)


def contrasts(w: Words) -> tuple[Table | None, Table | None]:
    """S04: differences between comparable countries on the main indicators; S04b: on the others,
    for the workbook.
    """
    found = _page_rows(w.evidence.contrasts)
    main = pd.Series(
        [(i, group) in KEY for i, group in zip(found["id"], found["group"], strict=True)],
        index=found.index,
        dtype=bool,
    )
    return _contrast_table(
        w, "S04", "Differences between comparable countries", found[main]
    ), _contrast_table(
        w, "S04b", "Differences between comparable countries, other indicators", found[~main]
    )


def _contrast_table(w: Words, id: str, title: str, found: pd.DataFrame) -> Table | None:
    text = w.t
    cells = []
    units = {"p": (1.0, 3)}
    known = w.evidence.indicators[w.evidence.indicators["unit"] != ""]
    given = known.drop_duplicates("id").set_index("id")["unit"]
    for row in found.to_dict("records"):
        label = text(
            "{what}: {a} minus {b}",
            what=w.indicator(row["title"], row["group"]),
            a=w.country(row["first"]),
            b=w.country(row["second"]),
        )
        unit = POINTS_OF.get(given[row["id"]], given[row["id"]])
        scale = 100.0 if given[row["id"]] in POINTS_OF else 1.0
        for column, value, more in (
            ("difference", row["value"], {"se": row["se"] * scale, "degf": row["degf"]}),
            (FROM, row["ci_low"], {}),
            (TO, row["ci_high"], {}),
        ):
            cells.append(cell(label, column, value * scale, kind="contrast", unit=unit, **more))
        cells.append(cell(label, "p", row["p_holm"], kind="contrast", unit=P_VALUE))
    notes = (
        "Independent samples. Shares in percentage points, log points times 100. p: Welch's test,"
        " adjusted by Holm over the pairs of countries of an indicator.",
    )
    return table(w, id, title, cells, notes, units) if cells else None


def models(w: Words) -> TextTable:
    """S07: models x countries: on record, evaluated, with an effect."""
    text = w.t
    m = w.evidence.models
    rows = []
    for code, part in m.groupby("model", sort=False):
        line = [w.model(str(code))]
        for country in w.evidence.countries:
            found = part[part["country"] == country]
            line.append(_said(w, found.iloc[0]) if len(found) else text("no inventory"))
        rows.append(line)
    note = (
        "Evaluated: more than monitoring. Effect: estimated in the country report against a"
        " comparison group."
    )
    return words_table(
        w,
        "S07",
        "What was evaluated: models by country",
        rows,
        [text("Model"), *map(w.country, w.evidence.countries)],
        (note,),
    )


def _said(w: Words, r: pd.Series) -> str:
    if not r["measures"]:
        return "–"
    done = w.t("never evaluated")
    if r["evaluated"]:
        done = w.t("{n} evaluated", n=int(r["evaluated"]))
    out = w.t("{n} on record, {done}", n=int(r["measures"]), done=done)
    return w.t("{what}, effect known", what=out) if r["effects"] else out


def unevaluated(w: Words) -> Table:
    """S07b: numbers of the same matrix."""
    cells = [
        cell(
            w.model(row["model"]),
            w.t("{country}: {what}", country=w.country(row["country"]), what=w.t(name)),
            float(row[key]),
        )
        for row in w.evidence.models.to_dict("records")
        for key, name in (
            ("measures", "measures"),
            ("evaluated", "evaluated"),
            ("with_comparison", "with a comparison group"),
            ("effects", "effects"),
        )
    ]
    return table(w, "S07b", "Models by country: measures, evaluations, effects", cells, digits=0)


BUDGET_UNITS = {
    "total": "million EUR",
    "without_evidence": "million EUR",
    "share": "share",
    "without_budget": "number",
}


def budget(w: Words) -> Table:
    """S08: budget of measures without an evaluation."""
    text = w.t
    cells = []
    notes = []
    budget = w.evidence.budget
    columns = {
        "total": "budget, million euro",
        "without_evidence": "without an evaluation, million euro",
        "share": "without an evaluation, %",
        "without_budget": "measures without a budget",
    }
    for row in budget.to_dict("records"):
        for key, head in columns.items():
            value = float(row[key])
            cells.append(
                cell(
                    w.country(row["country"]),
                    head,
                    value,
                    "shown" if np.isfinite(value) else "confidential",
                    unit=BUDGET_UNITS[key],
                )
            )
        notes.append(
            text(
                "{country}: euro of {year}.",
                country=w.country(row["country"]),
                year=price_years(w, row),
            )
        )
    known = budget[budget["total"].notna() & budget["without_evidence"].notna()]
    if len(known) == len(budget) and len(budget) > 1:
        total, without = float(budget["total"].sum()), float(budget["without_evidence"].sum())
        whole = text("All countries")
        cells += [
            cell(whole, columns["total"], total, unit=BUDGET_UNITS["total"]),
            cell(whole, columns["without_evidence"], without, unit=BUDGET_UNITS["total"]),
            cell(whole, columns["share"], without / total, unit="share"),
        ]
        cells.append(cell(whole, columns["without_budget"], float(budget["without_budget"].sum())))
    notes.append(
        "Evaluated: more than monitoring. Amounts as published by the country reports; not deflated"
        " unless the inventory is."
    )
    return table(
        w,
        "S08",
        "Budget without evidence",
        cells,
        notes,
        {columns["share"]: (100.0, 0), columns["without_budget"]: (1.0, 0)},
        1,
    )


def price_years(w: Words, r: Mapping[Any, Any]) -> str:
    """The year of a country's prices, or the years that its amounts mix."""
    years = list(r["price_years"])
    if not years:
        return w.t("no stated year")
    said = str(years[0])
    if len(years) > 1:
        words = "{first} to {last}, each measure in the prices of its own year"
        said = w.t(words, first=said, last=str(years[-1]))
    missing = int(r["without_price_year"])
    if not missing:
        return said
    return w.t("{said}, {n} {n:=measure|measures} without a year", said=said, n=missing)


def due(w: Words) -> Table:
    """S09: the evaluation registers."""
    cells = []
    for row in w.evidence.due.to_dict("records"):
        cells += [
            cell(w.country(row["country"]), state, float(row[state]))
            for state in ("evaluated", *UNEVALUATED)
        ]
    days = [w.t.date(date.fromisoformat(day)) for day in sorted(set(w.evidence.due["day"]))]
    note = w.t(
        "On {days}. Overdue: 24 months have passed since the start without an evaluation; due next:"
        " within 12 months.",
        days=", ".join(days),
    )
    return table(w, "S09", "Evaluations due (number of measures)", cells, (note,), digits=0)


def employment(w: Words) -> Figure | None:
    """G02: employment rates of returnees and non-migrants by country."""
    text = w.t
    found = w.evidence.indicators
    rows = found[
        (found["id"] == "L3.employment")
        & found["group"].isin(["returnees", "non-migrants"])
        & (found["status"] == "shown")
    ]
    if rows.empty:
        return None
    frame = pd.DataFrame(
        {
            "country": [w.country(country) for country in rows["country"]],
            "group": [text(group) for group in rows["group"]],
            "value": 100 * rows["value"].to_numpy(),
            "low": 100 * rows["ci_low"].to_numpy(),
            "high": 100 * rows["ci_high"].to_numpy(),
        }
    )
    note = "Compare the groups within a country; between countries only where table S02 allows it."
    return figures_synthesis.by_country(
        Caption(
            "G02",
            "Employment rate of returnees and non-migrants",
            SOURCE,
            (note,),
            w.synthetic,
            t=text,
        ),
        frame,
        text("% (95% interval)"),
    )
