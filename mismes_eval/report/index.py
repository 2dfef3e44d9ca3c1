"""reports/index.html: one row a country, what each report found, its files, what failed. One page a
language, with a switch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from mismes_eval.errors import MismesError
from mismes_eval.estimate.verdict import Span
from mismes_eval.message import Quantity
from mismes_eval.report.dashboard import Effect, Summary, finite, small_picture, span_of, summary
from mismes_eval.report.document.language import (
    Language,
    available,
    country_name,
    language,
    own_name,
)
from mismes_eval.report.document.page import BANNER, CSP, STYLE
from mismes_eval.report.document.pdf import PDF
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.words import WORDS
from mismes_eval.report.factory.orders import NOTEBOOK, PAGE, WORD, Outcome
from mismes_eval.report.factory.publish import write_whole
from mismes_eval.report.sentences import in_brief
from mismes_eval.report.synthesis.published import FOLDER
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST, read_manifest, read_results

INDEX = "index.html"
INVENTORY = "inventory.html"
EFFECTS_ON = (
    "Effects are on {outcomes}, against a comparison group, each under the assumption that its report"
    " states."
)
FIRST = {
    PAGE: "Report",
    PDF: "PDF",
    WORD: "Word",
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
    "evidence": "Evidence: every evaluation with its effect, and what they say together",
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
    summary: Summary


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
            results = read_results(folder)
        except (MismesError, OSError, ValueError):
            continue
        if "kind" in record:
            continue
        params = record["params"]
        values = params["values"] if isinstance(params, dict) else {}
        found.append(
            Entry(
                name=folder.name,
                country=str(record["country"]),
                synthetic=bool(record["synthetic"]),
                started=str(record["started"]),
                year=str(values.get("year") or ""),
                tables=len(results["tables"]),
                numbers=len(results["estimates"]),
                files=tuple(
                    sorted(
                        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
                    )
                ),
                lang=str(values.get("language") or "en"),
                summary=summary(results),
            )
        )
    return found


def write_index(out: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write the index of all reports in `out`; the outcomes of this call say which ones failed."""
    for name, page in index_pages(out, outcomes).items():
        write_whole(out / name, page)
    return out / INDEX


