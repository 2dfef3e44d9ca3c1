"""What evaluations found: effects that country reports published, with the verdict on each, effects
of outside evaluations, and evaluations that records name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.estimate.verdict import Sign, Span, Verdict
from mismes_eval.evaluation.outside_evidence import (
    NOT_ASSESSED,
    OUTSIDE,
    OWN,
    OutsideEvidence,
    beside,
    better_of,
)
from mismes_eval.evaluation.published_effects import (
    SHOWN,
    Reference,
    headlines,
    references,
    unlike,
)
from mismes_eval.evaluation.synthesis import effects_of
from mismes_eval.frame import codes
from mismes_eval.inventory.indicators import evaluated
from mismes_eval.report.synthesis.published import Origin

MADE_UP = "SYNTHETIC"
STRONG, COMPARED = 4, 2  # strength of a design from which it is strong, or has a comparison


@dataclass(frozen=True)
class Evaluation:
    """An effect of one measure on one outcome, as a report or an outside evaluation gives it.

    kind : own or outside.
    measure_id : in the repository, empty where it is not there; measure : as the source names it.
    better : whether "more" or "less" of the outcome is better; empty: neither, or nobody says so.
    ci_low, ci_high : the interval that speaks; direction : its verdict.
    main : whether the report's headline is of it; grade : how sure that is.
    design : in the words of a report, or a code; design_code : code of `impact_designs`.
    quality : class of the design.
    source : name of the report, or citation.  The hashes are of a report's manifest and results.
    """

    kind: str
    measure_id: str
    measure: str
    country: str
    model: str
    outcome: str
    better: str
    months: float
    unit: str
    value: float
    ci_low: float
    ci_high: float
    direction: Sign
    grade: str
    moved_apart: bool
    main: bool
    design: str
    design_code: str
    quality: str
    risk_of_bias: str
    source: str
    manifest_sha256: str
    results_sha256: str
    synthetic: bool

    @property
    def words(self) -> str:
        """Key of the words for its direction."""
        sided = self.better == "less" and self.direction in ("higher", "lower")
        return f"{self.direction}_less" if sided else self.direction

    @property
    def study(self) -> tuple[str, str, str, str]:
        """Effects of one measure in one source by one design are of one study."""
        return self.source, self.country, self.measure, self.design


COLUMNS = tuple(field.name for field in fields(Evaluation))


def evaluations(
    origins: Sequence[Origin], frame: pd.DataFrame, outside: OutsideEvidence | None = None
) -> list[Evaluation]:
    """Effects that reports show for measures of the repository, and those of outside evaluations.
    What a report hides, could not estimate or calls unreliable is not among them.

    Raises
    ------
    InputError : an effect of made-up data for a measure that is not made up, or the other way; a
        row of the file that names an effect by a hash and is not what the report says.
    """
    kinds = dict(zip(frame["measure_id"], frame["source_type"] == MADE_UP, strict=True))
    named: list[Reference] = []
    problems: list[Problem] = []
    if outside is not None:
        reports = [origin.published for origin in origins]
        problems += unlike(outside.frame, outside.name, reports)
        named = references(outside.frame, reports)
    found = [
        evaluation
        for origin in origins
        for evaluation in _of_report(origin, named, outside)
        if evaluation.measure_id in kinds
    ]
    if outside is not None:
        found += _cited(outside, frozenset(kinds))
    problems += _mixed(found, kinds)
    InputError.refuse(problems)
    return found


def _mixed(found: Sequence[Evaluation], kinds: Mapping[str, bool]) -> Iterator[Problem]:
    """Made-up effects of real measures, or the other way; made-up ones of measures that are not in
    the repository, beside real records.
    """
    real = not all(kinds.values())
    here = [
        effect
        for effect in found
        if effect.measure_id in kinds and effect.synthetic != kinds[effect.measure_id]
    ]
    elsewhere = [
        effect for effect in found if effect.measure_id not in kinds and effect.synthetic and real
    ]
    wrong = {
        (effect.kind, effect.source, effect.measure_id or effect.country)
        for effect in (*here, *elsewhere)
    }
    for kind, source, measure in sorted(wrong):
        called = "report" if kind == OWN else "outside evaluation"
        yield Problem(
            "a report on made-up data for a measure that is not, or the other way",
            worded(
                "{called} {source}: {measure}",
                {"called": called, "source": source, "measure": measure},
            ),
            "evaluation and record both made up, or both not",
            fix="Name the folder of the right reports, the right file, or the right inventory.",
        )


def _of_report(
    origin: Origin, named: Sequence[Reference], outside: OutsideEvidence | None
) -> Iterator[Evaluation]:
    """What a report shows, with the interval with which it speaks."""
    effects = effects_of([origin.published])
    first = headlines(effects).tolist()
    for effect, main in zip(effects.to_dict("records"), first, strict=True):
        if effect["status"] != SHOWN or math.isnan(effect["value"]):
            continue
        of_report = [review for review in named if review.manifest_sha256 == origin.manifest_sha256]
        risk = [review.risk_of_bias for review in of_report if review.names(effect)]
        seen = risk[0] if risk else NOT_ASSESSED
        better = better_of(str(effect["outcome"]), outside)
        yield replace(_own(origin, effect, main, seen), better=better)


def _own(origin: Origin, effect: Mapping[Any, Any], main: bool, risk: str) -> Evaluation:
    value, low, high = (float(effect[name]) for name in ("value", "ci_low", "ci_high"))
    code = effect["design_code"] or "DID"  # older reports: every effect was one
    return Evaluation(
        kind=OWN,
        measure_id=str(effect["measure"]),
        measure=str(effect["measure"]),
        country=origin.country,
        model=str(effect["model"]),
        outcome=str(effect["outcome"]),
        better="",
        months=math.nan if effect["months"] is None else float(effect["months"]),
        unit=str(effect["unit_of_outcome"] or ""),
        value=value,
        ci_low=low,
        ci_high=high,
        direction=Verdict(Span(value, low, high)).sign,
        grade=str(effect["grade"] or ""),
        moved_apart=effect["moved_apart"] is True,
        main=main,
        design=str(effect["design"] or ""),
        design_code=code,
        quality=quality(_strength(code)),
        risk_of_bias=risk,
        source=origin.name,
        manifest_sha256=origin.manifest_sha256,
        results_sha256=origin.estimates_sha256,
        synthetic=origin.synthetic,
    )


def _cited(outside: OutsideEvidence, known: frozenset[str]) -> Iterator[Evaluation]:
    """Outside evaluations; measure_id is empty where the measure is not in the repository."""
    rows = beside(effects_of([]), [], outside)
    for row in rows[rows["kind"] == OUTSIDE].to_dict("records"):
        value, low, high = (float(row[name]) for name in ("value", "low", "high"))
        yield Evaluation(
            kind=OUTSIDE,
            measure_id=row["measure"] if row["measure"] in known else "",
            measure=row["measure"],
            country=row["country"],
            model=row["model"],
            outcome=row["outcome"],
            better=row["better"],
            months=float(row["months"]),
            unit=row["unit"],
            value=value,
            ci_low=low,
            ci_high=high,
            direction=Verdict(Span(value, low, high)).sign,
            grade="",
            moved_apart=False,
            main=False,
            design=row["design"],
            design_code=row["design"],
            quality=quality(_strength(row["design"])),
            risk_of_bias=row["risk_of_bias"],
            source=row["source"],
            manifest_sha256="",
            results_sha256="",
            synthetic=bool(row["synthetic"]),
        )


def headline(effects: Sequence[Evaluation]) -> Evaluation:
    """The effect that speaks for a study: that of the report's headline, else the latest."""
    main = [effect for effect in effects if effect.main]
    return max(main or effects, key=lambda e: -1.0 if math.isnan(e.months) else e.months)


def of_each_study(found: Sequence[Evaluation]) -> list[Evaluation]:
    """One effect of each study on each outcome."""
    studies: dict[tuple[str, ...], list[Evaluation]] = {}
    for effect in found:
        studies.setdefault((*effect.study, effect.model, effect.outcome), []).append(effect)
    return [headline(effects) for effects in studies.values()]


def as_frame(found: Sequence[Evaluation]) -> pd.DataFrame:
    """The evaluations as a table."""
    rows = list(map(attrgetter(*COLUMNS), found))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def recorded(frame: pd.DataFrame) -> pd.DataFrame:
    """Evaluations that records name: measure_id, model_primary and quality by the design."""
    done = frame.loc[evaluated(frame), ["measure_id", "model_primary", "impact_design"]]
    return done.assign(quality=[quality(_strength(code)) for code in done["impact_design"]])


def _strength(code: object) -> float:
    """Strength of a design by its code; 0 for none."""
    known = codes("impact_designs").set_index("code")["strength"].astype(float)
    return float(known.get(str(code), 0.0))


def quality(strength: float) -> str:
    """Class of a design by its strength: strong, medium or weak."""
    if strength >= STRONG:
        return "strong"
    return "medium" if strength >= COMPARED else "weak"
