"""The state of a wave as a page and a workbook, and the plan of the next one as files."""

from __future__ import annotations

from datetime import date, timedelta
from html import escape
from io import BytesIO

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, in_place, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.wave_status import LEVEL, WaveStatus
from mismes_eval.frame.formulas import keep_texts
from mismes_eval.message import Message
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.report.document.language import Language

STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:960px;margin:1.5rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.4rem 0 1.2rem}caption{text-align:left;font-weight:600}"
    "th,td{padding:.25rem .7rem;border-bottom:1px solid #bbb;text-align:right}"
    "th:first-child,td:first-child{text-align:left}.mark{background:#fde9c8;padding:.5rem .8rem}"
)
SYNTHETIC = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
PROTOCOL = (
    "Every person of {file} is tried, both arms by the same rule and the same interviewers.",
    "Six attempts at least before a case is closed as not reached: two on other days of the week, two"
    " at other hours, one by another mode, one through a contact given at enrolment.",
    "Every attempt is a row of the form {form}, also when nobody is found.",
    "A person abroad is interviewed by telephone or web, or by proxy; abroad is a state, not a loss.",
    "A refusal is final; nobody is called again after it.",
    "On closing, a random fifth of the lost is traced ({command} draws it).",
)
HEADS = {"name": "next step", "low": "at least so many", "high": "at most so many"}
STEPS = "What each next step buys"


def tables(status: WaveStatus, t: Language) -> dict[str, pd.DataFrame]:
    """The tables of page and workbook, by title, in the report's language."""
    found = {
        "Cases by arm": status.arms.assign(response=(100 * status.arms["response"]).round(1)),
        "How the wave will end": status.forecast_table().round(1),
        STEPS: status.step_table().round(1),
        "Balance of the arms": status.balance.round(2),
        "Who answers": _alike(status.alike),
        "Interviewers": status.interviewers.round(1),
        "Interviews by day": status.days,
    }
    return {t(title): _in_words(table, t) for title, table in found.items()}


def _in_words(table: pd.DataFrame, t: Language) -> pd.DataFrame:
    """A table whose heads and sentences are in the language; names out of the data stay."""
    told = table.map(lambda cell: t(cell) if isinstance(cell, Message) else cell)
    return told.rename(columns=lambda head: t.level(HEADS.get(str(head), str(head))))


EXPLAINED = {
    "Cases by arm": Message("response: percent of those tried; pending cases are not yet tried."),
    "How the wave will end": Message(
        "Interviews at the end, {level:.0%} interval, if pending cases answer like those who were"
        " tried.",
        {"level": LEVEL},
    ),
    STEPS: Message(
        "detectable: smallest difference between the arms, in percentage points, found with a"
        " chance of 80%;"
        " width: of worst-case bounds, in percentage points, for a yes-no outcome."
    ),
    "Balance of the arms": Message("Differences between the arms in standard deviations."),
    "Who answers": Message(
        "R-indicator, 1 - 2 standard deviations of the chance to answer, among those tried: 1 where"
        " everybody answers alike, by the covariates of the attrition model."
    ),
}


def _alike(found: Estimate | NotEstimable) -> pd.DataFrame:
    if isinstance(found, NotEstimable):
        return pd.DataFrame(
            {"measure": [Message("R-indicator")], "not estimable": [found.reason]}, dtype=object
        )
    interval = found.ci().iloc[0]
    told = {"R-indicator": found.value[0], "from": interval["low"], "to": interval["high"]}
    return pd.DataFrame({**told, "persons tried": int(found.n[0])}, index=[0]).round(3)


def _explained(status: WaveStatus, t: Language) -> dict[str, str]:
    """What stands under each table, by its title."""
    earlier = status.earlier
    rests = Message("No outcome of an earlier wave is known, so no detectable difference is told.")
    if earlier is not None:
        rests = Message(
            "It rests on {source}: share {share:.2f}, correlation with enrolment {rho:.2f}.",
            {"source": earlier.source, "share": earlier.share, "rho": earlier.rho},
        )
    told = {t(title): t(words) for title, words in EXPLAINED.items()}
    return {**told, t(STEPS): f"{told[t(STEPS)]} {t(rests)}"}


