"""The site written: pages in every language that it has words in, and the data for download."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from pathlib import Path

import pandas as pd

from mismes_eval.evaluation.outside_evidence import (
    OUTSIDE,
    OutsideEvidence,
    Together,
    beside,
    together,
)
from mismes_eval.evaluation.published_effects import Published
from mismes_eval.evaluation.synthesis import effects_of, job_costs_of
from mismes_eval.inventory import EvaluationRegister, Inventory
from mismes_eval.inventory.export import to_csv
from mismes_eval.inventory.own_amounts import confidential, publishable
from mismes_eval.inventory.page import counting_day, page
from mismes_eval.report.document.language import language
from mismes_eval.report.factory.publish import (
    discard,
    publish_with_notes,
    work_folder,
    write_whole,
)
from mismes_eval.report.pages_from_templates import Html
from mismes_eval.report.site import pages
from mismes_eval.report.site.evidence import MADE_UP, as_frame, evaluations
from mismes_eval.report.site.html import WORDS, Shell
from mismes_eval.report.site.manifest import record_page, site_manifest
from mismes_eval.report.synthesis.published import Origin
from mismes_eval.report.trust.provenance import MANIFEST

EVALUATIONS = "evaluations.csv"


@dataclass(frozen=True)
class Site:
    """folder of the site; pages written; effects that reports gave; what is evaluated and due."""

    folder: Path
    pages: int
    effects: int
    register: EvaluationRegister


def write_site(
    inventory: Inventory,
    folder: str | Path,
    *,
    on: date | None = None,
    origins: Sequence[Origin] = (),
    evidence: OutsideEvidence | None = None,
) -> Site:
    """Write the pages below `folder`/en, `folder`/fr and so on, and the downloads in `folder`. A
    measure has the address LANGUAGE/measures/ID.html whatever else is in the repository. Amounts
    that are one payer's own (docs/methods/disclosure.md) stand on no page and in no download. The
    folder is replaced whole, with a manifest that `mismes verify` holds it to.

    Parameters
    ----------
    on : day of the register; None takes the latest date_retrieved of the records.
    origins : country reports whose effects are shown (`read_published`).
    evidence : effects of outside evaluations, and readers' judgements of own ones
        (`read_evidence`).

    Raises
    ------
    InputError : no day to count to; effects of made-up data for measures that are not made up; an
        effect that the file names by hash and that the reports do not show.
    """
    folder = Path(folder)
    own = frozenset(inventory.frame.loc[confidential(inventory.frame), "measure_id"])
    inventory = replace(inventory, frame=publishable(inventory.frame))
    day = counting_day(inventory.frame, on)
    found = tuple(evaluations(origins, inventory.frame, evidence))
    with_effect = frozenset(one.measure_id for one in found if one.measure_id)
    register = inventory.evaluation_due(day).with_evaluated(with_effect)
    reports = [origin.published for origin in origins]
    spent = job_costs_of(reports)
    means = _means(reports, set(inventory.frame["measure_id"]), evidence)
    spent = spent[spent["measure"].isin(inventory.frame["measure_id"])]
    written = 0
    work = work_folder(folder.parent, folder.name)
    try:
        for code in WORDS.languages:
            material = pages.Material(
                frame=inventory.frame,
                register=register,
                found=found,
                means=means,
                page_shell=_shell(inventory, code, len(own)),
                job_costs=spent,
                own_amounts=own,
            )
            written += _write_language(material, work / code)
            written += _write_turns(inventory, material.page_shell, work / code)
        _write_downloads(inventory, register, work, as_frame(found))
        made_up = bool((inventory.frame["source_type"] == MADE_UP).any())
        record = site_manifest(inventory, origins, evidence, day, made_up, work)
        told = json.dumps(record, ensure_ascii=False, indent=1)
        (work / MANIFEST).write_text(told, encoding="utf-8")
        publish_with_notes(work, folder)
    finally:
        discard(work)
    return Site(folder, written, len(found), register)


def _shell(inventory: Inventory, code: str, own: int) -> Shell:
    """What is around every page in a language. own: measures whose amounts are one payer's own."""
    words = WORDS.said(code)
    if own:
        told = words["own_amounts"].format(n=own)
        words = {**words, "census": f"{words['census']} {told}"}
    return Shell(language(code), words, _synthetic(inventory, words["synthetic"]))


