"""For whom a measure works: the main effect by group of persons and by feature of the measures,
with p-values that count how many were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval import inventory as inventories
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.frame import codes
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.did.heterogeneity import GroupEffects, by_group, joint
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.multiple_testing import adjust_pvalues
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.tracer import TracerPanel

ALL = "all measures"
SEX, SKILL, VULNERABLE, VOLUNTARY, MODEL = (
    "sex",
    "skill level",
    "vulnerable",
    "voluntariness of return",
    "model of the measure",
)
YES, NO = ("true", "1", "1.0", "yes"), ("false", "0", "0.0", "no")
_LEVEL = "_level"
RETURN_KINDS = {
    "SPONT": "voluntary",
    "AVRR": "voluntary",
    "DEPORT": "forced",
    "READMISSION": "forced",
}
GROUP_COLUMNS = {SEX: "male", SKILL: "isced", VULNERABLE: "vulnerable", VOLUNTARY: "ret_type"}
_SKILLS = {"LOW": "low (ISCED 0-2)", "MED": "medium (ISCED 3-4)", "HIGH": "high (ISCED 5-8)"}
_SCORES = {
    0.0: "not or slightly",
    1.0: "not or slightly",
    2.0: "partly or fully",
    3.0: "partly or fully",
}


@dataclass(frozen=True)
class Family:
    """Several effects that were looked at together. estimate: their joint Estimate; romano_wolf,
    benjamini_hochberg (p,): adjusted p-values.

    place : for each effect that was given, its place among the p. Effects of the same persons, or
        their opposites, are one effect and count once.
    """

    estimate: Estimate
    romano_wolf: Float
    benjamini_hochberg: Float
    place: tuple[int, ...]


@dataclass(frozen=True)
class ForWhom:
    """groups: (measure, factor) -> effects of its groups, or the reason why there are none;
    effects, differences: everything estimated, as one family each.
    """

    groups: Mapping[tuple[str, str], GroupEffects | NotEstimable]
    effects: Family | NotEstimable
    differences: Family | NotEstimable

    def positions(self, which: str) -> dict[tuple[str, str, str], int]:
        """(measure, factor, group) -> place in a family; which: "effects" or "differences". Groups
        of the same persons share one.
        """
        keys = [
            (measure, factor, str(name))
            for (measure, factor), effects in self.groups.items()
            if isinstance(effects, GroupEffects)
            for name in _names(effects, which)
        ]
        found = self.effects if which == "effects" else self.differences
        return {
            key: place if isinstance(found, NotEstimable) else found.place[place]
            for place, key in enumerate(keys)
        }


def for_whom(params: Params, study: Tracing, inventory: inventories.Inventory | None) -> ForWhom:
    """The main effect of each measure by sex, skill, vulnerability, voluntariness of return and the
    columns of the params. Model and success factors are features of a measure: their units are
    measures, and why they are not compared over persons stands in their place.

    Covariates of the params that have one value in a group (education within a skill level) are
    left out there.
    """
    outcome, wave = params.impact.main_outcome, params.impact.main_wave
    covariates, method = params.impact.covariates, params.impact.method

    def estimate(data: TracerPanel) -> Estimate:
        study.comparable(outcome)
        inside = data.sample.frame.loc[data.sample.active]
        moving = [column for column in (*covariates, study.measure) if inside[column].nunique() > 1]
        return att_2x2(
            data,
            outcome,
            TREATED,
            (study.baseline, wave),
            moving if method != "none" else (),
            method,
        )

    groups = {}
    for measure in study.measures:
        for factor, level in _of_persons(params, study).items():
            asked = _returned(study, measure, inventory, level) if factor == VOLUNTARY else level
            groups[measure, factor] = _by(estimate, study.of(measure), asked)
    for factor, reason in _of_measures(study, inventory).items():
        groups[ALL, factor] = reason
    done = [effects for effects in groups.values() if isinstance(effects, GroupEffects)]
    gaps = [effects.differences for effects in done if isinstance(effects.differences, Estimate)]
    seed = params.impact.seed
    return ForWhom(groups, family([effects.effects for effects in done], seed), family(gaps, seed))


def columns_compared(found: ForWhom) -> list[str]:
    """Columns of the tracer study that made groups with an effect of their own."""
    made = {f for (_, f), effects in found.groups.items() if isinstance(effects, GroupEffects)}
    return sorted({GROUP_COLUMNS.get(factor, factor) for factor in made})


def family(
    estimates: Sequence[Estimate], seed: int, across_waves: bool = False
) -> Family | NotEstimable:
    """Joint estimate and adjusted p-values of several effects, each counted once. across_waves:
    they were made with different attrition weights of one panel.
    """
    if not estimates:
        return NotEstimable("nothing could be estimated")
    try:
        together = on_base(estimates) if across_waves else joint(estimates)
        place = _places(together)
        together = together.select([place.index(number) for number in range(max(place) + 1)])
        wolf, hochberg = (
            adjust_pvalues(together, "romano_wolf", seed=seed),
            adjust_pvalues(together, "benjamini_hochberg"),
        )
    except MismesError as error:
        return NotEstimable(error.reason)
    return Family(together, wolf.adjusted, hochberg.adjusted, place)


def _places(e: Estimate) -> tuple[int, ...]:
    """Place of each value among the distinct ones: two that have the same size and move together
    (correlation 1 or -1) are one effect under two names.
    """
    size, se, both = np.abs(e.value), np.asarray(e.se), np.abs(e.vcov)
    alike = (
        np.isclose(size, size[:, None], rtol=1e-9, atol=0)
        & np.isclose(both, np.outer(se, se), rtol=1e-9, atol=0)
        & (e.n == e.n[:, None])
    )
    first = [int(np.argmax(row)) if row.any() else number for number, row in enumerate(alike)]
    order = list(dict.fromkeys(first))
    return tuple(order.index(place) for place in first)


def outcomes_family(
    effect: Effects, seed: int
) -> tuple[tuple[tuple[str, object], ...], Family | NotEstimable]:
    """Every outcome and wave of one measure as one family: which they are, in the family's order."""
    found = {
        key: estimate for key, estimate in effect.by_wave.items() if isinstance(estimate, Estimate)
    }
    return tuple(found), family(list(found.values()), seed, across_waves=True)


