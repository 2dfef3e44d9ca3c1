"""The inventory of measures: how many, for whom, who pays, what they cost, what was evaluated."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from mismes_eval.inventory import Inventory
from mismes_eval.inventory.portfolio import Profile
from mismes_eval.report import figures
from mismes_eval.report.chapters.base import Chapter, Context, Item
from mismes_eval.report.disclosure import Relation, dominance, protect
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
        _by_stage(context, inventory), _heat(context, profile), _timeline(context, profile), _who_pays(context, inventory), _unit_costs(context, profile), _indicators(context, profile), _register(context, inventory),
    ]  # fmt: skip
    return Chapter("inventory", "National inventory of measures", tuple(items))


def _number(row: str, column: str, value: float, unit: str = "", status: str = "shown", n: float = np.nan) -> dict[str, object]:
    return dict.fromkeys(COLUMNS, np.nan) | {
        "row": row,
        "column": column,
        "value": value,
        "n": n,
        "flag": "",
        "kind": "count",
        "unit": unit,
        "definition": "",
        "status": status,
    }


def _stages(context: Context) -> dict[str, str]:
    return context.codes("stages")


def _budget(rows: pd.DataFrame) -> tuple[float, str]:
    """Sum of budgets, hidden where one funder could work out another's (p% rule)."""
    known = rows["budget_eur"].dropna()
    by_funder = known.groupby(rows.loc[known.index, "funder_main"].astype(str)).sum().to_numpy()
    return float(known.sum()), "confidential" if known.size and dominance(by_funder) else "shown"


def _hidden_budgets(groups: dict[str, pd.DataFrame], total: str) -> set[str]:
    """Groups whose budget is hidden: by the p% rule, and those that would give a hidden one away by subtraction from the total."""
    amounts = {name: _budget(rows) for name, rows in groups.items()}
    primary = [name for name, (_, status) in amounts.items() if status != "shown" and name != total]
    if not primary:
        return set()
    parts = tuple(name for name in groups if name != total and amounts[name][0] > 0)
    values = {name: amounts[name][0] for name in (*parts, total)}
    width = 0.1 * max(values[name] for name in primary)
    return {*primary, *protect(values, primary, [Relation(total, parts)], width).secondary}


def _by_stage(context: Context, inventory: Inventory) -> Table:
    frame = inventory.frame[inventory.counted.to_numpy()]
    groups = {label: frame[frame["stage_code"].astype(str) == code] for code, label in _stages(context).items()} | {"All stages": frame}
    hidden = _hidden_budgets(groups, "All stages")
    cells = []
    for label, rows in groups.items():
        money, _ = _budget(rows)
        cells += [
            _number(label, "measures", len(rows)), _number(label, "budget, million euro", money / 1e6, "EUR", "confidential" if label in hidden else "shown"),
            _number(label, "beneficiaries reached", float(rows["benef_reached"].sum())), _number(label, "measures without a count of beneficiaries", float(rows["benef_reached"].isna().sum())),
        ]  # fmt: skip
    note = "Budgets are hidden where one funder could work out another's (p% rule, p = 10), or where a hidden one could be computed from the others."
    return Table(
        "T01",
        "Measures, budget and beneficiaries by stage of migration",
        pd.DataFrame(cells, columns=list(COLUMNS)),
        SOURCE,
        (note,),
        1.0,
        0,
        context.synthetic,
        {"budget, million euro": (1.0, 2)},
    )


def _heat(context: Context, profile: Profile) -> Item:
    table = profile.matrix_n.copy()
    table.index = pd.Index([_stages(context).get(str(i), str(i)) for i in table.index])
    models = context.codes("models")
    notes = "; ".join(context.text("{code}: {label}", code=c, label=models[c]) for c in table.columns if c in models)
    return figures.heat("F01", "Measures by stage and model", table, "number of measures", SOURCE, (context.name(notes),), context.synthetic, context.words)


def _timeline(context: Context, profile: Profile) -> Item:
    line = profile.timeline
    frame = pd.DataFrame({"series": "active measures", "x": line["year"], "value": line["active"], "low": line["active"], "high": line["active"]})
    return figures.paths("F02", "Active measures by year", frame, "year", "measures", 1.0, False, SOURCE, (), context.synthetic, context.words)


