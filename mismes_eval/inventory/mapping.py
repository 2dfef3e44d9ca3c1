"""Any register of projects through a mapping file (YAML): which of its columns, dates and codes
make which field of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame import codes, identifiers, nearest, read, template
from mismes_eval.frame.codes import plain
from mismes_eval.frame.outside import yaml_of
from mismes_eval.inventory.balance import IN_ROWS, Balance, amount_of, balance, money_in
from mismes_eval.inventory.country_names import Countries, countries_of
from mismes_eval.inventory.intake import Intake, issue_frame, numbered
from mismes_eval.inventory.tree import AMOUNTS

KEYS = {
    "register",
    "source",
    "record",
    "read",
    "join",
    "countries",
    "split",
    "several",
    "aliases",
    "ignore",
    "fields",
}
RULES = {
    "column",
    "constant",
    "format",
    "codes",
    "any",
    "flags",
    "date",
    "written",
    "year",
    "country",
    "else",
}
SEVERAL = ("refuse", "first", "each", "equal")
READ_KEYS = {"encoding", "separator", "decimal", "text_columns"}
Issue = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Mapped:
    """A mapping file: register, source, record (identifier column), read options, join, country
    columns, what stands between several countries of a cell (split), what becomes of a record in
    several countries, aliases of names, fields.
    """

    register: str
    source: str
    record: str
    read: Mapping[str, object]
    join: Mapping[str, str]
    countries: tuple[str, ...]
    split: str | None
    several: str
    aliases: Mapping[str, str]
    fields: Mapping[str, Mapping[str, object]]


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mapping files of this package."""
    return tuple(
        sorted(
            p.name.removesuffix(".yaml")
            for p in (files("mismes_eval.inventory") / "mappings").iterdir()
            if p.name.endswith(".yaml")
        )
    )


def load_mapping(name: str | Path) -> Mapped:
    """A shipped mapping by name, or a mapping file by path.

    Raises
    ------
    InputError : unknown keys, fields or rules, with the nearest known one.
    """
    shipped = files("mismes_eval.inventory") / "mappings" / f"{name}.yaml"
    where = Path(name)
    content: Any
    if str(name) in shipped_mappings():
        content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    elif where.is_file():
        content = yaml_of(where)
    else:
        raise InputError(
            Problem(
                "no such mapping file",
                str(name),
                "a path, or one of " + ", ".join(shipped_mappings()),
            )
        )
    _refuse_unknown(content, str(name))
    return Mapped(
        str(content["register"]),
        str(content["source"]),
        str(content["record"]),
        content.get("read") or {},
        content.get("join") or {},
        tuple(content["countries"]),
        content.get("split"),
        str(content.get("several", "refuse")),
        {plain(k): v for k, v in (content.get("aliases") or {}).items()},
        content["fields"],
    )


def _refuse_unknown(content: object, name: str) -> None:
    if not isinstance(content, dict):
        raise InputError(
            Problem("the mapping file is empty", name, "keys " + ", ".join(sorted(KEYS)))
        )
    known = set(template("inventory").names)
    problems = [
        Problem("unknown key", f"{name}: {k}", fix=f"Nearest: {nearest(str(k), KEYS)}.")
        for k in content
        if k not in KEYS
    ]
    problems += [
        Problem("missing key", f"{name}: {k}")
        for k in ("register", "source", "record", "countries", "fields")
        if k not in content
    ]
    problems += [
        Problem("unknown key", f"{name}: read.{k}", "one of " + ", ".join(sorted(READ_KEYS)))
        for k in content.get("read") or {}
        if k not in READ_KEYS
    ]
    if content.get("several", "refuse") not in SEVERAL:
        problems.append(
            Problem(
                "no such rule",
                f"{name}: several",
                "refuse, first, each or equal",
                str(content["several"]),
            )
        )
    split = content.get("split")
    if split is not None and not (isinstance(split, str) and split):
        problems.append(
            Problem("not a separator", f"{name}: split", "text between two countries", repr(split))
        )
    for field, rule in (content.get("fields") or {}).items():
        if field not in known:
            problems.append(
                Problem(
                    "no such field in the template",
                    f"{name}: fields.{field}",
                    fix=f"Nearest: {nearest(field, known)}.",
                )
            )
        wrong = [k for k in rule if k not in RULES] if isinstance(rule, dict) else ["not a rule"]
        problems += [
            Problem(
                "no such rule", f"{name}: fields.{field}: {k}", "one of " + ", ".join(sorted(RULES))
            )
            for k in wrong
        ]
    if problems:
        raise InputError(problems)


