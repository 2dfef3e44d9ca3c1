"""reports/index.html: what is there, what it is made of, what failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from mismes_eval.errors import MismesError
from mismes_eval.report.document.language import Language, country_name, language
from mismes_eval.report.document.page import BANNER, CSP, STYLE
from mismes_eval.report.document.pdf import PDF
from mismes_eval.report.document.plain import escape
from mismes_eval.report.factory.orders import NOTEBOOK, PAGE, Outcome
from mismes_eval.report.factory.publish import write_whole
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST, read_manifest

INDEX = "index.html"
INVENTORY = "inventory.html"
FIRST = {
    PAGE: "Report",
    PDF: "PDF",
    "tables.xlsx": "Tables (Excel)",
    "estimates.parquet": "Numbers (Parquet)",
    ESTIMATES: "Numbers (JSON)",
    NOTEBOOK: "Notebook",
    "disclosure_audit.csv": "What is not shown",
    MANIFEST: "Provenance",
}
BESIDE = {
    INVENTORY: "All measures: search, filter and sort",
    "register.xlsx": "Evaluation register (Excel)",
    "register.csv": "Evaluation register (CSV)",
    "register.ics": "Evaluation register (calendar)",
}

SITE = {
    "gap-map": "Evidence-gap map: which models of measures were evaluated on which outcomes",
    "countries": "Measures by country",
    "costs": "Unit costs compared",
    "due": "Evaluations that are due",
    "lessons": "What was learned",
}


@dataclass(frozen=True)
class Entry:
    """One report folder as the index shows it."""

    name: str
    country: str
    synthetic: bool
    started: str
    year: str
    tables: int
    numbers: int
    files: tuple[str, ...]
    lang: str


def entries(out: Path) -> list[Entry]:
    """Every whole report below `out`, by name."""
    found = []
    for folder in (
        sorted(p for p in out.iterdir() if p.is_dir() and not p.name.startswith("."))
        if out.is_dir()
        else []
    ):
        try:
            record = read_manifest(folder)
            results = json.loads((folder / ESTIMATES).read_text(encoding="utf-8"))
        except (MismesError, OSError, ValueError):
            continue
        params = record["params"]
        values = params["values"] if isinstance(params, dict) else {}
        found.append(
            Entry(
                folder.name,
                str(record["country"]),
                bool(record["synthetic"]),
                str(record["started"]),
                str(values.get("year") or ""),
                len(results["tables"]),
                len(results["estimates"]),
                tuple(
                    sorted(
                        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
                    )
                ),
                str(values.get("language") or "en"),
            )
        )
    return found


def write_index(out: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write the index of all reports in `out`, in their language where they share one, else in
    English; the outcomes of this call say which ones failed.
    """
    failed = {o.name: o for o in outcomes if o.status == "failed"}
    found = entries(out)
    shared = {e.lang for e in found}
    t = language(shared.pop() if len(shared) == 1 else "en")
    items = "".join(_item(e, failed.get(e.name), t) for e in found)
    items += "".join(
        _failure(o, True, t) for name, o in failed.items() if name not in {e.name for e in found}
    )
    banner = (
        f'<aside class="banner">{escape(t(BANNER))}</aside>'
        if any(e.synthetic for e in found)
        else ""
    )
    text = (
        f'<!DOCTYPE html>\n<html lang="{t.code}">\n<head>\n<meta charset="utf-8">\n<meta'
        ' name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy"'
        f' content="{escape(CSP)}">\n<title>{escape(t("Country reports"))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{banner}\n'
        '<header class="cover"><p'
        f' class="kind">{escape(t("Migrant support measures"))}</p><h1><span'
        f' class="country">{escape(t("Country reports"))}</span> '
        f"{escape(t('Evaluation from an employment and skills perspective'))}</h1></header>\n"
        '<main id="text"><ul'
        f' class="reports">{items}</ul>{"" if items else "<p>" + escape(t("No report yet.")) + "</p>"}{_beside(out, t)}</main>\n</body>\n</html>\n'
    )
    write_whole(out / INDEX, text)
    return out / INDEX


def _day(started: str, t: Language) -> str:
    """The day of a run in words; what is no day, as it stands."""
    try:
        return t.date(date.fromisoformat(started[:10]))
    except ValueError:
        return t.name(started[:40])


def _item(e: Entry, failure: Outcome | None, t: Language) -> str:
    tag = f' <span class="tag">{escape(t("SYNTHETIC DATA"))}</span>' if e.synthetic else ""
    also = f" ({escape(e.name)})" if e.name != e.country else ""
    made = t(
        "{tables} tables, {numbers:,} numbers, made {day}",
        tables=e.tables,
        numbers=e.numbers,
        day=_day(e.started, t),
    )
    about = escape(", ".join([t("Reference year {year}", year=e.year), made] if e.year else [made]))
    warning = _failure(failure, False, t) if failure is not None else ""
    return (
        '<li><p class="name"><a'
        f' href="{quote(e.name)}/{PAGE}">{escape(country_name(e.country, t.code))}</a>{also}{tag}</p><p>{about}</p>{warning}{_files(e, t)}</li>'
    )


def _files(e: Entry, t: Language) -> str:
    """Links to every file of a report: the ones that people ask for in a line, the others folded
    away.
    """
    here = escape(country_name(e.country, t.code))
    first = " · ".join(
        f'<a href="{quote(e.name)}/{quote(f)}"><span class="unseen">{here}:'
        f" </span>{escape(t(label))}</a>"
        for f, label in FIRST.items()
        if f in e.files and f != PAGE
    )
    rest = [f for f in e.files if f not in FIRST]
    items = "".join(f'<li><a href="{quote(e.name)}/{quote(f)}">{escape(f)}</a></li>' for f in rest)
    folded = (
        f"<details><summary>{escape(t('{n} more files: each table and figure', n=len(rest)))}</summary><ul>{items}</ul></details>"
        if rest
        else ""
    )
    return f'<p class="files">{first}</p>{folded}'


def _beside(out: Path, t: Language) -> str:
    """What lies beside the reports: the page of the measures, the evaluation register."""
    site = f"inventory/{t.code}" if (out / "inventory" / t.code).is_dir() else "inventory/en"
    offered = {f"{site}/{page}.html": label for page, label in SITE.items()} | BESIDE
    items = "".join(
        f'<li><a href="{name}">{escape(t(label))}</a></li>'
        for name, label in offered.items()
        if (out / name).is_file()
    )
    return f"<h2>{escape(t('Inventory of measures'))}</h2><ul>{items}</ul>" if items else ""


def _failure(outcome: Outcome, with_name: bool, t: Language) -> str:
    """That a report failed. The reason is told to who made it and stands in no page: its words may
    quote the data.
    """
    first = escape(
        t("The reason was told to who made it and is not repeated here: its words may quote data.")
    )
    if with_name:
        return (
            '<li><p class="name'
            f' failed">{escape(t("{name}: failed", name=outcome.name))}</p><p>{first}</p></li>'
        )
    return (
        f'<p class="failed">{escape(t("The last run failed; this report is from the run before it."))}'
        f" {first}</p>"
    )
