"""T25: what the inventory records of a measure, in words; what it lacks stands as not recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.inventory.own_amounts import PUBLISHED, kinds_of_amounts
from mismes_eval.message import Quantity
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.report.chapters.base import Context, text_table
from mismes_eval.report.chapters.cells import arm_of
from mismes_eval.report.chapters.names import titles
from mismes_eval.report.chapters.portfolio import SOURCE
from mismes_eval.report.document.tables import TextTable
from mismes_eval.weighting.levels import levels_of, occurring
from mismes_eval.weighting.read_once import once

DESCRIPTION = "T25"
NOT_RECORDED = "not recorded"
OWN_AMOUNT = "recorded, not shown here: one payer's own amount"
SURVEY_FRAME = "LFS_SCREENING"
FRAMES = {
    SURVEY_FRAME: "screened by the labour force survey",
    "BENEFICIARY_LIST": "lists of beneficiaries",
}
RETURNEES = {"RETURNEE_VOL", "RETURNEE_FORCED"}
GROUPS = {  # the groups that measures are for, in the middle of a sentence
    "POT_MIG": "potential migrants",
    "MIG_ABROAD": "migrants abroad",
    "RETURNEES": "returnees",
    "RETURNEE_VOL": "voluntary returnees",
    "RETURNEE_FORCED": "forced returnees",
    "DIASPORA_HS": "highly skilled diaspora",
    "FAMILY": "families of migrants",
    "EMPLOYER": "employers",
    "INSTITUTION": "institutions",
    "IMMIGRANT": "immigrants",
    "REFUGEE": "refugees",
}
SEXES = {"M": "men only", "F": "women only"}
SKILLS = {"LOW": "low skilled", "MED": "medium skilled", "HIGH": "highly skilled"}
NEVER, NOT_YET = "regions that never get it", "regions that had not got it yet"
NOBODY_NAMED = "for whom: not recorded"
Record = Mapping[str, object]


def description(context: Context, measure: str, study: Tracing | None) -> TextTable:
    """T25 of one measure."""
    record = _record(context, measure)
    recorded = ROWS if record else {}
    rows = [
        (context.text(what), _told(context, make(context, record)))
        for what, make in recorded.items()
    ]
    chosen = _comparison(context, measure, study)
    rows.append((context.text("Comparison group"), _told(context, chosen)))
    return text_table(
        context,
        id=f"{DESCRIPTION}-{measure}",
        title=context.text("{m}: what it is", m=context.name(measure)),
        rows=rows,
        columns=("Of the measure", "On record"),
        source=SOURCE if record else "",
        notes=() if record else (_unrecorded(context),),
    )


def _unrecorded(context: Context) -> str:
    """Why nothing is said of a measure: the run has no inventory, or it lacks the measure."""
    if context.evaluation.inventory is None:
        return context.absent("inventory")
    return context.text("The inventory does not record this measure.")


def _told(context: Context, text: str) -> str:
    return context.name(text or context.text(NOT_RECORDED))


def _record(context: Context, measure: str) -> Record:
    """The measure's row of the inventory; empty where there is none."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return {}
    frame = inventory.frame
    mine = np.flatnonzero(frame["measure_id"].astype(str) == measure)
    return dict(frame.iloc[mine[0]].dropna()) if mine.size else {}


def _name(context: Context, record: Record) -> str:
    return str(titles(context, pd.DataFrame([record])).iloc[0])


def _kind(context: Context, record: Record) -> str:
    stage = _labels(context, "stages", record.get("stage_code"))
    model = _labels(context, "models", record.get("model_primary"))
    return "; ".join(filter(None, (model, stage)))


def _dates(context: Context, record: Record) -> str:
    start, end = (_day(context, record.get(key)) for key in ("start_date", "end_date"))
    if not start and not end:
        return ""
    missing = context.text(NOT_RECORDED)
    if start and not end and _yes(record.get("ongoing")):
        return context.text("since {start}, still running", start=start)
    return context.text("{start} to {end}", start=start or missing, end=end or missing)


def _day(context: Context, value: Any) -> str:
    day = pd.to_datetime(value, errors="coerce") if value is not None else pd.NaT
    return "" if pd.isna(day) else context.words.date(day.date())


def _budget(context: Context, record: Record) -> str:
    """The budget where the payer has published it; else whether one is on record: the amount is one
    payer's own, and would give others away.
    """
    amount = record.get("budget_eur")
    if amount is None and record.get("budget_total") is None:
        return ""
    kind = kinds_of_amounts(pd.DataFrame([dict(record)])).iloc[0]
    if kind != PUBLISHED or not isinstance(amount, (int, float)):
        return context.text(OWN_AMOUNT)
    return context.text("{v} EUR", v=context.words.number(float(amount), 0))