def index_pages(out: Path, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """File -> page of the index of all reports in `out`: index.html in their language where they
    share one, else in English, and a page for every other language of a report.
    """
    failed = {outcome.name: outcome for outcome in outcomes if outcome.status == "failed"}
    found = entries(out)
    used = sorted({entry.lang for entry in found} & set(available()))
    first = used[0] if len(used) == 1 else "en"
    pages = {first: INDEX} | {code: f"index.{code}.html" for code in used if code != first}
    return {name: _page(out, found, failed, language(code), pages) for code, name in pages.items()}


def _page(
    out: Path,
    found: Sequence[Entry],
    failed: Mapping[str, Outcome],
    t: Language,
    pages: Mapping[str, str],
) -> str:
    known = {entry.name for entry in found}
    items = "".join(_item(entry, failed.get(entry.name), t) for entry in found)
    items += "".join(
        _failure(outcome, True, t) for name, outcome in failed.items() if name not in known
    )
    banner = ""
    if any(entry.synthetic for entry in found):
        banner = f'<aside class="banner">{escape(t(BANNER))}</aside>'
    none = "" if items else f"<p>{escape(t('No report yet.'))}</p>"
    files = f'<h2>{escape(t("Files"))}</h2><ul class="reports">{items}</ul>' if items else none
    body = f"{_dashboard(found, t)}{_across(out, t)}{files}{_beside(out, t)}"
    return (
        f'<!DOCTYPE html>\n<html lang="{t.code}">\n<head>\n<meta charset="utf-8">\n<meta'
        ' name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(CSP)}">\n'
        f"<title>{escape(t('Country reports'))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'{banner}\n<header class="cover">{_switch(t, pages)}<p'
        f' class="kind">{escape(t("Migrant support measures"))}</p><h1><span'
        f' class="country">{escape(t("Country reports"))}</span> '
        f"{escape(t('Evaluation from an employment and skills perspective'))}</h1></header>\n"
        f'<main id="text">{body}</main>\n</body>\n</html>\n'
    )


def _switch(t: Language, pages: Mapping[str, str]) -> str:
    """Links to the same page in other languages, each named in its own."""
    others = [
        f'<a lang="{code}" hreflang="{code}" href="{name}">{escape(own_name(code))}</a>'
        for code, name in pages.items()
        if code != t.code
    ]
    if not others:
        return ""
    label = escape(t("Languages"))
    return f'<nav class="switch" aria-label="{label}">{" · ".join(others)}</nav>'


def _dashboard(found: Sequence[Entry], t: Language) -> str:
    """One row a country: how many measures, evaluated, due; main effects; employment of returnees."""
    if not any(entry.summary.measures is not None or entry.summary.effects for entry in found):
        return ""
    heads = (
        "Country",
        "Main effects, percentage points (95% interval)",
        "Measures",
        "Evaluated",
        "Due",
        "Employment of returnees against non-migrants, age and sex not made equal (95% interval)",
    )
    head = "".join(f'<th scope="col">{escape(t(head))}</th>' for head in heads)
    span = span_of([entry.summary for entry in found])
    rows = "".join(_row(entry, span, t) for entry in found)
    notes = (
        *_outcomes(found, t),
        t(
            "Due: past 24 months without an evaluation, or within 12 months. Grade of the evidence:"
            " strong, moderate, weak or none, by the rules of each report. Countries are not ranked."
        ),
        t(
            "Small pictures: effect after each wave with its 95% interval, on one axis for all"
            " countries; line: no effect."
        ),
    )
    foot = "".join(f"<li>{escape(n)}</li>" for n in notes)
    caption = escape(t("What the reports found"))
    return (
        f'<div class="table dashboard" tabindex="0"><table><caption>{caption}</caption><thead><tr>{head}'
        f'</tr></thead><tbody>{rows}</tbody></table><ul class="notes">{foot}</ul></div>'
    )


def _outcomes(found: Sequence[Entry], t: Language) -> tuple[str, ...]:
    """On which outcomes the main effects are."""
    columns = sorted({effect.outcome for entry in found for effect in entry.summary.effects})
    named = ", ".join(f"'{t(WORDS.get(column, column))}'" for column in columns)
    return (t(EFFECTS_ON, outcomes=named),) if columns else ()


def _row(e: Entry, span: tuple[float, float], t: Language) -> str:
    summary, name = e.summary, escape(country_name(e.country, t.code))
    also = f" ({escape(e.name)})" if e.name != e.country else ""
    link = f'<a href="{quote(e.name)}/{PAGE}" hreflang="{escape(e.lang)}">{name}</a>{also}'
    numbers = (summary.measures, summary.evaluated, summary.due)
    shown = ["–" if number is None else t.number(number, 0) for number in numbers]
    counts = "".join(f'<td class="num">{number}</td>' for number in shown)
    effects = "".join(
        f'<div class="effect">{escape(_effect_in_words(effect, t))}{small_picture(effect, span, t)}</div>'
        for effect in summary.effects
    )
    gap = escape(_gap_in_words(summary, t))
    return (
        f'<tr><th scope="row">{link}</th><td class="effects">{effects or "–"}</td>{counts}'
        f"<td>{gap}</td></tr>"
    )


def _effect_in_words(effect: Effect, t: Language) -> str:
    """The effect in the words of the first page: what cannot be told from 0 has no number."""
    words = t(in_brief(Span(effect.value, effect.low, effect.high)))
    if effect.months is not None:
        when = t("after {m:.0f} months", m=effect.months)
        words = t("{effect} {when}", effect=words, when=when)
    elif effect.rolled_out:
        when = t("over all rounds, residents")
        words = t("{effect} {when}", effect=words, when=when)
    grade = t(effect.grade) if effect.grade else t("not graded")
    return t("{m}: {effect}, {grade}", m=effect.measure, effect=words, grade=grade)


def _gap_in_words(s: Summary, t: Language) -> str:
    if s.gap is None or s.returnees is None or s.others is None:
        return "–"
    points = Quantity(s.gap.value, "percentage point", "percentage points", 1)
    rates = {"a": t.number(100 * s.returnees), "b": t.number(100 * s.others)}
    if not finite(s.gap.low):
        return t("{v}: {a}% against {b}%", v=t.quantity(points), **rates)
    return t(
        "{v} ({lo} to {hi}): {a}% against {b}%",
        v=t.quantity(points),
        lo=t.number(s.gap.low),
        hi=t.number(s.gap.high),
        **rates,
    )


def _across(out: Path, t: Language) -> str:
    """Links to what is made across countries."""
    places = {
        f"{FOLDER}/{PAGE}": "Synthesis across countries",
    }
    links = [
        f'<li><a href="{path}">{escape(t(label))}</a></li>'
        for path, label in places.items()
        if (out / path).is_file()
    ]
    if not links:
        return ""
    return f"<h2>{escape(t('Across countries'))}</h2><ul>{''.join(links)}</ul>"


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
        f'<a href="{quote(e.name)}/{quote(file)}"><span class="unseen">{here}:'
        f" </span>{escape(t(label))}</a>"
        for file, label in FIRST.items()
        if file in e.files and file != PAGE
    )
    rest = [file for file in e.files if file not in FIRST]
    items = "".join(
        f'<li><a href="{quote(e.name)}/{quote(file)}">{escape(file)}</a></li>' for file in rest
    )
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