def _means(
    reports: Sequence[Published], known: set[str], evidence: OutsideEvidence | None
) -> tuple[Together, ...]:
    """Means over the effects of measures of the repository and outside ones."""
    effects = effects_of(reports)
    here = effects[effects["measure"].isin(known)].reset_index(drop=True)
    return tuple(together(beside(here, reports, evidence)))


def with_outside_evidence(folder: Path) -> bool:
    """Whether the pages in a folder show effects of outside evaluations, which reports alone would
    not bring back.
    """
    shown = folder / EVALUATIONS
    return shown.is_file() and bool(pd.read_csv(shown)["kind"].eq(OUTSIDE).any())


def front_page(inventory: Inventory, site: Site, path: Path, code: str) -> Path:
    """The search page beside the folder of the site, in one language, with links into it."""
    words = WORDS.said(code)
    shell = Shell(language(code), words, "")
    inside = f"{site.folder.name}/{code}/"
    text = page(
        inventory.frame,
        site.register,
        words["repository"],
        code,
        menu=shell.menu("", inside),
        measures=f"{inside}measures/",
        balance=inventory.balance(),
    )
    write_whole(path, text)
    record_page(site.folder, path, code)
    return path


def _synthetic(inventory: Inventory, sentence: str) -> str:
    made_up = int((inventory.frame["source_type"] == MADE_UP).sum())
    return sentence.format(n=made_up, total=len(inventory.frame)) if made_up else ""


def _write_language(material: pages.Material, folder: Path) -> int:
    """Every page in one language; how many they are."""
    (folder / "measures").mkdir(parents=True, exist_ok=True)
    shell, words = material.page_shell, material.page_shell.words
    search = page(
        material.frame,
        material.register,
        words["repository"],
        shell.t.code,
        menu=shell.menu("index", ""),
        measures="measures/",
    )
    (folder / "index.html").write_text(search, encoding="utf-8")
    made = {
        "evidence": ("evidence", pages.evidence),
        "gap-map": ("gap", pages.gap_map),
        "countries": ("countries", pages.countries),
        "costs": ("costs", pages.costs),
        "due": ("due", pages.due),
        "lessons": ("lessons", pages.lessons),
    }
    for name, (key, body) in made.items():
        text = shell.page(name, words[key], body(material))
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    rows = material.frame.to_dict("records")
    for row in rows:
        name = f"measures/{row['measure_id']}"
        warning = words["made_up"] if row["source_type"] == MADE_UP else ""
        title = f"{row['measure_id']} {row['title_en']}"
        text = pages.measure_page(material, {str(key): value for key, value in row.items()})
        whole = shell.page(name, title, text, up="../", warning=warning)
        (folder / f"{name}.html").write_text(whole, encoding="utf-8")
    return 1 + len(made) + len(rows)


def _write_turns(inventory: Inventory, shell: Shell, folder: Path) -> int:
    """At the address of a measure that was merged into another: where it is now. How many."""
    merged = inventory.merged.reindex(columns=["drop", "keep"]).astype(str)
    into = dict(zip(merged["drop"], merged["keep"], strict=True))
    written = 0
    for measure in into:
        kept = measure
        while kept in into:
            kept = into[kept]
        if kept in set(inventory.frame["measure_id"]):
            told = escape(shell.words["moved"].format(old=measure, new=kept))
            body = Html(f'<p>{told} <a href="{kept}.html">{kept}</a></p>')
            name = f"measures/{measure}"
            text = shell.page(name, measure, body, up="../", goes_on=f"{kept}.html")
            (folder / f"{name}.html").write_text(text, encoding="utf-8")
            written += 1
    return written


def _write_downloads(
    inventory: Inventory, register: EvaluationRegister, folder: Path, effects: pd.DataFrame
) -> None:
    to_csv(inventory.frame, folder / "measures.csv")
    whole = inventory.frame.to_json(
        orient="records", date_format="iso", date_unit="s", force_ascii=False, indent=1
    )
    (folder / "measures.json").write_text(whole, encoding="utf-8")
    to_csv(effects, folder / EVALUATIONS)
    register.to_csv(folder / "register.csv")
    register.to_calendar(folder / "register.ics")