def _partners(context: Context, record: Record) -> str:
    """Who pays, who carries it out, who takes part, by kind."""
    payer = _labels(context, "funder_types", record.get("funder_type"))
    doer = _labels(context, "implementer_types", record.get("implementer_type"))
    partner = record.get("national_partner")
    parts = [
        context.text("paid by: {who}", who=payer) if payer else "",
        context.text("carried out by: {who}", who=doer) if doer else "",
        context.text("national partner: {who}", who=context.name(partner)) if partner else "",
    ]
    return "; ".join(filter(None, parts))


def _services(context: Context, record: Record) -> str:
    services = context.codes("services").items()
    return ", ".join(label for code, label in services if _yes(record.get(code)))


def _yes(value: object) -> bool:
    return value is not None and str(value).lower() in ("true", "1", "1.0")


def _dose(context: Context, record: Record) -> str:
    parts = []
    for column, one, many in (("dose_hours", "hour", "hours"), ("duration_days", "day", "days")):
        number = _number(record.get(column))
        if number is not None:
            parts.append(context.words.quantity(Quantity(number, one, many, 0)))
    return ", ".join(parts)


def _number(value: Any) -> float | None:
    number = pd.to_numeric(value, errors="coerce") if value is not None else None
    return None if number is None or pd.isna(number) else float(number)


def _eligible(context: Context, record: Record) -> str:
    parts = [
        _labels(context, "target_groups", record.get("target_group")),
        _labels(context, "sexes_targeted", record.get("target_sex")),
        _ages(context, record),
        _labels(context, "skill_levels", record.get("target_skill")),
    ]
    region = record.get("target_region")
    parts += [context.name(region)] if region else []
    return "; ".join(filter(None, parts))


def eligible_in_short(context: Context, measure: str, *, whole: bool = True) -> str:
    """Who was eligible, in the few words that the first page has room for. whole: with their age
    and how skilled they are.
    """
    record = _record(context, measure)
    groups = set(str(record.get("target_group") or "").replace(" ", "").split(";")) - {""}
    if groups >= RETURNEES:
        groups = groups - RETURNEES | {"RETURNEES"}
    sex, skill = str(record.get("target_sex") or ""), str(record.get("target_skill") or "")
    parts = [context.text(words) for code, words in GROUPS.items() if code in groups]
    parts += [context.text(SEXES[sex])] if sex in SEXES else []
    if whole:
        parts += [_ages(context, record)]
        parts += [context.text(SKILLS[skill])] if skill in SKILLS else []
    said = ", ".join(filter(None, parts))
    return context.text("for {whom}", whom=said) if said else context.text(NOBODY_NAMED)


def _ages(context: Context, record: Record) -> str:
    low, high = (_number(record.get(key)) for key in ("target_age_min", "target_age_max"))
    if low is None or high is None:
        return ""
    return context.text("aged {low:.0f} to {high:.0f}", low=low, high=high)


def _reached(context: Context, record: Record) -> str:
    """Persons planned, reached and completed, as the implementer states them in the register."""
    words = {
        "benef_planned": "{n} planned",
        "benef_reached": "{n} reached",
        "benef_completed": "{n} completed",
    }
    stated = {words[column]: _number(record.get(column)) for column in words}
    return ", ".join(
        context.text(template, n=context.words.number(number, 0))
        for template, number in stated.items()
        if number is not None
    )


def _labels(context: Context, codes: str, value: object) -> str:
    """The labels of one or several codes, split by ';'."""
    if value is None:
        return ""
    known = context.codes(codes)
    given = [code.strip() for code in str(value).split(";") if code.strip()]
    return ", ".join(known.get(code) or context.name(code) for code in given)


def _comparison(context: Context, measure: str, study: Tracing | None) -> str:
    """Where the comparison persons come from, as the study records it."""
    if study is None:
        rolled = context.evaluation.rollout
        if rolled is None or isinstance(rolled.effects, NotEstimable):
            return context.text(NOT_YET)
        return context.text(NEVER if rolled.effects.control == "never" else NOT_YET)
    frames = [
        context.text(FRAMES[kind]) if kind in FRAMES else context.name(kind)
        for kind in comparison_frames(study, measure)
    ]
    return ", ".join(frames)


def comparison_frames(study: Tracing, measure: str) -> list[str]:
    """The lists from which the comparison persons of a measure were drawn, as the study records
    them.
    """
    sample = study.of(measure).sample
    if "source_frame" not in sample.frame.columns:
        return []
    rows = sample.active & (arm_of(sample) == 0)
    code, levels = once(sample.frame, "source_frame", levels_of)
    return sorted({*map(str, occurring(np.where(rows, code, -1), levels)[1])})


ROWS = {
    "Title": _name,
    "Kind": _kind,
    "Dates": _dates,
    "Budget": _budget,
    "Partners": _partners,
    "Services": _services,
    "Dose planned for a person": _dose,
    "Who was eligible": _eligible,
    "Persons": _reached,
}