def read_mapped(
    path: str | Path,
    mapping: str | Path | Mapped,
    *,
    countries: tuple[str, ...],
    join: str | Path | None = None,
) -> Intake:
    """The records of a register that concern `countries` (ISO3), in the columns of the inventory
    template.

    Parameters
    ----------
    mapping : a shipped name (see `shipped_mappings`), a path, or a loaded mapping.
    join : the second file, where the mapping joins one.

    What the mapping takes over is looked through for personal identifiers; columns that it leaves
    are not kept.
    A cell that cannot be read (year 9999, an unknown country name) leaves its field empty and
    stands in `issues`.
    """
    chosen = mapping if isinstance(mapping, Mapped) else load_mapping(mapping)
    unknown = [c for c in countries if c not in set(codes("countries")["code"])]
    if unknown or not countries:
        raise InputError(
            Problem(
                "not a country",
                "countries",
                "ISO 3166-1 alpha-3 codes",
                ", ".join(unknown) or "none",
            )
        )
    data = read(path, **_options(chosen), allowed=None)  # type: ignore[arg-type]
    sources = [(data.name, data.sha256, data.rows)]
    table = data.frame
    if chosen.join:
        if join is None:
            raise InputError(
                Problem(
                    "the mapping joins a second file",
                    chosen.register,
                    "join=path",
                    "None",
                    str(chosen.join.get("note", "")),
                )
            )
        second = read(join, **_options(chosen), allowed=None)  # type: ignore[arg-type]
        sources.append((second.name, second.sha256, second.rows))
        table = _joined(table, second.frame, chosen)
    table = table.assign(record=table[chosen.record].astype("str"))
    issues: list[Issue] = []
    money = _amounts(table, chosen, issues)
    placed, counted = _placed(table, chosen, countries, money, issues)
    frame = pd.DataFrame(
        {
            field: _field(field, rule, placed, chosen, issues)
            for field, rule in chosen.fields.items()
        },
        index=placed.index,
    )
    frame = _divided(frame, placed)
    frame = frame.assign(record=placed["record"], country=placed["country"])
    order = [c for c in template("inventory").names if c in frame] + ["record"]
    order += ["allocation"] if "allocation" in frame else []
    frame = numbered(frame.reset_index(drop=True)[order])
    if "parent_id" in frame:
        frame = _translated_parents(frame, set(table["record"]), issues)
    frame = identifiers(frame, allowed=("record", "measure_id", "parent_id"))
    return Intake(
        frame=frame,
        refused=counted.of_fate("refused"),
        outside=counted.of_fate("outside"),
        issues=issue_frame(issues),
        read=len(table),
        sources=pd.DataFrame(sources, columns=["name", "sha256", "rows"]),
        register=chosen.register,
        balance=counted.held_by(frame),
    )


def _options(mapping: Mapped) -> dict[str, object]:
    return dict(mapping.read)


def _joined(first: pd.DataFrame, second: pd.DataFrame, mapping: Mapped) -> pd.DataFrame:
    on = mapping.join["column"]
    problems = [Problem("no such column to join on", on) for f in (first, second) if on not in f]
    if not problems and second[on].duplicated().any():
        problems.append(
            Problem(
                "a record stands twice in the joined file",
                on,
                count=int(second[on].duplicated().sum()),
            )
        )
    if problems:
        raise InputError(problems)
    extra = [c for c in second if c == on or c not in first]
    return first.merge(second[extra], on=on, how="left")


def _amounts(table: pd.DataFrame, mapping: Mapped, issues: list[Issue]) -> pd.DataFrame:
    """cell, amount (NaN where there is none) and currency of every record of the register."""
    silent: list[Issue] = []
    nothing: Mapping[str, object] = {}
    cells, currencies = (
        _field(name, mapping.fields.get(name, nothing), table, mapping, silent)
        for name in ("budget_total", "currency")
    )
    amounts = [amount_of(cell) for cell in cells]
    for record, cell, amount in zip(table["record"], cells, amounts, strict=True):
        if isinstance(cell, str) and cell and amount is None:
            issues.append((record, "budget_total", cell, "not a plain number", "not in the sums"))
    named = [c.strip().upper() if isinstance(c, str) else "" for c in currencies]
    return pd.DataFrame({"amount": pd.array(amounts, dtype="Float64"), "currency": named})


