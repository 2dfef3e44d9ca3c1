"""reports/index.html: what is there, what it is made of, what failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from mismes_eval.errors import MismesError
from mismes_eval.report.html import BANNER, CSP, STYLE
from mismes_eval.report.language import country_name
from mismes_eval.report.provenance import read_manifest
from mismes_eval.report.publish import write_whole
from mismes_eval.report.results import ESTIMATES
from mismes_eval.report.run import PAGE, Outcome

INDEX = "index.html"


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


def entries(out: Path) -> list[Entry]:
    """Every whole report below `out`, by name."""
    found = []
    for folder in sorted(p for p in out.iterdir() if p.is_dir() and not p.name.startswith(".")) if out.is_dir() else []:
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
            )
        )
    return found


def write_index(out: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write the index of all reports in `out`; the outcomes of this call say which ones failed."""
    failed = {o.name: o for o in outcomes if o.status == "failed"}
    found = entries(out)
    items = "".join(_item(e, failed.get(e.name)) for e in found)
    items += "".join(_failure(o, with_name=True) for name, o in failed.items() if name not in {e.name for e in found})
    banner = f'<p class="banner" role="note">{escape(BANNER)}</p>' if any(e.synthetic for e in found) else ""
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(CSP)}">\n<title>Country reports</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{banner}\n'
        '<header class="cover"><p class="kind">Migrant support measures</p><h1><span class="country">Country reports</span> Evaluation from an employment and skills perspective</h1></header>\n'
        f'<main id="text"><ul class="reports">{items}</ul>{"" if items else "<p>No report yet.</p>"}</main>\n</body>\n</html>\n'
    )
    write_whole(out / INDEX, text)
    return out / INDEX


def _item(e: Entry, failure: Outcome | None) -> str:
    tag = ' <span class="tag">SYNTHETIC DATA</span>' if e.synthetic else ""
    also = f" ({escape(e.name)})" if e.name != e.country else ""
    about = f"{'Reference year ' + escape(e.year) + ', ' if e.year else ''}{e.tables} tables, {e.numbers:,} numbers, made {escape(e.started[:10])}"
    folder = escape(e.name)
    warning = _failure(failure, with_name=False) if failure is not None else ""
    return (
        f'<li><p class="name"><a href="{folder}/{PAGE}">{escape(country_name(e.country, "en"))}</a>{also}{tag}</p><p>{about}</p>{warning}'
        f'<p class="files"><a href="{folder}/tables.xlsx">Tables (Excel)</a> · <a href="{folder}/{ESTIMATES}">Numbers (JSON)</a> · '
        f'<a href="{folder}/report.ipynb">Notebook</a> · <a href="{folder}/MANIFEST.json">Provenance</a></p></li>'
    )


def _failure(outcome: Outcome, with_name: bool) -> str:
    first = escape(str(outcome.problems[0])) if outcome.problems else ""
    if with_name:
        return f'<li><p class="name failed">{escape(outcome.name)}: failed</p><p>{first}</p></li>'
    return f'<p class="failed">The last run failed; this report is from the run before it. {first}</p>'
