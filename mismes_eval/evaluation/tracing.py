"""The tracer study of a run: panel with its design and attrition, one impact question a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import EstimateError, InputError, MismesError, Problem
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.two_by_two import att_2x2
from mismes_eval.tracer import TracerPanel, attrition_weights
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
TREATED = "_treated"


@dataclass(frozen=True)
class Tracing:
    """panel: all persons; measures: their ids; measure: column that names them; baseline and waves as in the params; months: wave -> months since enrolment."""

    panel: TracerPanel
    measures: tuple[str, ...]
    measure: str
    baseline: object
    waves: tuple[object, ...]
    months: Mapping[object, float]
    source: str
    services: pd.DataFrame | None

    def of(self, measure: str) -> TracerPanel:
        """The panel with one measure's treated and comparison persons as its domain."""
        mine = (self.panel.sample.frame[self.measure].astype("string") == measure).fillna(False).to_numpy(bool)
        return replace(self.panel, sample=self.panel.sample.where(mine))


@dataclass(frozen=True)
class Effects:
    """The impact question of one measure: outcome and wave -> effect; pre-trend tests; what stands beside the headline."""

    measure: str
    by_wave: Mapping[tuple[str, object], Result]
    unadjusted: Mapping[tuple[str, object], Result]
    pre: Mapping[str, Result]
    baseline_mean: Mapping[tuple[str, object], Result]
    n_treated: int
    n_comparison: int


def tracing(params: Params) -> Tracing | None:
    """The tracer study that a run names; None where none is supplied."""
    paths = {k: params.path(f"inputs.tracer_{k}") for k in ("person", "wave", "outcome", "service")}
    if paths["person"] is None:
        return None
    if paths["wave"] is None or paths["outcome"] is None:
        raise InputError(Problem("the tracer study is not complete", "params, section 'inputs'", "tracer_person, tracer_wave and tracer_outcome"))
    person = frames.read(paths["person"], template="tracer_person").frame
    wave = frames.read(paths["wave"], template="tracer_wave").frame
    outcome = frames.read(paths["outcome"], template="tracer_outcome").frame
    treated = params.text("tracer.treated") or "arm"
    measure = params.text("tracer.measure") or "measure_id"
    missing = [c for c in (treated, measure, str(params.text("tracer.weights"))) if c not in person.columns]
    if missing:
        raise InputError([Problem("the tracer study lacks a column", f"{paths['person'].name}, column '{c}'", "a column of tracer_person") for c in missing])
    person = person.assign(**{TREATED: _arm(person[treated], paths["person"].name)})
    sample = Sample.from_frame(
        person, weights=params.text("tracer.weights"), strata=params.items("tracer.strata") or None, psu=params.items("tracer.psu") or None, lonely_psu="adjust"
    ).flagged(*((SYNTHETIC,) if params.synthetic else ()))
    repeated = [c for c in outcome.columns if c in wave.columns and c not in ("person_id", "wave")]
    long = wave.merge(outcome.drop(columns=repeated), on=["person_id", "wave"], how="left", validate="one_to_one")
    panel = TracerPanel.from_frame(long, sample=sample, disposition="disp_code")
    panel = attrition_weights(panel, params.items("tracer.attrition_covariates"))
    measures = tuple(params.items("tracer.measures")) or tuple(sorted(person.loc[person[TREATED] == 1, measure].dropna().astype(str).unique()))
    waves = tuple(int(w) for w in params.items("tracer.waves"))
    unknown = [w for w in (params.integer("tracer.baseline"), *waves) if w not in panel.waves]
    if unknown:
        raise InputError(Problem("a wave of the params is not in the data", "params, section 'tracer'", f"waves {panel.waves}", ", ".join(map(str, unknown))))
    services = None if paths["service"] is None else frames.read(paths["service"], template="tracer_service").frame
    return Tracing(panel, measures, measure, params.integer("tracer.baseline"), waves, _months(long), paths["person"].name, services)


def _arm(column: pd.Series, file: str) -> pd.Series:
    known = {"T": 1.0, "C": 0.0, "1": 1.0, "0": 0.0, "True": 1.0, "False": 0.0, "1.0": 1.0, "0.0": 0.0}
    out = column.astype("string").map(known).astype(float)
    bad = out.isna().to_numpy()
    if bad.any():
        raise InputError(Problem("the arm is neither treated nor comparison", f"{file}, column '{column.name}'", "T or C", str(column[bad].iloc[0]), "", int(bad.sum())))
    return out


def _months(long: pd.DataFrame) -> dict[object, float]:
    """Median months between the target dates of a wave and of the first wave."""
    if "target_date" not in long.columns:
        return {w: float("nan") for w in long["wave"].unique()}
    date = pd.to_datetime(long["target_date"])
    first = date.groupby(long["person_id"]).transform("min")
    return {w: float(v) for w, v in ((date - first).dt.days / 30.4375).groupby(long["wave"]).median().round(0).items()}


def effects(params: Params, study: Tracing, measure: str) -> Effects:
    """Difference-in-differences of every outcome and wave of one measure. A number that cannot be had is NotEstimable with the reason."""
    panel = study.of(measure)
    covariates = tuple(params.items("impact.covariates"))
    method = params.text("impact.method") or "dr"
    by_wave: dict[tuple[str, object], Result] = {}
    plain: dict[tuple[str, object], Result] = {}
    level: dict[tuple[str, object], Result] = {}
    for outcome in params.items("impact.outcomes"):
        for w in study.waves:
            by_wave[outcome, w] = _tried(lambda o=outcome, t=w: att_2x2(panel, o, TREATED, (study.baseline, t), covariates, method))  # type: ignore[misc, arg-type]
            plain[outcome, w] = _tried(lambda o=outcome, t=w: att_2x2(replace(panel, attrition=None), o, TREATED, (study.baseline, t), (), "none"))  # type: ignore[misc]
    pre = {str(o): _pre_trend(panel, str(o), str(c), study.baseline, covariates, method) for o, c in params.mapping("impact.pre").items()}
    inside = panel.sample.active
    d = panel.sample.frame[TREATED].to_numpy(float)
    return Effects(measure, by_wave, plain, pre, level, int((d[inside] == 1).sum()), int((d[inside] == 0).sum()))


def _pre_trend(panel: TracerPanel, outcome: str, before: str, baseline: object, covariates: tuple[str, ...], method: str) -> Result:
    """The same estimator where no effect can be: from a year before enrolment to enrolment."""
    if before not in panel.sample.frame.columns:
        return NotEstimable(f"the tracer study has no column '{before}'")
    at = panel.values(outcome, baseline)
    sample = panel.sample.with_columns({f"{outcome} at enrolment": at})
    seen = np.isfinite(at) & sample.frame[before].notna().to_numpy()
    return _tried(lambda: att_2x2(sample.where(seen), (before, f"{outcome} at enrolment"), TREATED, None, covariates, method))  # type: ignore[arg-type]


def _tried(estimator: object) -> Result:
    try:
        return estimator()  # type: ignore[operator, no-any-return]
    except EstimateError as error:
        return NotEstimable(str(error.problems[0]))
    except MismesError as error:
        return NotEstimable(str(error.problems[0]))