def _names(g: GroupEffects, which: str) -> Sequence[str]:
    if which == "effects":
        return g.effects.names
    return list(g.differences.keys["group"]) if isinstance(g.differences, Estimate) else []


def _by(
    estimate: Callable[[TracerPanel], Estimate], panel: TracerPanel, level: pd.Series | NotEstimable
) -> GroupEffects | NotEstimable:
    if isinstance(level, NotEstimable):
        return level
    active = panel.sample.active
    seen = sorted(level[active].dropna().unique())
    if len(seen) < 2:
        return NotEstimable(
            Message("everybody is in one group: {g}", {"g": str(seen[0])})
            if seen
            else "nobody has a value"
        )
    known = panel.with_columns({_LEVEL: level.to_numpy()}).where(level.notna().to_numpy(bool))
    first = next((value for value in (_SKILLS["LOW"], "voluntary") if value in seen), None)
    try:
        found = by_group(estimate, known, _LEVEL, first)
    except MismesError as error:
        return NotEstimable(error.reason)
    return replace(found, effects=found.effects.annotated(notes=_left_out(level, active)))


def _left_out(level: pd.Series, active: np.ndarray) -> tuple[str, ...]:
    gone = int((active & level.isna().to_numpy()).sum())
    if not gone:
        return ()
    return (
        Message(
            "{n} {n:=person without a group is|persons without a group are} left out.",
            {"n": f"{gone:,}"},
        ),
    )