def _placed(
    table: pd.DataFrame,
    mapping: Mapped,
    countries: tuple[str, ...],
    money: pd.DataFrame,
    issues: list[Issue],
) -> tuple[pd.DataFrame, Balance]:
    """Records with the country they are filed under and the share of their amounts; several of
    `countries` in one record go by the mapping's rule. "Outside" holds records only whose countries
    were all read.
    """
    lost = [c for c in mapping.countries if c not in table]
    if lost:
        raise InputError(
            [
                Problem("no such column", c, fix=f"Nearest: {nearest(c, map(str, table.columns))}.")
                for c in lost
            ]
        )
    rows: list[tuple[int, str, float]] = []
    fates: list[tuple[str, str, str]] = []
    parts: list[tuple[str, str, str, str, float]] = []
    cells = table[list(mapping.countries)].to_dict("records")
    for place, (record, row) in enumerate(zip(table["record"], cells, strict=True)):
        named = _named(list(row.values()), mapping)
        fate, reason = _fate(named, countries, mapping.several)
        amount, currency = money["amount"].iloc[place], str(money["currency"].iloc[place])
        budget = None if pd.isna(amount) else float(amount)
        fates.append((record, fate, reason))
        filed = _filed(named, countries, mapping.several, budget) if fate == "accepted" else {}
        _say_countries(record, named, fate, reason, filed, budget, currency, issues)
        rows += [(place, code, share) for code, share in filed.items()]
        if budget is not None:
            held = sum(filed.values())
            parts.append((record, fate, IN_ROWS if filed else reason, currency, budget * held))
            if held < 1 and filed:
                rest = _rest(named, countries, mapping.several)
                parts.append((record, fate, rest, currency, budget * (1 - held)))
            elif not filed:
                parts[-1] = (record, fate, reason, currency, budget)
    chosen = (
        table.iloc[[place for place, _, _ in rows]]
        .assign(country=[c for _, c, _ in rows], share=[s for _, _, s in rows])
        .reset_index(drop=True)
    )
    read = money_in(money["amount"].astype(object), money["currency"])
    return chosen, balance(fates, parts, len(table), read)


def _named(cells: list[object], mapping: Mapped) -> Countries:
    """The countries of all country columns of a record."""
    found = [countries_of(cell, mapping.split, mapping.aliases) for cell in cells]
    return Countries(
        tuple(dict.fromkeys(c for f in found for c in f.codes)),
        tuple(dict.fromkeys(p for f in found for p in f.unread)),
    )


def _fate(named: Countries, countries: tuple[str, ...], several: str) -> tuple[str, str]:
    here = [c for c in named.codes if c in countries]
    if not here and named.unread:
        return "refused", "a country that cannot be read"
    if not here and not named.codes:
        return "refused", "no country is stated"
    if not here:
        return "outside", "none of the chosen countries"
    if len(here) > 1 and several == "refuse":
        return "refused", f"several countries ({', '.join(here)}) and no rule in the mapping file"
    return "accepted", ""


def _filed(
    named: Countries, countries: tuple[str, ...], several: str, budget: float | None
) -> dict[str, float]:
    """Country -> share of the record's amounts. Several countries have no shares under "each":
    their amounts are left empty, since the record says them once.
    """
    here = [c for c in named.codes if c in countries]
    whole = len(named.codes) + len(named.unread)
    if several == "equal":
        return {c: 1 / whole for c in here}
    if several == "each" and len(here) > 1:
        return {c: 0.0 for c in here}
    return {here[0]: 1.0}


def _rest(named: Countries, countries: tuple[str, ...], several: str) -> str:
    if several == "each":
        return "not divided among several countries"
    return "in other countries"


