"""The report across countries, made from what the country reports published and from nothing else:
their hashes are checked first, no microdata is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader

from mismes_eval.errors import ReportError, named
from mismes_eval.evaluation.outside_evidence import OUTSIDE, OutsideEvidence, read_evidence
from mismes_eval.evaluation.synthesis import Synthesis, compare
from mismes_eval.public import held
from mismes_eval.report.document.language import Language, country_name, language
from mismes_eval.report.document.page import (
    BANNER,
    MAIN,
    TEMPLATES,
    Cover,
    accessible,
    arranged,
    require_alternatives,
)
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.results import write_results
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.factory.orders import PAGE
from mismes_eval.report.factory.publish import discard, publish_with_notes, work_folder
from mismes_eval.report.figures import Figure
from mismes_eval.report.synthesis import effects as synthesis_effects
from mismes_eval.report.synthesis import tables as synthesis_tables
from mismes_eval.report.synthesis.claims import claims_table
from mismes_eval.report.synthesis.features import features
from mismes_eval.report.synthesis.job_costs import job_costs
from mismes_eval.report.synthesis.outside import beside, means
from mismes_eval.report.synthesis.outside import forest as outside_forest
from mismes_eval.report.synthesis.published import (
    EVIDENCE,
    FOLDER,
    KIND,
    Origin,
    fingerprint,
    inputs_of,
    read_published,
)
from mismes_eval.report.synthesis.tables import Words
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    MANIFEST,
    SCHEMA,
    outputs,
    package_hash,
    unchanged,
    versions,
)

COUNTRY = "Synthesis"
Part = Table | TextTable | Figure | str


@dataclass(frozen=True)
class _Whole:
    """What the writer of results asks of a run."""

    country: str
    synthetic: bool
    of: str

    def fingerprint(self) -> str:
        return self.of


@held(ReportError)
def synthesis(
    out: Path | str,
    names: Sequence[str] = (),
    mixed: bool = False,
    evidence: Path | str | None = None,
) -> Synthesis:
    """The countries below a folder of reports side by side, as data.

    Parameters
    ----------
    out : the folder, with a published report in each of its folders.
    names : folders; none: all that hold a report.
    mixed : made-up and real data may stand together; without it that is refused.
    evidence : file of effects of outside evaluations in the template `evidence`, or None.

    Returns
    -------
    Synthesis: indicators, contrasts between countries that share their definitions, effects, unit
    costs, what is due, and every claim of the ledger over all countries.

    Raises
    ------
    ParamsError : a name without a report, a report without results to compare.
    ReportError : a file of a report that is not what its manifest says.
    InputError : the file of evidence breaks its template.
    """
    outside = None if evidence is None else read_evidence(evidence)
    origins = read_published(Path(out), names)
    return compare([origin.published for origin in origins], mixed, outside)


def write_synthesis(
    out: Path,
    names: Sequence[str] = (),
    lang: str = "en",
    mixed: bool = False,
    force: bool = False,
    evidence: Path | None = None,
    started: str | None = None,
) -> tuple[Path, bool]:
    """The synthesis as a report of its own in `out`/synthesis: page, tables, workbook, figures,
    estimates.json, manifest. Whole or not at all.

    Parameters
    ----------
    evidence : file of effects of outside evaluations (template `evidence`).
    started : the moment that page and manifest state; None: now.

    Returns
    -------
    (folder, made) : made is False where nothing changed since the last time.
    """
    outside = None if evidence is None else read_evidence(evidence)
    origins = read_published(out, names)
    final = out / FOLDER
    read_beside = () if outside is None else (f"evidence {outside.sha256}",)
    of = fingerprint(origins, lang, read_beside)
    if not force and unchanged(final, of):
        return final, False
    whole = compare([origin.published for origin in origins], mixed, outside)
    moment = started or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _written(out, whole, origins, outside, lang, of, moment), True


def _written(
    out: Path,
    evidence: Synthesis,
    origins: Sequence[Origin],
    outside: OutsideEvidence | None,
    lang: str,
    of: str,
    started: str,
) -> Path:
    """Page, tables and manifest of a synthesis, put in their folder at once."""
    final = out / FOLDER
    text = language(lang)
    chapters, workbook_only = _chapters(Words(evidence, text), origins)
    shown = [
        p.in_language(text) if not isinstance(p, str) else p for _, parts in chapters for p in parts
    ]
    said = iter(shown)
    html = _page(
        evidence,
        [(text(title), [_html(next(said), text) for _ in parts]) for title, parts in chapters],
        text,
        started,
        of,
    )
    tables = [
        p
        for p in (*shown, *(table.in_language(text) for table in workbook_only))
        if isinstance(p, (Table, TextTable))
    ]
    work = work_folder(out, FOLDER)
    try:
        warnings = []
        if text.unknown:
            warnings.append(
                f"{len(text.unknown)} texts have no entry in report/locale/{text.code}.po:"
                f" {named(sorted(text.unknown))}"
            )
        about = cast("Any", _Whole(COUNTRY, bool(evidence.synthetic), of))
        write_results(
            work,
            about,
            tables,
            [p for p in shown if isinstance(p, Figure)],
            {"countries": list(evidence.countries), "synthetic": list(evidence.synthetic)},
            warnings,
            text,
        )
        (work / PAGE).write_text(html, encoding="utf-8")
        record = _manifest(evidence, origins, outside, work, started, of, lang)
        (work / MANIFEST).write_text(
            json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        publish_with_notes(work, final)
    finally:
        discard(work)
    return final


def _manifest(
    evidence: Synthesis,
    origins: Sequence[Origin],
    outside: OutsideEvidence | None,
    work: Path,
    started: str,
    of: str,
    lang: str,
) -> Mapping[str, object]:
    inputs = inputs_of(origins)
    if outside is not None:
        inputs.append({"key": EVIDENCE, "path": outside.name, "sha256": outside.sha256})
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "country": COUNTRY,
        "countries": list(evidence.countries),
        "synthetic": bool(evidence.synthetic),
        "fingerprint": of,
        "started": started,
        "language": lang,
        "params": {"values": {}},
        "inputs": inputs,
        "package_sha256": package_hash(),
        "versions": versions(),
        "outputs": outputs(work),
    }


def _chapters(
    w: Words, origins: Sequence[Origin]
) -> tuple[list[tuple[str, list[Part]]], list[Table]]:
    """The page in reading order, and the tables that stand in the workbook only."""
    contrasts, more = synthesis_tables.contrasts(w)
    blocked = w.t(
        "No two countries share the definitions behind the main indicators: no difference is shown."
    )
    effects: list[Part | None] = [w.t("No country published an effect of a measure.")]
    if w.evidence.summaries:
        effects = [
            *synthesis_effects.sentences(w),
            synthesis_effects.forest(w),
            synthesis_effects.effects(w),
            synthesis_effects.summaries(w),
        ]
    effects.append(features(w))
    if w.evidence.together or (w.evidence.evidence["kind"] == OUTSIDE).any():
        effects += [beside(w), outside_forest(w), means(w)]
    effects.append(job_costs(w))
    never: list[Part | None] = [synthesis_tables.models(w)]
    if len(w.evidence.budget):
        never += [synthesis_tables.budget(w), synthesis_tables.due(w)]
    side_by_side = [
        synthesis_tables.indicators(w),
        synthesis_tables.employment(w),
        contrasts if contrasts is not None else blocked,
    ]
    chapters: dict[str, Sequence[Part | None]] = {
        "Findings": [_list(synthesis_effects.findings(w))],
        "Countries and definitions": [
            synthesis_tables.definitions(w),
            synthesis_tables.comparability(w),
        ],
        "Indicators side by side": side_by_side,
        "Effects by model and country": effects,
        "Claims over all countries": [claims_table(w)] if w.evidence.claims else [],
        "What is not known": never,
        "Sources": [_sources(w, origins)],
    }
    filled = [(title, [p for p in parts if p is not None]) for title, parts in chapters.items()]
    beside_page = (more, synthesis_tables.unevaluated(w))
    return [chapter for chapter in filled if chapter[1]], [t for t in beside_page if t is not None]


def _list(items: Sequence[tuple[str, str]]) -> str:
    """Findings as a list, each linked to its table; marked as HTML for the page."""
    lines = "".join(
        f'<li>{escape(text)} <a href="#{escape(anchor)}">{escape(anchor)}</a></li>'
        for text, anchor in items
    )
    return f'<div class="findings"><ol>{lines}</ol></div>'


def _sources(w: Words, origins: Sequence[Origin]) -> TextTable:
    text = w.t
    rows = [
        (
            w.country(origin.country),
            text.name(text.date(datetime.fromisoformat(origin.started))),
            text.name(origin.manifest_sha256[:16]),
            text.name(origin.estimates_sha256[:16]),
        )
        for origin in origins
    ]
    head = [text("Country"), text("Report made on"), f"{MANIFEST}, sha256", f"{ESTIMATES}, sha256"]
    note = (
        "Every file of these reports was checked against its recorded hash. The synthesis reads"
        " nothing else."
    )
    return synthesis_tables.words_table(
        w, "S10", "Reports that this synthesis rests on", rows, head, (note,)
    )


def _html(part: Part, t: Language) -> str:
    if isinstance(part, str):
        return part if part.startswith('<div class="findings">') else f"<p>{escape(part)}</p>"
    return part.to_html(t.code)


def _page(
    evidence: Synthesis,
    chapters: Sequence[tuple[str, Sequence[str]]],
    t: Language,
    started: str,
    of: str,
) -> str:
    names = ", ".join(country_name(country, t.code) for country in evidence.countries)
    banner = t(BANNER) if evidence.synthetic else ""
    if evidence.synthetic and len(evidence.synthetic) < len(evidence.countries):
        banner = t(
            "SYNTHETIC DATA: the numbers of {names} are made up; those of the other countries are"
            " real.",
            names=", ".join(country_name(country, t.code) for country in evidence.synthetic),
        )
    lines = (
        (t("Countries"), names),
        (t("Produced on"), t.date(datetime.fromisoformat(started))),
        (t("Run"), f"{of[:12]} ({MANIFEST})"),
    )
    cover = Cover(
        title=t("Migrant support measures: evaluation from an employment and skills perspective"),
        country=t("Synthesis across countries"),
        lines=lines,
        banner=banner,
        lang=t.code,
    )
    page = Environment(
        loader=FileSystemLoader(TEMPLATES / "synthesis"), autoescape=False
    )  # the template escapes every text; parts are HTML
    text = page.get_template("page.html.j2").render(
        cover=cover, chapters=chapters, kind=t("Synthesis"), skip=t("Skip to the text")
    )
    begin = text.index(MAIN) + len(MAIN)
    end = text.rindex("</main>")
    html = arranged(text[:begin], accessible(text[begin:end]), text[end:], t)
    require_alternatives(html)
    return html