def _of_persons(params: Params, study: Tracing) -> dict[str, pd.Series | NotEstimable]:
    """Factor -> group of each person (n,), missing where unknown. Columns of the params come first,
    under their own name.
    """
    frame = study.panel.sample.frame
    out: dict[str, pd.Series | NotEstimable] = {}
    for column in dict.fromkeys((*params.impact.groups, "male")):
        if column not in frame.columns:
            out[column] = NotEstimable(
                Message("the tracer study has no column '{c}'", {"c": column})
            )
        elif column == "male":
            out[SEX] = pd.to_numeric(frame["male"], errors="coerce").map({1.0: "men", 0.0: "women"})
        else:
            out[column] = frame[column].astype("string")
    if "isced" in frame.columns:
        level = codes("isced2011").set_index("code")["skill_level"]
        out[SKILL] = (
            pd.to_numeric(frame["isced"], errors="coerce")
            .astype("Int64")
            .astype("string")
            .map(level.astype(str).to_dict())
            .map(_SKILLS)
        )
    else:
        out[SKILL] = NotEstimable("the tracer study has no column 'isced'")
    out[VULNERABLE] = flagged(frame)
    if "ret_type" in frame.columns:
        out[VOLUNTARY] = frame["ret_type"].astype("string").map(RETURN_KINDS)
    else:
        out[VOLUNTARY] = NotEstimable(
            "the tracer study does not say whether a return was voluntary (column 'ret_type':"
            " SPONT, AVRR, DEPORT or READMISSION)"
        )
    return out


def flagged(frame: pd.DataFrame) -> pd.Series | NotEstimable:
    """Who the study counts as vulnerable: "yes", "no", or missing."""
    if VULNERABLE not in frame.columns:
        return NotEstimable("the tracer study does not say who is vulnerable (column 'vulnerable')")
    words = dict.fromkeys(YES, "yes") | dict.fromkeys(NO, "no")
    return frame[VULNERABLE].astype("string").str.lower().map(words)


def _returned(
    study: Tracing,
    measure: str,
    inventory: inventories.Inventory | None,
    level: pd.Series | NotEstimable,
) -> pd.Series | NotEstimable:
    """Groups by voluntariness of return, or that the question does not arise: nobody of the measure
    had returned when it began.
    """
    inside = study.of(measure).sample
    if isinstance(level, pd.Series) and level[inside.active].notna().any():
        return level
    if not returnees(study, measure, inventory):
        return NotEstimable(
            "does not apply: people take part before or during their migration, not after a return"
        )
    return (
        level
        if isinstance(level, NotEstimable)
        else NotEstimable("nobody said whether the return was voluntary")
    )


def returnees(study: Tracing, measure: str, inventory: inventories.Inventory | None) -> bool:
    """Whether a measure is for people who have returned: by the event from which the tracer counts,
    else by its stage in the inventory; true where neither says.
    """
    inside = study.of(measure).sample
    if "event_type" in inside.frame.columns:
        events = inside.frame.loc[inside.active, "event_type"].dropna().astype(str)
        if set(events) & {"RETURN", "DEPART"}:
            return bool((events == "RETURN").any())
    if inventory is None:
        return True
    rows = inventory.frame[inventory.frame["measure_id"].astype(str) == measure]
    stages = set(rows["stage_code"].dropna().astype(str))
    return not stages or bool(stages - {"BEF", "DUR"})


def _of_measures(
    study: Tracing, inventory: inventories.Inventory | None
) -> dict[str, NotEstimable]:
    """Factor -> why what the inventory says of the measures is not compared in one country. The
    error of such a comparison is that of measures, of which a country has a handful: persons of two
    measures give it a p-value that it does not have.
    """
    names = {"model_primary": MODEL, **FACTORS}
    if inventory is None:
        return dict.fromkeys(names.values(), NotEstimable("no inventory was supplied"))
    rows = inventory.frame.drop_duplicates("measure_id")
    followed = rows[rows["measure_id"].astype(str).isin(study.measures)]
    out = {}
    for column, factor in names.items():
        value = followed[column].astype("string")
        if column != "model_primary":
            value = pd.to_numeric(followed[column]).map(_SCORES).astype("string")
        seen = sorted(value.dropna().unique())
        what = ", ".join(seen) if seen else "not scored"
        alike = Message(
            "all measures followed by the tracer study are alike here ({what}): nothing to compare",
            {"what": what},
        )
        units = Message(
            "a feature of measures has measures as its units, and {k} are followed here: measures"
            " are compared in the synthesis of countries",
            {"k": f"{int(value.notna().sum())}"},
        )
        out[factor] = NotEstimable(alike if len(seen) < 2 else units)
    return out
