"""How good the data are: sample, missing answers, proxies, weights and margins of the survey,
answers of implementers, reliability of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.labour import adults
from mismes_eval.lfs.migrants import in_definition_ages, was_asked
from mismes_eval.lfs.persons import age_bounds
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.report import figures_tracer
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import Record, by_rule, joined, plain, rows, single
from mismes_eval.report.document.cells import Persons, Standing, counted_in, population
from mismes_eval.report.document.estimated_cells import counted
from mismes_eval.report.document.items import PictureSpec, keys_of
from mismes_eval.report.document.tables import Table
from mismes_eval.report.document.words import DESIGN, answer
from mismes_eval.report.figures import Figure
from mismes_eval.weighting.diagnostics import margins_before_after, weight_diagnostics
from mismes_eval.weighting.sample import Sample

LEAST = 5
RELIABILITY = "Reliability of the survey's numbers"
UNASKED = "the survey's file does not say"
NO_HOUSEHOLDS = "the file has no household number"
OWN_HOUSEHOLDS = "every row has a household number of its own"
NO_CLUSTERS = "no PSU or household in the file"
BEYOND = 10  # fewest persons at or beyond a percentile that is shown
SPREAD = "99th / 1st percentile"
SPREAD_NOTE = (
    "Neither the largest nor the smallest weight is shown: it could be one person's. A dash: fewer"
    " than 10 persons lie at or beyond a percentile."
)
CERTAIN = 1e-3  # below it a number is fixed by calibration
PERCENT, COUNT, PLAIN = (100.0, 1), (1.0, 0), (1.0, 2)
ITEMS = {
    "lstatus": "labour status",
    "educat7": "education",
    "mig_status": "migration status",
    "mig_last_country": "last country abroad, returnees",
    "wage_no_compen": "earnings, employees",
}
_MARGIN = re.compile(r"np\.\w+\(([^)]*)\)")  # numpy scalars inside the names of crossed margins


@dataclass(frozen=True)
class Part:
    """A number, such as a share of interviews, and the persons whose number it gives away."""

    share: float
    inside: Persons


Stated = float | Persons | Part | Estimate
Line = tuple[str, Stated, tuple[float, int]] | tuple[str, NotEstimable]


def quality(context: Context) -> Table:
    """T06c: indicators Q1 to Q6 and Q8 of every source that was supplied (Q5 is F07, Q7 T06, Q9
    T23).
    """
    survey = context.evaluation.survey
    evaluation = context.evaluation
    lines: list[Line] = []
    if survey is not None:
        lines += [*_sample(survey), *_missing(survey), *_weights(survey)]
        lines.append(_share("answers given by another person (Q8), %", survey.sample, "proxy"))
    lines += _implementers(context)
    if evaluation.tracing is not None:
        panel = evaluation.tracing.panel
        seen = panel.responded[panel.sample.active]
        by_other = panel.proxy[panel.sample.active]
        share = _of_interviews(by_other, seen | by_other)
        lines.append(("tracer study: interviews by proxy (Q8), %", share, PERCENT))
    cells = []
    units = {}
    for line in lines:
        if len(line) == 2:
            cells.append(single(context, line[0], "value", line[1]))
        else:
            name, value, units[line[0]] = line
            cells.append(rows([_stated(context, name, value, _unit(units[name]))]))
    notes = []
    sources = []
    if survey is not None:
        notes += [
            "Shares of the survey are weighted; counts are not.",
            "Q5, the reliability of the numbers, is figure F07.",
        ]
        sources.append(survey.source)
    if evaluation.inventory is not None:
        sources.append(context.text("inventory"))
    notes.append("Q7, definitions and breaks, is table T06; Q9, hashes, is table T23.")
    return Table(
        id="T06c",
        title="Quality of the data",
        cells=joined(cells),
        source=context.name(", ".join(filter(None, sources))),
        notes=tuple(notes),
        units=units,
    )


def _stated(context: Context, name: str, value: Stated, unit: str) -> Record:
    """The cell of a line: a number of persons, a share of them that may tell their number, or a
    plain figure.
    """
    if isinstance(value, Persons):
        return counted(name, "value", value)
    if isinstance(value, Part):
        return plain(name, "value", value.share, unit, standing=Standing(tells=(value.inside,)))
    if isinstance(value, Estimate):
        tells = counted_in(value, 0)
        cell = plain(name, "value", float(value.value[0]), unit, standing=Standing(tells=tells))
        return by_rule(context, cell, float(value.n[0]))
    return plain(name, "value", value, unit)


def _of_interviews(inside: Bool, all_of_them: Bool) -> Part:
    """The share in three digits: all of them would give both numbers away."""
    share = round(float(inside.sum() / max(all_of_them.sum(), 1)), 3)
    return Part(share, Persons.of("interviews", inside.ravel()))


def _sample(s: Survey) -> list[Line]:
    inside = s.sample.active
    design = s.sample.design
    frame = s.sample.frame.loc[inside]
    out: list[Line] = [("persons in the survey", Persons.among(s.sample), COUNT)]
    if s.has_households:
        out.append(("households", float(frame["hhid"].nunique()), COUNT))
    else:
        why = OWN_HOUSEHOLDS if s.each_row_a_household else NO_HOUSEHOLDS
        out.append(("households", NotEstimable(why)))
    if design.level == "element":
        out.append(("clusters of the variance", NotEstimable(NO_CLUSTERS)))
    else:
        out.append(("clusters of the variance", float(design.psus), COUNT))
    out.append(("strata", float(design.strata), COUNT))
    if s.definition is not None:
        whole = s.sample.frame
        out += [
            (name, Persons.among(s.sample, _is(whole, "mig_status", code)), COUNT)
            for name, code in _interviewed(s.definition)
        ]
    if s.absent is not None:
        reported = Persons.of("absent members", np.ones(len(s.absent), bool))
        out.append(("absent members reported", reported, COUNT))
    return out


def _interviewed(definition: lfs.Definition) -> list[tuple[str, str]]:
    """Rows and statuses of the groups that the definition can tell."""
    returned = [("returnees interviewed", "RET")] if definition.tells_return else []
    foreign = {"birth": "foreign-born interviewed", "citizenship": "foreign citizens interviewed"}
    told = definition.immigrant_by != "none"
    name = "immigrants interviewed" if returned else foreign.get(definition.immigrant_by, "")
    return returned + ([(name, "IMM")] if told else [])


def _unit(shown: tuple[float, int]) -> str:
    """The unit of a line: a share where it is shown in percent, a count, or a ratio."""
    if shown == PERCENT:
        return "share"
    return "number" if shown == COUNT else "ratio"


def _missing(s: Survey) -> list[Line]:
    """Q2: weighted share without an answer, of those who were asked."""
    frame = s.sample.frame
    out = list[Line]()
    asked = {
        "mig_last_country": _is(frame, "mig_status", "RET"),
        "wage_no_compen": _is(frame, "empstat", 1),
    }
    if {"age", "age_group"} & set(frame.columns):
        asked["lstatus"] = adults(frame, s.ages)
        if s.definition is not None:
            asked["mig_status"] = in_definition_ages(frame, s.definition)
        if "ed_mod_age" in frame.columns:
            youngest = frame["ed_mod_age"].astype(float).fillna(0.0).to_numpy()
            asked["educat7"] = age_bounds(frame)[0] >= youngest
    for column, name in ITEMS.items():
        row = Message("no answer (Q2): {what}, %", {"what": name})
        if column not in frame.columns:
            out.append((row, NotEstimable(UNASKED)))
            continue
        mask = asked.get(column, np.ones(len(frame), bool)) & was_asked(frame, column)
        marked = s.sample.with_columns({"_gone": frame[column].isna().to_numpy(float)}).where(mask)
        if not marked.active.any():
            out.append((row, NotEstimable("nobody was asked")))
            continue
        share = mean(marked, "_gone").annotated(kind="share")
        if share.value[0] < 1:
            out.append((row, share, PERCENT))
        else:
            out.append((row, NotEstimable("not asked in this survey: nobody has an answer")))
    return out


def _is(frame: pd.DataFrame, column: str, value: object) -> np.ndarray:
    if column not in frame.columns:
        return np.ones(len(frame), bool)
    own = frame[column]
    own = pd.to_numeric(own, errors="coerce") if isinstance(value, int) else own.astype("string")
    return (own == value).fillna(False).to_numpy(bool)


def _weights(s: Survey) -> list[Line]:
    """Q4 and Q6 of the weights in use."""
    last = weight_diagnostics(s.sample).iloc[-1]
    out: list[Line] = [
        ("design effect of the weights (Q4, Kish)", float(last["kish_deff"]), PLAIN),
        # times the design effect they are all of them
        ("effective persons (Q4)", Part(float(last["n_eff"]), Persons.among(s.sample)), COUNT),
        _spread_line(s.sample),
    ]
    gap = "largest gap to a control total (Q6), %"
    table = margins_before_after(s.sample)
    if table.empty:
        out.append((gap, NotEstimable("no control totals were supplied")))
    else:
        missed = table["unmet"].abs() / table["total"].clip(lower=1)
        out.append((gap, float(missed.max()), PERCENT))
    return out


def weight_spread(sample: Sample, step: int) -> float:
    """99th over 1st percentile of the weights after a step; NaN where fewer than 10 persons lie at
    or beyond one of the two, or weights are not positive.
    """
    w = sample.design.weights_after(step)
    w = np.asarray(w[sample.domain] if w.size == sample.domain.size else w, float)
    w = w[w != 0]
    if not w.size or w.min() <= 0:
        return float("nan")
    low, high = np.quantile(w, [0.01, 0.99], method="inverted_cdf")
    return float(high / low) if min((w <= low).sum(), (w >= high).sum()) >= BEYOND else float("nan")


def _spread_line(sample: Sample) -> Line:
    name = "99th over 1st percentile of the weight (Q4)"
    ratio = weight_spread(sample, len(sample.design.steps))
    if np.isfinite(ratio):
        return name, ratio, (1.0, 1)
    return name, NotEstimable("fewer than 10 persons lie at or beyond a percentile")


def _share(name: str, sample: Sample, column: str) -> Line:
    if column not in sample.frame.columns:
        return name, NotEstimable(UNASKED)
    known = sample.where(sample.frame[column].notna().to_numpy(bool))
    if not known.active.any():
        return name, NotEstimable("nobody has a value")
    yes = (
        known.frame[column].astype("string").str.lower().isin(["1", "1.0", "true"]).to_numpy(float)
    )
    share = mean(known.with_columns({"_yes": yes}), "_yes").annotated(kind="share")
    return name, share, PERCENT


def _implementers(context: Context) -> list[Line]:
    inventory = context.evaluation.inventory
    if inventory is None:
        return []
    asked, answered = "implementers asked", "implementers who answered (Q1), %"
    out: list[Line] = []
    try:
        rates = inventory.response_rate().iloc[0]
        out += [
            (asked, float(rates["sent"]), COUNT),
            (answered, float(rates["response_rate"]), PERCENT),
        ]
    except MismesError as error:
        out.append((answered, NotEstimable(error.problems[0].reason)))
    missing = inventory.item_missing()
    asked_for = missing[missing["field"].isin(list(inventory.completeness().fields["field"]))]
    share = float(asked_for["n_missing"].sum() / max(asked_for["n"].sum(), 1))
    none = NotEstimable("no inventory of a second coder was supplied")
    return [
        *out,
        ("items missing in the inventory (Q2), %", share, PERCENT),
        ("agreement of two coders (Q3, kappa)", none),
    ]


def margins(context: Context, s: Survey) -> Items:
    """T12b: every control total before and after calibration."""
    table = margins_before_after(s.sample)
    if table.empty:
        return []
    cells = []
    counted_in = _persons_of_margins(s.sample, table)
    columns = table[["margin", "rows", "before", "after", "total"]]
    for (name, n, before, after, total), who in zip(
        columns.itertuples(index=False), counted_in, strict=True
    ):
        row = _margin(context, str(name))
        missed = (before / total - 1) * 100 if total else np.nan
        left = (after / total - 1) * 100 if total else np.nan
        cells += [
            plain(row, "persons interviewed", n, "persons", standing=who),
            plain(row, "before, thousand", before / 1e3, "thousand persons", standing=who),
            plain(row, "control total, thousand", total / 1e3, "thousand persons"),
            plain(row, "before against total, %", missed, "%", standing=who),
            plain(row, "after against total, %", left, "%"),
        ]
    units = {
        "persons interviewed": COUNT,
        "before, thousand": (1.0, 1),
        "control total, thousand": (1.0, 1),
        "before against total, %": (1.0, 1),
        "after against total, %": (1.0, 3),
    }
    title = "Control totals before and after calibration"
    return [Table("T12b", title, rows(cells), s.source, units=units)]


def _persons_of_margins(sample: Sample, table: pd.DataFrame) -> list[Standing]:
    """Who is counted in each cell of the margins: the cells of one margin add up to everybody, and
    how many that are is known. The cells are those of the sample's rows, so that two margins and
    other tables add up; where columns do not tell who is in a cell, each margin is by itself.
    """
    place = (table["step"].astype(str) + table["margin"].str.partition("=")[0]).to_numpy(str)
    out: list[Standing] = []
    for name in dict.fromkeys(place):
        mine = table[place == name]
        step = int(mine["step"].iloc[0])
        n = mine["rows"].to_numpy(int)
        weights = sample.design.weights_after(step - 1)
        inside = _cells_of_rows(sample, mine["margin"])
        file = population(sample.design)
        if weights.size == sample.n:
            inside &= sample.domain & (weights != 0)
        if inside.sum(axis=1).tolist() != n.tolist():
            file = f"T12b, {name}"
            inside = np.repeat(np.eye(n.size, dtype=bool), n, axis=1)
        whole = Persons.of(file, np.logical_or.reduce(inside))
        cells = [Persons.of(file, cell) for cell in inside]
        out += [Standing(persons=whole, tells=(cell,), whole=whole) for cell in cells]
    return out


def _cells_of_rows(sample: Sample, names: pd.Series) -> Bool:
    """(cells, n) which rows a margin's cells name: "sex x age=1, 15-19"; none without a column."""
    columns = names.iloc[0].partition("=")[0].split(" x ")
    if not {*columns} <= {*sample.frame.columns}:
        return np.zeros((len(names), sample.n), bool)
    own = sample.frame[columns].astype(str).agg(", ".join, axis=1).to_numpy(str)
    levels = names.str.partition("=")[2].to_numpy(str)
    return np.asarray(own == levels[:, None])