def _say_countries(
    record: str,
    named: Countries,
    fate: str,
    reason: str,
    filed: Mapping[str, float],
    budget: float | None,
    currency: str,
    issues: list[Issue],
) -> None:
    """Issues of a record's countries, with its budget."""
    amount = "no budget" if budget is None else f"budget {budget:,.2f} {currency}".strip()
    for piece in named.unread:
        issues.append((record, "country", piece, f"no country that is known; {amount}", fate))
    if fate == "refused" and not named.unread:
        issues.append((record, "country", "; ".join(named.codes), f"{reason}; {amount}", fate))
    if len(filed) > 1 or (filed and len(named.codes) > 1 and budget is not None):
        shares = ", ".join(f"{c} {s:.1%} of the amounts" for c, s in filed.items())
        issues.append(
            (
                record,
                "country",
                "; ".join(named.codes),
                f"several countries; {amount}",
                f"filed under {shares}",
            )
        )


def _divided(frame: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Amounts times the share of the row; empty where a record in several countries has none."""
    part = placed["share"] < 1
    if not part.any():
        return frame
    shares = placed["share"]
    for name in (a for a in AMOUNTS if a in frame):
        cells = [
            _share_of(cell, share) if divided else cell
            for cell, share, divided in zip(frame[name], shares, part, strict=True)
        ]
        frame[name] = pd.Series(cells, index=frame.index, dtype=object).astype("str")
    said = [
        f"{share:.4%} of {record}" if divided else None
        for record, share, divided in zip(placed["record"], shares, part, strict=True)
    ]
    return frame.assign(allocation=pd.Series(said, index=frame.index, dtype=object))


def _share_of(cell: object, share: float) -> str | None:
    amount = amount_of(cell)
    return None if amount is None or share == 0 else repr(amount * share)


def _translated_parents(
    frame: pd.DataFrame, records: set[str], issues: list[Issue]
) -> pd.DataFrame:
    """parent_id from the register's own identifiers to those of the rows made."""
    places = {
        (r, c): m
        for r, c, m in zip(frame["record"], frame["country"], frame["measure_id"], strict=True)
    }
    made = frame.groupby("record")["measure_id"].agg(list).to_dict()
    parents: list[str | None] = []
    for row in frame.to_dict("records"):
        written = row["parent_id"]
        if not isinstance(written, str) or not written.strip():
            parents.append(None)
            continue
        name = written.strip()
        whole = name.removesuffix(".0")
        parent = whole if name not in records and whole in records else name
        rows = made.get(parent, [])
        found = places.get((parent, row["country"])) or (rows[0] if len(rows) == 1 else None)
        if found is None:
            what = "no record of the register has this identifier"
            if parent in records:
                what = "the parent is not among the records of this country"
            issues.append((str(row["record"]), "parent_id", written, what, "left empty"))
        parents.append(found)
    return frame.assign(parent_id=pd.array(parents, dtype="str"))


def _field(
    field: str, rule: Mapping[str, object], rows: pd.DataFrame, mapping: Mapped, issues: list[Issue]
) -> pd.Series:
    values = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    needed = [str(rule[k]) for k in ("column", "date", "year") if k in rule]
    lost = [c for c in needed if c not in rows]
    if lost:
        raise InputError(
            [
                Problem(
                    "no such column",
                    f"{mapping.register}: fields.{field}: {c}",
                    fix=f"Nearest: {nearest(c, map(str, rows.columns))}.",
                )
                for c in lost
            ]
        )
    if "constant" in rule:
        values[:] = str(rule["constant"])
    elif "format" in rule:
        values = (
            rows.apply(
                lambda r: str(rule["format"]).format(
                    **{k: "" if pd.isna(v) else v for k, v in r.items()}
                ),
                axis=1,
            )
            if len(rows)
            else values
        )
    elif "flags" in rule:
        values = _flags(rows, dict(rule["flags"]))  # type: ignore[call-overload]
    elif "any" in rule:
        values = _any(rows, [str(c) for c in rule["any"]])  # type: ignore[attr-defined]
    elif "country" in rule:
        values = _others(field, rows, [str(c) for c in rule["country"]], mapping, issues)  # type: ignore[attr-defined]
    elif "date" in rule:
        values = _dates(
            field, rows, str(rule["date"]), str(rule.get("written", "%Y-%m-%d")), issues
        )
    elif "column" in rule:
        values = _column(field, rows, rule, issues)
    if "year" in rule:
        values = values.where(
            values.notna(), _years(field, rows, str(rule["year"]), issues, values.notna())
        )
    if "else" in rule:
        fallback = _field(field, dict(rule["else"]), rows, mapping, issues)  # type: ignore[call-overload]
        values = values.where(values.notna(), fallback)
    return values.astype("str")


def _column(
    field: str, rows: pd.DataFrame, rule: Mapping[str, object], issues: list[Issue]
) -> pd.Series:
    cells = rows[str(rule["column"])]
    if "codes" not in rule:
        return cells.map(_written)
    table = {plain(str(k)): str(v) for k, v in dict(rule["codes"]).items()}  # type: ignore[call-overload]
    values = cells.map(lambda v: None if pd.isna(v) else table.get(plain(str(v))))
    for record, cell in zip(
        rows["record"][cells.notna() & values.isna()],
        cells[cells.notna() & values.isna()],
        strict=True,
    ):
        issues.append(
            (record, field, str(cell), "no code for this value in the mapping file", "left empty")
        )
    return values


def _written(cell: object) -> str | None:
    """A cell as text; a whole number that a blank elsewhere made a float is whole again."""
    if pd.isna(cell):  # type: ignore[call-overload]
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip().strip('"')


def _flags(rows: pd.DataFrame, flags: Mapping[str, str]) -> pd.Series:
    """Codes whose column is 1, joined by ;"""
    chosen = [
        [code for code, column in flags.items() if row.get(column) in (1, 1.0, "1", True)]
        for row in rows.to_dict("records")
    ]
    return pd.Series([";".join(c) or None for c in chosen], index=rows.index, dtype=object)


def _any(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """TRUE when one of the columns is 1, FALSE when all are 0, empty when all are missing."""
    table = rows[columns].apply(pd.to_numeric, errors="coerce")
    return pd.Series(
        [
            None if m else ("TRUE" if v else "FALSE")
            for m, v in zip(table.isna().all(axis=1), table.eq(1).any(axis=1), strict=True)
        ],
        index=rows.index,
        dtype=object,
    )


def _others(
    field: str, rows: pd.DataFrame, columns: list[str], mapping: Mapped, issues: list[Issue]
) -> pd.Series:
    """ISO3 codes of the columns but the record's own country, joined by ;"""
    values = []
    for row in rows.to_dict("records"):
        found = _named([row[c] for c in columns], mapping)
        issues.extend(
            (row["record"], field, n, "not a country of today; give it in `aliases`", "left empty")
            for n in found.unread
        )
        values.append(";".join(c for c in found.codes if c != row["country"]) or None)
    return pd.Series(values, index=rows.index, dtype=object)


def _dates(
    field: str, rows: pd.DataFrame, column: str, form: str, issues: list[Issue]
) -> pd.Series:
    cells = rows[column]
    text = cells.map(lambda v: None if pd.isna(v) else " ".join(str(v).split()))
    parsed = pd.to_datetime(text, format=form, errors="coerce")
    for record, cell in zip(
        rows["record"][text.notna() & parsed.isna()],
        text[text.notna() & parsed.isna()],
        strict=True,
    ):
        issues.append((record, field, str(cell), f"not a date of the form {form}", "left empty"))
    return parsed.dt.strftime("%Y-%m-%d").astype(object).where(parsed.notna(), None)


def _years(
    field: str, rows: pd.DataFrame, column: str, issues: list[Issue], known: pd.Series
) -> pd.Series:
    """First of January of the year; a year outside 1900-2100 (9999) is refused."""
    years = pd.to_numeric(rows[column], errors="coerce")
    good = years.between(1900, 2100) & (years % 1 == 0)
    for record, cell in zip(
        rows["record"][~good & rows[column].notna()],
        rows[column][~good & rows[column].notna()],
        strict=True,
    ):
        issues.append((record, field, str(cell), "not a year", "left empty"))
    for record, year in zip(rows["record"][good & ~known], years[good & ~known], strict=True):
        issues.append(
            (record, field, f"{year:.0f}", "only the year is known", f"read as {year:.0f}-01-01")
        )
    return years.where(good).map(lambda y: None if pd.isna(y) else f"{y:.0f}-01-01").astype(object)
