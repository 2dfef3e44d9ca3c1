"""The inventory of measures: how many, for whom, who pays, what they cost, what was evaluated."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from mismes_eval.frame import codes
from mismes_eval.inventory import Inventory
from mismes_eval.inventory.portfolio import Profile
from mismes_eval.report import figures
from mismes_eval.report.chapters.base import Chapter, Context, Item
from mismes_eval.report.disclosure import dominance
from mismes_eval.report.tables import COLUMNS, Table

SOURCE = "Inventory of measures in the information template"


def measures(context: Context) -> Chapter:
    """T01 profile by stage, T02 who pays, T04 unit costs, T05 success factors and evaluation; F01 stage x model, F02 timeline."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return Chapter("inventory", "National inventory of measures", (context.absent("inventory"),))
    profile = inventory.profile()
    items: list[Item] = [
        context.text("The inventory is a purposive census: numbers have no sampling error, but they describe the measures that implementers reported."),
        _by_stage(context, inventory), _heat(context, profile), _timeline(context, profile), _who_pays(context, inventory), _indicators(context, profile), _register(context, inventory),
    ]  # fmt: skip
    return Chapter("inventory", "National inventory of measures", tuple(items))


def _number(row: str, column: str, value: float, unit: str = "", status: str = "shown", n: float = np.nan) -> dict[str, object]:
    return dict.fromkeys(COLUMNS, np.nan) | {"row": row, "column": column, "value": value, "n": n, "flag": "", "kind": "count", "unit": unit, "definition": "", "status": status}


def _stages(context: Context) -> dict[str, str]:
    table = codes("stages")
    label = f"label_{context.words.code}" if f"label_{context.words.code}" in table.columns else "label_en"
    return dict(zip(table["code"].astype(str), table[label].astype(str), strict=True))


def _budget(rows: pd.DataFrame) -> tuple[float, str]:
    """Sum of budgets, hidden where one funder could work out another's (p% rule)."""
    known = rows["budget_eur"].dropna()
    by_funder = known.groupby(rows.loc[known.index, "funder_main"].astype(str)).sum().to_numpy()
    return float(known.sum()), "confidential" if known.size and dominance(by_funder) else "shown"


def _by_stage(context: Context, inventory: Inventory) -> Table:
    frame = inventory.frame[inventory.counted.to_numpy()]
    cells = []
    for code, label in [*_stages(context).items(), ("", "All stages")]:
        rows = frame if not code else frame[frame["stage_code"].astype(str) == code]
        money, status = _budget(rows)
        cells += [
            _number(label, "measures", len(rows)), _number(label, "budget, million euro", money / 1e6, "EUR", status),
            _number(label, "beneficiaries reached", float(rows["benef_reached"].sum())), _number(label, "measures without a count of beneficiaries", float(rows["benef_reached"].isna().sum())),
        ]  # fmt: skip
    note = "Budgets are hidden where one funder could work out another's (p% rule, p = 10)."
    return Table("T01", "Measures, budget and beneficiaries by stage of migration", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, (note,), 1.0, 0, context.synthetic, {"budget, million euro": (1.0, 2)})


def _heat(context: Context, profile: Profile) -> Item:
    table = profile.matrix_n.copy()
    table.index = pd.Index([_stages(context).get(str(i), str(i)) for i in table.index])
    models = codes("models").set_index("code")
    notes = "; ".join(f"{c}: {models.loc[c, 'label_fr' if context.words.code == 'fr' else 'label_en']}" for c in table.columns if c in models.index)
    return figures.heat("F01", "Measures by stage and model", table, "number of measures", SOURCE, (notes,), context.synthetic)


def _timeline(context: Context, profile: Profile) -> Item:
    line = profile.timeline
    frame = pd.DataFrame({"series": "active measures", "x": line["year"], "value": line["active"], "low": line["active"], "high": line["active"]})
    return figures.paths("F02", "Active measures by year", frame, "year", "measures", 1.0, False, SOURCE, (), context.synthetic)


def _who_pays(context: Context, inventory: Inventory) -> Table:
    frame = inventory.frame[inventory.counted.to_numpy()]
    after = frame[frame["stage_code"].astype(str) == "AFT"]
    cells = []
    for name, rows in (("All measures", frame), ("Return and reintegration measures", after)):
        total, hidden = _budget(rows)
        for side, label in (("ORIGIN", "origin"), ("DESTINATION", "destination"), ("MULTILATERAL", "multilateral")):
            part = rows[rows["funder_side"].astype(str) == side]
            cells.append(_number(name, f"{label}, % of budget", float(part["budget_eur"].sum() / total) if total else np.nan, "share", hidden))
        cells.append(_number(name, "measures without a budget", float(rows["budget_eur"].isna().sum()) / 100))
    return Table("T02", "Who pays", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, (), 100.0, 0, context.synthetic)


_SHOWN = ("I3", "I4", "I5", "I6", "I7", "I10", "I11", "I12", "I13")


def _indicators(context: Context, profile: Profile) -> Table:
    table = profile.indicators[profile.indicators["id"].isin(_SHOWN)]
    cells, units = [], {}
    for r in table.itertuples(index=False):
        name = f"{r.id} {r.indicator}" + ("" if str(r.group) in ("all", "") else f" ({r.group})")
        units[name] = (100.0, 1) if str(r.unit) == "share" else (1.0, 1)
        label = f"{name}, %" if str(r.unit) == "share" else f"{name}, {r.unit}" if str(r.unit) else name
        units[label] = units.pop(name)
        cells.append(_number(label, "value", float(r.value), str(r.unit), n=float(r.n)) | {"definition": str(r.definition)})
    return Table("T04", "Costs, results, success factors and evaluation of measures", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, ("n: measures behind the number; the others lack an item.",), 1.0, 1, context.synthetic, units)


def _register(context: Context, inventory: Inventory) -> Table:
    year = context.evaluation.params.integer("year") or date.today().year
    register = inventory.evaluation_due(date(year, 12, 31))
    cells = []
    for r in register.summary.itertuples(index=False):
        cells += [_number(str(r.status), "measures", float(r.measures)), _number(str(r.status), "budget, million euro", float(r.budget_eur) / 1e6, "EUR")]
    note = context.text("On {day}: a measure is overdue when 24 months have passed since its start without an evaluation.", day=str(register.on))
    return Table("T05", "Evaluation register", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, (note,), 1.0, 0, context.synthetic, {"budget, million euro": (1.0, 2)})
