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
from mismes_eval.report.document.reading import unbroken
from mismes_eval.report.document.words import WORDS
from mismes_eval.report.factory.orders import NOTEBOOK, PAGE, WORD, Outcome
from mismes_eval.report.factory.publish import write_whole
from mismes_eval.report.pages_from_templates import Html, rendered
from mismes_eval.report.sentences import About, in_brief
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
ACROSS = "Synthesis across countries"
HEADS = (
    "Country",
    "Main effects (95% interval)",
    "Measures",
    "Evaluated",
    "Due",
    "Employment of returnees against non-migrants, age and sex not made equal (95% interval)",
)
IN_POINTS = About("", "", "", 1.0, "percentage point", "percentage points")  # of a summary
NOTES = (
    "Due: past 24 months without an evaluation, or within 12 months. Grade of the evidence:"
    " strong, moderate, weak or none, by the rules of each report. Countries are not ranked.",
    "Small pictures: effect after each wave with its 95% interval, on one axis for all"
    " countries; line: no effect.",
)


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

    @property
    def first(self) -> dict[str, str]:
        """File -> label of the files that people ask for."""
        return {file: label for file, label in FIRST.items() if file in self.files and file != PAGE}

    @property
    def rest(self) -> list[str]:
        """The other files."""
        return [file for file in self.files if file not in FIRST]


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
                country=record["country"],
                synthetic=record["synthetic"],
                started=record["started"],
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
    page = rendered(
        "index.html.j2",
        t=t,
        csp=CSP,
        style=Html(STYLE),
        banner=BANNER,
        report=PAGE,
        heads=HEADS,
        entries=found,
        failed=failed,
        lost=[name for name in failed if name not in known],
        synthetic=any(entry.synthetic for entry in found),
        shown=any(e.summary.measures is not None or e.summary.effects for e in found),
        span=span_of([entry.summary for entry in found]),
        notes=[*_outcomes(found, t), *map(t, NOTES)],
        others={code: page for code, page in pages.items() if code != t.code},
        across={f"{FOLDER}/{PAGE}": ACROSS} if (out / FOLDER / PAGE).is_file() else {},
        beside=_beside(out, t),
        country_name=country_name,
        own_name=own_name,
        quote=quote,
        made=_made,
        effect_in_words=_effect_in_words,
        gap_in_words=_gap_in_words,
        small_picture=small_picture,
    )
    return unbroken(page)


def _outcomes(found: Sequence[Entry], t: Language) -> tuple[str, ...]:
    """On which outcomes the main effects are."""
    columns = sorted({effect.outcome for entry in found for effect in entry.summary.effects})
    named = ", ".join(f"'{t(WORDS.get(column, column))}'" for column in columns)
    return (t(EFFECTS_ON, outcomes=named),) if columns else ()


def _effect_in_words(effect: Effect, t: Language) -> str:
    """The effect in the words of the first page: what cannot be told from 0 has no number."""
    when = ""
    if effect.months is not None:
        when = t("after {m:.0f} months", m=effect.months)
    elif effect.rolled_out:
        when = t("residents, all rounds")
    words = t(in_brief(Span(effect.value, effect.low, effect.high), IN_POINTS, when))
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


def _day(started: str, t: Language) -> str:
    """The day of a run in words; what is no day, as it stands."""
    try:
        return t.date(date.fromisoformat(started[:10]))
    except ValueError:
        return t.name(started[:40])


def _made(e: Entry, t: Language) -> str:
    """The reference year, how much there is of a report, and the day on which it was made."""
    made = t(
        "{tables} tables, {numbers:,} numbers, made {day}",
        tables=e.tables,
        numbers=e.numbers,
        day=_day(e.started, t),
    )
    return ", ".join([t("Reference year {year}", year=e.year), made] if e.year else [made])


def _beside(out: Path, t: Language) -> dict[str, str]:
    """Path -> label of what lies beside the reports: the page of the measures, the register."""
    site = f"inventory/{t.code}" if (out / "inventory" / t.code).is_dir() else "inventory/en"
    offered = {f"{site}/{page}.html": label for page, label in SITE.items()} | BESIDE
    return {name: label for name, label in offered.items() if (out / name).is_file()}