def page(status: WaveStatus, country: str, synthetic: bool, t: Language) -> str:
    """One HTML page, without script."""
    parts = [f'<p class="mark">{t(SYNTHETIC)}</p>'] if synthetic else []
    explained = _explained(status, t)
    point = t.numeral("0.5")[1]
    for title, frame in tables(status, t).items():
        told = explained.get(title, "")
        html = frame.to_html(index=False, border=0, na_rep="–", justify="unset", decimal=point)
        caption = f"<caption>{escape(title)}</caption>"
        parts.append(
            html.replace("<thead>", f"{caption}<thead>", 1).replace("<th>", '<th scope="col">')
        )
        parts += [f"<p>{escape(told)}</p>"] if told else []
    named = {"wave": status.wave, "country": t.name(country), "day": t.date(status.day)}
    heading = escape(t("Wave {wave}, {country}, {day}", **named))
    return (
        f'<!DOCTYPE html><html lang="{t.code}"><head><meta charset="utf-8"><title>{heading}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{heading}</h1>{''.join(parts)}</main></body></html>\n"
    )


def workbook(status: WaveStatus, t: Language) -> bytes:
    """One sheet a table."""
    made = BytesIO()
    with pd.ExcelWriter(made, engine="openpyxl") as book:
        for title, frame in tables(status, t).items():
            frame.to_excel(book, sheet_name=title[:31], index=False)
        keep_texts(book.book)
    return made.getvalue()


def due_dates(persons: pd.DataFrame, months: float) -> pd.Series:
    """The day on which each person is due: so many months after enrolment."""
    enrolled = pd.to_datetime(persons["enrol_date"], errors="coerce")
    if enrolled.isna().any():
        raise InputError(
            Problem(
                "a person has no day of enrolment",
                in_place("tracer_person", in_column("enrol_date")),
                "a day for every person",
                worded("missing"),
                count=int(enrolled.isna().sum()),
            )
        )
    return enrolled + pd.to_timedelta(round(months * 30.4375), unit="D")


def sample_file(
    persons: pd.DataFrame, waves: pd.DataFrame, wave: int, due: pd.Series
) -> pd.DataFrame:
    """The sample of a wave with what the last wave knew, as a tracer form looks it up."""
    known = waves[waves["wave"].astype(int) < wave].sort_values("wave")
    last = known.drop_duplicates("person_id", keep="last").set_index("person_id")
    gone = last.index[last["disp_code"].astype(str).isin(["2.31", "4.1"])]
    own = persons.assign(due=due.dt.date)[~persons["person_id"].isin(gone)]
    out = own[["person_id", "arm", "due"]].assign(wave=wave)
    for column in ("lstatus", "current_country"):
        if column in last.columns:
            out[column] = out["person_id"].map(last[column].to_dict())
    return out.sort_values(["due", "person_id"]).reset_index(drop=True)


def calendar(sample: pd.DataFrame, country: str, wave: int, today: date, t: Language) -> str:
    """iCalendar text: one appointment a week from today on, with how many persons are due; nothing
    that names one. Weeks that are over are put into the first one.
    """
    due = pd.to_datetime(sample["due"]).dt.date
    start = due.map(lambda d: max(d, today)).map(lambda d: d - timedelta(days=d.weekday()))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mismes-eval//wave//EN"]
    weeks_due: dict[date, int] = {}
    for week in sorted(start):
        weeks_due[week] = weeks_due.get(week, 0) + 1
    for week, count in weeks_due.items():
        first = max(week, today)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{country}-wave-{wave}-{week:%Y%m%d}@mismes-eval",
            f"DTSTAMP:{today:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
            f"SUMMARY:{t('Wave {wave}: {n} {n:=person|persons} due', wave=wave, n=count)}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def protocol(country: str, wave: int, t: Language) -> str:
    """The rules of the field, to be edited."""
    named = {"file": "`sample.csv`", "form": "`contact`", "command": "`mismes wave status`"}
    rules = [f"{number}. {t(rule, **named)}" for number, rule in enumerate(PROTOCOL, 1)]
    title = t("Protocol of wave {wave}, {country}", wave=wave, country=t.name(country))
    return "\n".join([f"# {title}", "", *rules, ""])


def weeks(sample: pd.DataFrame) -> int:
    """How many weeks the wave takes from its first to its last due day."""
    due = pd.to_datetime(sample["due"])
    return int(np.ceil(((due.max() - due.min()).days + 1) / 7))