_SIDES = {"ORIGIN": "origin, % of budget", "DESTINATION": "destination, % of budget", "MULTILATERAL": "multilateral, % of budget"}


def _who_pays(context: Context, inventory: Inventory) -> Table:
    frame = inventory.frame[inventory.counted.to_numpy()]
    after = frame[frame["stage_code"].astype(str) == "AFT"]
    cells = []
    for name, rows in (("All measures", frame), ("Return and reintegration measures", after)):
        total, hidden = _budget(rows)
        for side, label in _SIDES.items():
            part = rows[rows["funder_side"].astype(str) == side]
            cells.append(_number(name, label, float(part["budget_eur"].sum() / total) if total else np.nan, "share", hidden))
        cells.append(_number(name, "measures without a budget", float(rows["budget_eur"].isna().sum()) / 100))
    return Table("T02", "Who pays", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, (), 100.0, 0, context.synthetic)


_UNIT_COSTS = {"cost per beneficiary, median": "per beneficiary", "cost per completer, median": "per completer", "cost per placement, median": "per placement"}
_OVERALL = ("I4", "I5", "I6", "I7", "I10", "I11", "I12", "I13")


def _unit_costs(context: Context, profile: Profile) -> Table:
    """Median unit costs by model; n counts the measures with both a budget and a count."""
    table = profile.indicators[profile.indicators["indicator"].isin(list(_UNIT_COSTS))]
    models = context.codes("models")
    cells = []
    for r in table.itertuples(index=False):
        code = str(r.group).replace("model ", "")
        row = "All models" if str(r.group) == "all" else context.name(f"{code} {models.get(code, '')}")
        few = 0 < r.n < 3
        cells.append(_number(row, _UNIT_COSTS[str(r.indicator)], float(r.value), "EUR", "confidential" if few else "shown", float(r.n)))
    note = "n: measures with both numbers. Medians over fewer than 3 measures are not shown: they are one measure's own cost."
    return Table(
        "T04", "Unit costs by model, euro (median over measures)", pd.DataFrame(cells, columns=list(COLUMNS)), SOURCE, (note,), 1.0, 0, context.synthetic
    )


def _indicators(context: Context, profile: Profile) -> Table:
    table = profile.indicators[
        profile.indicators["id"].isin(_OVERALL) & profile.indicators["group"].astype(str).isin(["all", "all measures", "return measures (stage AFT)"])
    ]
    cells, units = [], {}
    for r in table.itertuples(index=False):
        name = context.text(f"{r.indicator}".replace("_", " "))
        if str(r.group) not in ("all", "all measures"):
            name = context.text("{indicator}, return measures", indicator=name)
        share = str(r.unit) == "share"
        label = (
            context.text("{indicator}, %", indicator=name)
            if share
            else context.text("{indicator}, {unit}", indicator=name, unit=context.text(str(r.unit)))
            if str(r.unit)
            else name
        )
        units[label] = (100.0, 1) if share else (1.0, 2 if "index" in str(r.unit) else 1)
        cells.append(_number(label, "value", float(r.value), str(r.unit), n=float(r.n)) | {"definition": str(r.definition)})
    return Table(
        "T05",
        "Who is paid, results, success factors and evaluation of measures",
        pd.DataFrame(cells, columns=list(COLUMNS)),
        SOURCE,
        ("n: measures behind the number; the others lack an item.",),
        1.0,
        1,
        context.synthetic,
        units,
    )


def _register(context: Context, inventory: Inventory) -> Table:
    year = context.evaluation.params.integer("year") or date.today().year
    register = inventory.evaluation_due(date(year, 12, 31))
    cells = []
    for r in register.summary.itertuples(index=False):
        cells += [_number(str(r.status), "measures", float(r.measures)), _number(str(r.status), "budget, million euro", float(r.budget_eur) / 1e6, "EUR")]
    note = context.text("On {day}: a measure is overdue when 24 months have passed since its start without an evaluation.", day=context.words.date(register.on))
    return Table(
        "T05b",
        "Evaluation register",
        pd.DataFrame(cells, columns=list(COLUMNS)),
        SOURCE,
        (note,),
        1.0,
        0,
        context.synthetic,
        {"budget, million euro": (1.0, 2)},
    )
