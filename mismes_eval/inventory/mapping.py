"""Any register of projects through a mapping file (YAML): which of its columns, dates and codes
make which field of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd
import yaml

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame import codes, identifiers, labels, nearest, nearest_code, read, template
from mismes_eval.frame.codes import plain
from mismes_eval.inventory.intake import Intake, issue_frame, numbered

KEYS = {
    "register",
    "source",
    "record",
    "read",
    "join",
    "countries",
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
READ_KEYS = {"encoding", "separator", "decimal", "text_columns"}
Issue = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Mapped:
    """A mapping file: register, source, record (identifier column), read options, join, country
    columns, aliases of names, fields.
    """

    register: str
    source: str
    record: str
    read: Mapping[str, object]
    join: Mapping[str, str]
    countries: tuple[str, ...]
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
    if str(name) in shipped_mappings():
        text = shipped.read_text(encoding="utf-8")
    elif where.is_file():
        text = where.read_text(encoding="utf-8")
    else:
        raise InputError(
            Problem(
                "no such mapping file",
                str(name),
                "a path, or one of " + ", ".join(shipped_mappings()),
            )
        )
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(
            Problem("the mapping file is not YAML", str(name), got=" ".join(str(error).split()))
        ) from error
    _refuse_unknown(content, str(name))
    return Mapped(
        str(content["register"]),
        str(content["source"]),
        str(content["record"]),
        content.get("read") or {},
        content.get("join") or {},
        tuple(content["countries"]),
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
    if content.get("several", "refuse") not in ("refuse", "first", "each"):
        problems.append(
            Problem(
                "no such rule", f"{name}: several", "refuse, first or each", str(content["several"])
            )
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
    placed, outside, refused = _placed(table, chosen, countries, issues)
    frame = pd.DataFrame(
        {
            field: _field(field, rule, placed, chosen, issues)
            for field, rule in chosen.fields.items()
        },
        index=placed.index,
    )
    frame = frame.assign(record=placed["record"], country=placed["country"])
    order = [c for c in template("inventory").names if c in frame] + ["record"]
    frame = identifiers(
        numbered(frame.reset_index(drop=True)[order]), allowed=("record", "measure_id")
    )
    return Intake(
        frame,
        refused,
        outside,
        issue_frame(issues),
        len(table),
        pd.DataFrame(sources, columns=["name", "sha256", "rows"]),
        chosen.register,
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


def _placed(
    table: pd.DataFrame, mapping: Mapped, countries: tuple[str, ...], issues: list[Issue]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Records with the country they are filed under; several of `countries` in one record go by the
    mapping's rule.
    """
    lost = [c for c in mapping.countries if c not in table]
    if lost:
        raise InputError(
            [
                Problem("no such column", c, fix=f"Nearest: {nearest(c, map(str, table.columns))}.")
                for c in lost
            ]
        )
    found = {
        column: table[column].map(lambda v: _country(v, mapping.aliases))
        for column in mapping.countries
    }
    rows, outside, refused = [], [], []
    for place, record in enumerate(table["record"]):
        here = list(
            dict.fromkeys(
                found[c].iloc[place] for c in mapping.countries if found[c].iloc[place] in countries
            )
        )
        if not here:
            outside.append((record, "none of the chosen countries"))
        elif len(here) > 1 and mapping.several == "refuse":
            refused.append(
                (record, f"several countries ({', '.join(here)}) and no rule in the mapping file")
            )
        else:
            if len(here) > 1:
                issues.append(
                    (
                        record,
                        "country",
                        "; ".join(here),
                        "several countries",
                        f"filed under {'each' if mapping.several == 'each' else here[0]}",
                    )
                )
            rows += [(place, c) for c in (here if mapping.several == "each" else here[:1])]
    chosen = (
        table.iloc[[place for place, _ in rows]]
        .assign(country=[c for _, c in rows])
        .reset_index(drop=True)
    )
    return (
        chosen,
        pd.DataFrame(outside, columns=["record", "reason"]),
        pd.DataFrame(refused, columns=["record", "reason"]),
    )


def _country(name: object, aliases: Mapping[str, str]) -> str:
    """ISO3 of a country name in English or French, or by the mapping's aliases; empty when it is
    neither (never the merely similar).
    """
    if not isinstance(name, str):
        return ""
    if plain(name) in aliases:
        return aliases[plain(name)]
    code = nearest_code("countries", name)
    return (
        code
        if code
        and plain(name)
        in {plain(code), plain(labels("countries")[code]), plain(labels("countries", "fr")[code])}
        else ""
    )


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
        return cells.map(lambda v: None if pd.isna(v) else str(v).strip().strip('"'))
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
        named = [row[c] for c in columns if isinstance(row[c], str)]
        found = [(n, _country(n, mapping.aliases)) for n in named]
        issues.extend(
            (row["record"], field, n, "not a country of today; give it in `aliases`", "left empty")
            for n, c in found
            if not c
        )
        values.append(
            ";".join(dict.fromkeys(c for _, c in found if c and c != row["country"])) or None
        )
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
