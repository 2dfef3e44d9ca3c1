"""What the indicators of one call share, and the way from a measure on persons to an Estimate with
its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.quantile import quantile
from mismes_eval.estimate.totals import mean, proportion, total
from mismes_eval.lfs.catalogue import Indicator
from mismes_eval.lfs.definitions import DefinitionLike, as_definition
from mismes_eval.lfs.labour import Measure
from mismes_eval.lfs.migrants import in_definition_ages, migration_status
from mismes_eval.lfs.moves import Several
from mismes_eval.lfs.persons import LABELS, Ages, aged, aged_said, breakdown
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.read_once import carried
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable

ICLS_19 = "19th ICLS resolution (2013)"
SILENT = "{n} of {all} persons in the universe gave no answer and are left out."


@dataclass(frozen=True)
class Context:
    """status (n,), missing where unknown; in_age (n,) age range of the migrant definition; target: statuses
    that measures address; rates: currency units per EUR; untold: an indicator that the definition
    cannot tell.
    """

    sample: Sample
    by: tuple[str, ...]
    ages: Ages
    status: pd.Categorical[str]
    in_age: Bool
    target: tuple[str, ...]
    absent: pd.DataFrame | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    untold: str = ""

    @property
    def frame(self) -> pd.DataFrame:
        return self.sample.frame

    @property
    def targeted(self) -> Bool:
        """(n,) persons whom support measures address."""
        return self.in_age & self.status.isin(list(self.target))

    def among(self, rows: Bool) -> Context:
        """The same context with a narrower domain."""
        return replace(self, sample=self.sample.where(rows))

    def broken_down(self, by: By) -> Context:
        """The same context with the columns of a breakdown."""
        names = tuple(str(name) for name in as_names(by, "by", EstimateError))
        columns = {name: breakdown(self.frame, name) for name in names}
        return replace(self, sample=self.sample.with_columns(columns), by=names)


def context(
    sample: Sample,
    definition: DefinitionLike | None,
    ages: Ages,
    target: tuple[str, ...],
) -> Context:
    """Statuses under the definition (or as delivered), notes begun, no breakdown."""
    frame = sample.frame
    ages = ages.asked(frame)
    notes: list[str] = []
    if definition is not None:
        rule = as_definition(definition)
        status = migration_status(frame, rule)
        in_age = in_definition_ages(frame, rule)
        notes.append(rule.text)
        if status.attrs["unknown"]:
            notes.append(
                Message(
                    "{n} persons in the age range have no status because an answer that decides is"
                    " missing.",
                    {"n": f"{status.attrs['unknown']:,}"},
                )
            )
        sample = sample.with_columns({"mig_status": status})
    elif "mig_status" in frame.columns:
        in_age = aged(frame, ages.labour_min, None, "the migration indicators")
        notes.append(
            "Migration status as delivered in the file (column mig_status); its definition is not"
            " part of the params."
        )
    else:
        in_age = aged(frame, ages.labour_min, ages.labour_max, "the labour-force indicators")
    told = pd.Categorical.from_codes(np.full(sample.n, -1), pd.Index(LABELS))
    if "mig_status" in sample.frame.columns:
        told = pd.Categorical(sample.frame["mig_status"])
    return Context(
        sample=sample,
        by=(),
        ages=ages,
        status=told,
        in_age=in_age,
        target=target,
        notes=tuple(notes),
    )


def words(c: Context, indicator: Indicator) -> Message:
    """Title, formula, universe and source of an indicator, for a table; each indicator of the list
    has an entry of the catalogue.
    """
    return Message(
        f"{indicator.title}: {indicator.definition}. Among {{whom}}. Source: {{source}}.",
        {"whom": _universe(c, indicator), "source": _source(c, indicator)},
        "definition",
    )


def _universe(c: Context, indicator: Indicator) -> Message:
    """Who an indicator is about. A range of ages is part of the entry: a language agrees "aged"
    with who is.
    """
    targets = " and ".join(
        f"{LABELS[target]}s" if target in LABELS else target for target in c.target
    )
    ages = {"labour": c.ages.labour, "neet": aged_said(c.ages.neet_min, c.ages.neet_max)}
    template = indicator.universe
    values: dict[str, object] = {"cell": f"{c.ages.match_cell}", "target": targets}
    for name, aged_words in ages.items():
        if f"{{{name}}}" in template:
            template = template.replace(f"{{{name}}}", aged_words.template)
            values |= aged_words.values
    return Message(template, values)


def _source(c: Context, indicator: Indicator) -> str:
    """The source of an indicator; with what the file says of its labour status, where that is older
    than the resolution.
    """
    if indicator.source != ICLS_19 or "icls_v" not in c.frame.columns:
        return indicator.source
    versions = set(c.frame.loc[c.sample.active, "icls_v"].dropna().astype(str).unique())
    if versions != {"ICLS-13"}:
        return indicator.source
    return f"{ICLS_19}, with employment as the 13th ICLS (1982) defines it"


def labelled(
    c: Context,
    indicator: Indicator,
    e: Estimate,
    concerned: Bool,
    answered: Bool,
    notes: tuple[str, ...] = (),
) -> Estimate:
    """An Estimate with its unit, definition, notes and id. concerned, answered: (n,) persons in the
    universe, and persons with an answer.
    """
    silent = np.count_nonzero(concerned & ~answered)
    said = {"n": f"{silent:,}", "all": f"{np.count_nonzero(concerned):,}"}
    left_out = (Message(SILENT, said),) if silent else ()
    out = e.annotated(
        unit=indicator.unit, definition=words(c, indicator), notes=c.notes + left_out + notes
    )
    return replace(
        out,
        extra={
            "id": indicator.id,
            "title": indicator.title,
            "source": indicator.source,
            "minimum_n": indicator.minimum_n,
            "n_without_answer": silent,
        },
    )


def nobody(c: Context, indicator: Indicator, concerned: Bool) -> NotEstimable:
    """The reason why an indicator has no rows."""
    reason = Message(
        "Nobody in the universe has an answer."
        if concerned.any()
        else "Nobody in the sample belongs to the universe.",
        kind="reason",
    )
    if indicator.id.startswith("L5."):
        reason = reason.extended(" Realised matches need ISCO codes of two digits or more.")
    return NotEstimable(reason, words(c, indicator))


def estimate(
    c: Context, indicator: Indicator, measure: Measure | Several, probs: tuple[float, ...] = ()
) -> Result:
    """Weighted share, mean, total or quantiles (probs) of a measure among those of its universe who
    answered.
    """
    value = measure.value if isinstance(measure, Several) else measure.value[:, None]
    concerned = measure.universe & c.sample.active
    base = concerned & ~np.isnan(value).any(axis=1)
    if not base.any():
        return nobody(c, indicator, concerned)
    labels = (
        [f"{indicator.id} {label}" for label in measure.labels]
        if isinstance(measure, Several)
        else [indicator.id]
    )
    answers = value == 1 if indicator.unit == "share" else value
    read = {
        **{name: c.frame[name] for name in c.by},
        **{label: answers[:, j] for j, label in enumerate(labels)},
    }
    frame = carried(c.frame, pd.DataFrame(read, index=c.frame.index, copy=False))
    domain = replace(c.sample, frame=frame).where(base)
    by = list(c.by) or None
    if probs:
        out = quantile(domain, labels[0], probs, by)
    else:
        estimator = {"persons": total, "share": proportion}.get(indicator.unit, mean)
        out = estimator(domain, labels, by)
    return labelled(c, indicator, out, concerned, base)
