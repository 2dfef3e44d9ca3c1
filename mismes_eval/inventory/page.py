"""The repository as one HTML page: data as JSON, a small script of its own, nothing fetched; every
text is shown as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame import Column, labels, template
from mismes_eval.inventory.balance import Balance
from mismes_eval.inventory.own_amounts import confidential, publishable
from mismes_eval.inventory.page_words import PageWords
from mismes_eval.inventory.register import EvaluationRegister, evaluation_due
from mismes_eval.inventory.tree import Tree

WORDS = PageWords("inventory/page_strings.csv")
SEARCHED = (
    "measure_id",
    "title_en",
    "title_orig",
    "implementer_name",
    "national_partner",
    "funder_main",
    "country",
    "model_primary",
    "destinations",
    "target_region",
    "iati_id",
    "status",
)


def write_page(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    on: date | None,
    title: str | None,
    language: str,
    balance: Balance | None = None,
) -> Path:
    """One HTML file of a validated inventory frame: search, filters, sort, records.

    Parameters
    ----------
    on : day of the evaluation status; None takes the latest date_retrieved of the records.
    title : of the page; None takes the repository's name in the language.
    language : one of the languages of WORDS: words of the page and labels of the codes.

    Raises
    ------
    InputError : another language, or no day to count to.
    """
    if language not in WORDS.languages:
        either = " or ".join(map(repr, WORDS.languages))
        raise InputError(Problem("no such language", "language", either, repr(language)))
    day = counting_day(frame, on)
    path = Path(path)
    name = title or WORDS.said(language)["repository"]
    whole = page(frame, evaluation_due(frame, day), name, language, balance=balance)
    path.write_text(whole, encoding="utf-8")
    return path


def counting_day(frame: pd.DataFrame, on: date | None) -> date:
    """The day given, or the latest date_retrieved of the records.

    Raises
    ------
    InputError : no day is given and no record has one.
    """
    latest = frame["date_retrieved"].max()
    if on is None and pd.isna(latest):
        raise InputError(
            Problem("no day to count to", "on", "a day, since no record has date_retrieved", "None")
        )
    counted: date = on or latest.date()
    return counted


def page(
    frame: pd.DataFrame,
    register: EvaluationRegister,
    title: str,
    language: str,
    *,
    menu: str = "",
    measures: str = "",
    balance: Balance | None = None,
) -> str:
    """The page as text. register: what is evaluated and what is due.
    menu: links to other pages (HTML).
    measures: folder with a page for each measure, empty where there is none.
    balance: where the records that were read went. Amounts that are one payer's own are not on the
        page, and no sum that would give one away.
    """
    strings = WORDS.said(language)
    hidden = int(confidential(frame).sum())
    if hidden:
        own = strings["own amounts"].format(n=hidden)
        strings |= {"census": f"{strings['census']} {own}", "shown": strings["shown own"]}
        strings |= {"empty": strings["empty own"]}
        frame = publishable(frame)
    script, style = _part("page.js"), _part("page.css")
    data = json.dumps(
        {**_data(frame, register, strings, language), "pages": measures},
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    parts = {
        "language": language,
        "title": html.escape(title),
        "menu": menu,
        "balance": "" if balance is None else _balance(balance, strings, with_money=not hidden),
        "noscript": html.escape(strings["noscript"]),
        "style": style,
        "script": script,
        "policy": (
            f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}';"
            " base-uri 'none'; form-action 'none'"
        ),
        "data": (
            data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        ),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found.group(1)], _part("page.html"))


def _balance(balance: Balance, strings: Mapping[str, str], with_money: bool) -> str:
    """The balance as a table that can be opened, a line a reason."""
    names = ["line", "reason", "records"]
    table = balance.to_frame() if with_money else balance.to_frame()[names]
    head = [strings[f"balance {name}"] for name in names]
    head += [str(column) for column in table.columns if column not in names]
    lines = ["".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)]
    for row in table.to_dict("records"):
        said = str(row["reason"])
        first = [strings[f"balance {row['line']}"], strings.get(f"balance {said}", said)]
        numbers = [
            f"{float(row[column]):,.0f}" for column in table.columns if column not in names[:2]
        ]
        lines.append("".join(f"<td>{html.escape(cell)}</td>" for cell in [*first, *numbers]))
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    title = html.escape(strings["balance title"])
    return f'<details id="balance"><summary>{title}</summary><table>{rows}</table></details>'


def _part(name: str) -> str:
    return (files("mismes_eval.inventory") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode(
        "ascii"
    )


def _data(
    frame: pd.DataFrame, due: EvaluationRegister, strings: Mapping[str, str], language: str
) -> dict[str, object]:
    declared = template("inventory").columns
    register = due.table.set_index("measure_id")
    columns = [
        column
        for column in declared
        if frame[column.name].notna().any()
        or column.name
        in (
            "measure_id",
            "title_en",
            "country",
            "stage_code",
            "model_primary",
            "start_date",
            "budget_eur",
            "benef_reached",
            "source_type",
        )
    ]
    cells = {column.name: _cells(frame[column.name], column) for column in columns} | {
        "status": frame["measure_id"].map(register["status"]).tolist(),
        "budget_once": _once(Tree.of(frame)),
    }
    listed = {column.name: labels(column.codes, language) for column in columns if column.codes}
    present = {name: _present(cells[name]) for name in listed}
    used = {
        name: {code: label for code, label in table.items() if code in present[name]}
        for name, table in listed.items()
    }
    sections: dict[str, list[tuple[str, str, str]]] = {}
    for column in columns:
        sections.setdefault(column.section, []).append(
            (
                column.name,
                _short(column.description),
                "year" if column.unit == "year" else column.kind,
            )
        )
    return {
        "columns": list(cells),
        "rows": list(map(list, zip(*cells.values(), strict=True))),
        "labels": (
            used
            | {
                "status": {
                    name: strings[name]
                    for name in ("overdue", "due next", "later", "evaluated", "no start date")
                }
            }
        ),
        "sections": list(sections.items()),
        "searched": [column for column in SEARCHED if column in cells],
        "strings": strings,
        "language": language,
        "on": due.on.isoformat(),
    }


def _once(tree: Tree) -> list[float | None]:
    """What is added up of each measure's budget, of those that are shown."""
    amounts = tree.frame["budget_eur"].where(tree.once(tree.has("budget_eur")))
    return [None if pd.isna(amount) else float(amount) for amount in amounts]


def _short(description: str) -> str:
    """The description up to its first aside."""
    return re.split(r" \(|[;:,] ", description)[0]


def _present(cells: list[object]) -> set[str]:
    distinct = set(cells) - {None}
    return {code for cell in distinct for code in str(cell).split(";")}


def _cells(values: pd.Series, column: Column) -> list[object]:
    if column.kind == "date":
        values = values.dt.strftime("%Y-%m-%d")
    cells = values.astype(object).where(values.notna(), None).tolist()
    if column.kind == "bool":
        return [None if cell is None else bool(cell) for cell in cells]
    if column.kind in ("int", "code", "float"):
        numbers = [
            None if cell is None else (int(cell) if float(cell).is_integer() else float(cell))
            for cell in cells
        ]
        if column.kind != "code":
            return list(numbers)
        return [None if number is None else str(number) for number in numbers]
    return cells