def _margin(context: Context, name: str) -> str:
    """A cell of a margin in words: "male x age_group=(np.int64(0), '15-19')" is "women, 15-19"; a
    region or another answer stands after the name of its column.
    """
    keys, _, values = name.partition("=")
    columns = keys.split(" x ")
    answers = _MARGIN.sub(r"\1", values).strip("()").replace("'", "").split(", ", len(columns) - 1)
    if len(answers) != len(columns):
        return context.name(name)
    parts = []
    for column, given in zip(columns, answers, strict=True):
        code = answer(column, given)
        if column not in DESIGN:
            parts.append(context.name(f"{column} {code}"))
        elif len(columns) == 1 or column not in ("male", "age_group"):
            parts.append(context.answer(DESIGN[column], code))
        else:
            parts.append(context.words.level(code))
    return context.name(", ".join(parts))


def reliability(
    context: Context, tables: Sequence[Table], source: str, basis: Sequence[str]
) -> Items:
    """F07: coefficient of variation against persons, over the numbers of these tables that carry
    one; what is confidential stays out.
    """
    kinds = ["proportion", "share", "total", "mean", "ratio"]
    keys = [
        key
        for table in tables
        for key in keys_of(table.id, table.cells[table.cells["kind"].isin(kinds)])
    ]
    draw = partial(_drawn_reliability, context, source, basis)
    return [PictureSpec("F07", RELIABILITY, draw, refers=tuple(keys))]


def _drawn_reliability(
    context: Context, source: str, basis: Sequence[str], published: pd.DataFrame
) -> Figure | str:
    """The numbers that are shown with their n, and their coefficients of variation."""
    frame = published.loc[
        (published["cv"] > CERTAIN) & np.isfinite(published["n"]), ["n", "cv", "table"]
    ].rename(columns={"table": "group"})
    if len(frame) < LEAST:
        reason = "fewer than 5 numbers carry a coefficient of variation"
        return context.nothing("F07", context.text("reliability of the numbers"), reason)
    limits = (context.rules.cv_flag, context.rules.cv_suppress)
    note = context.text(
        "n: {k:,} numbers of the tables named in the legend; each stands on the persons of its"
        " place on the axis.",
        k=len(frame),
    )
    return figures_tracer.reliability(
        context.caption("F07", RELIABILITY, source, (note, *basis)), frame, limits
    )
