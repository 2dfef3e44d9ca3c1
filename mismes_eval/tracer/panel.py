"""TracerPanel: persons at enrolment as a survey sample, their waves beside them, and the attrition steps that later estimates carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.frame.codes import codes
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.tracer.rates import response_rates
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns
from mismes_eval.weighting.steps import KnownFactor, ResponsePropensity

INTERVIEWED = ("I", "P")


@dataclass(frozen=True)
class AttritionPlan:
    """How persons lost are stood for. covariates: columns at enrolment; method "logit" or "cells"; fixed: propensities treated as known (for comparison only)."""

    covariates: tuple[str, ...]
    method: str = "logit"
    stabilised: bool = True
    fixed: bool = False


@dataclass(frozen=True)
class TracerPanel:
    """sample: one row a person; long: one row a person and wave; place (n, waves) row of `long`, -1 where there is none; attrition: plan or None."""

    sample: Sample
    long: pd.DataFrame
    unit: str
    wave: str
    waves: tuple[object, ...]
    place: Int
    disposition: str | None = None
    attrition: AttritionPlan | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        unit: str = "person_id",
        wave: str = "wave",
        sample: Sample | None = None,
        weights: str | None = None,
        strata: Columns = None,
        psu: Columns = None,
        disposition: str | None = None,
        nest: bool | None = None,
    ) -> TracerPanel:
        """A panel from a long frame.

        Parameters
        ----------
        frame : one row a person and wave.  unit, wave : its key.
        sample : one row a person at enrolment, with column `unit`; None: made from each person's first row with weights, strata and psu (None: equal weights).
        disposition : AAPOR code column; "abroad" codes are states. None: a row is an interview, no row is a loss.

        Raises
        ------
        InputError : duplicated person-waves, persons without an enrolment row, unknown dispositions.
        """
        problems = [Problem("the panel lacks a column", f"column '{c}'", "a column of the frame") for c in (unit, wave, *([disposition] if disposition else [])) if c not in frame.columns]
        if problems:
            raise InputError(problems)
        twice = frame.duplicated([unit, wave], keep=False).to_numpy()
        if twice.any():
            ids = frame.loc[twice, unit].drop_duplicates().head(5)
            problems.append(Problem("a person has more than one row in a wave", f"columns '{unit}' and '{wave}'", "one row a person and wave", "", "Keep one.", int(twice.sum()), tuple(ids)))
        gone = frame[[unit, wave]].isna().any(axis=1).to_numpy()
        if gone.any():
            problems.append(Problem("the key is missing", f"columns '{unit}' and '{wave}'", "a value in every row", "missing", "", int(gone.sum()), tuple(int(i) for i in np.flatnonzero(gone)[:5])))
        if disposition is not None:
            known = set(codes("dispositions")["code"].astype(str))
            value = frame[disposition].astype("string")
            bad = (value.isna() | ~value.isin(list(known))).to_numpy()
            if bad.any():
                problems.append(Problem("unknown disposition", f"column '{disposition}'", f"AAPOR codes {', '.join(sorted(known))}", str(value[bad].iloc[0]), "", int(bad.sum())))
        if problems:
            raise InputError(problems)
        frame = frame.reset_index(drop=True)
        if sample is None:
            sample = _enrolment(frame, unit, wave, weights, strata, psu, nest)
        where = pd.Index(sample.frame[unit])
        row = where.get_indexer(frame[unit])
        if where.has_duplicates or (row < 0).any():
            raise InputError(Problem("persons of the waves do not fit those at enrolment", f"column '{unit}'", "one enrolment row a person", "", "", int((row < 0).sum()), tuple(frame.loc[row < 0, unit].head(5))))
        waves = tuple(np.sort(frame[wave].unique()).tolist())
        place = np.full((sample.n, len(waves)), -1, np.intp)
        place[row, np.searchsorted(np.array(waves), frame[wave])] = np.arange(len(frame))
        return cls(sample, frame, unit, wave, waves, place, disposition)

    @property
    def n(self) -> int:
        return self.sample.n

    def _column(self, wave: object) -> int:
        if wave not in self.waves:
            raise InputError(Problem("no such wave", "argument 'wave'", f"one of {', '.join(map(str, self.waves))}", repr(wave)))
        return self.waves.index(wave)

    def values(self, column: str, wave: object) -> Float:
        """(n,) a numeric column at a wave, NaN where not observed."""
        if column not in self.long.columns:
            raise InputError(Problem("the panel lacks a column", f"column '{column}'", f"one of {', '.join(map(str, self.long.columns[:30]))}"))
        at = self.place[:, self._column(wave)]
        value = self.long[column].to_numpy(dtype=float, na_value=np.nan)
        return np.where(at >= 0, value[at], np.nan)

    def labels(self, column: str, wave: object) -> pd.Series:
        """(n,) any column at a wave, missing where not observed."""
        at = self.place[:, self._column(wave)]
        return self.long[column].astype(object).reindex(np.where(at >= 0, at, -1)).reset_index(drop=True)

    def responded(self, wave: object) -> Bool:
        """(n,) interviewed at a wave: complete, partial, abroad reached or by proxy."""
        at = self.place[:, self._column(wave)]
        if self.disposition is None:
            return at >= 0
        table = codes("dispositions")
        good = set(table.loc[table["outcome"].isin(INTERVIEWED), "code"].astype(str))
        hit = self.long[self.disposition].astype(str).isin(good).to_numpy()
        return np.where(at >= 0, hit[at], False)

    @cached_property
    def baseline(self) -> object:
        """The first wave in which everybody with weight was interviewed, or the first wave."""
        for w in self.waves:
            if self.responded(w)[self.sample.active].all():
                return w
        return self.waves[0]

    def patterns(self) -> pd.DataFrame:
        """Participation patterns over waves ("1" interviewed): n, weighted share, monotone or not."""
        seen = np.column_stack([self.responded(w) for w in self.waves])[self.sample.active]
        text = pd.Series(["".join("1" if v else "0" for v in row) for row in seen], dtype="string")
        w = self.sample.weights[self.sample.active]
        table = pd.DataFrame({"pattern": text, "w": w}).groupby("pattern").agg(n=("w", "size"), w=("w", "sum")).sort_values("n", ascending=False).reset_index()
        table["share"] = table.pop("w") / w.sum()
        table["monotone"] = [("01" not in p) for p in table["pattern"]]
        return table

    def outcome_rates(self, by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """AAPOR rates by wave (and by columns at enrolment): RR1-RR6, contact, cooperation, refusal, tracing. Unweighted counts, one row a group and wave."""
        if self.disposition is None:
            raise InputError(Problem("the panel has no dispositions", "argument 'disposition' of from_frame", "a column of AAPOR codes"))
        return response_rates(self, by)

    def weight_sample(self, waves: Sequence[object] | None = None) -> Sample:
        """The sample after the attrition steps of these waves (None: all). Persons not interviewed in one of them keep their row with weight 0."""
        chosen = [w for w in self.waves if w in (self.waves if waves is None else waves)]
        sample = self.sample
        for w in chosen:
            r = self.responded(w)
            if r[sample.weights != 0].all():
                continue
            if self.attrition is None:
                sample = sample.step(KnownFactor(f"interviewed in wave {w} (no attrition model)", r.astype(float)))
            else:
                sample = _attrition_step(sample, w, r, self.attrition)
        return sample

    def summary(self) -> pd.DataFrame:
        """Persons and interviews by wave."""
        active = self.sample.active
        rows = [{"wave": w, "persons": int(active.sum()), "interviewed": int(self.responded(w)[active].sum())} for w in self.waves]
        return pd.DataFrame(rows).assign(share=lambda f: f["interviewed"] / f["persons"])

    def _repr_html_(self) -> str:
        plan = f"attrition: {self.attrition.method} on {', '.join(self.attrition.covariates)}" if self.attrition else "no attrition model"
        return f"<p><strong>TracerPanel</strong>: {self.n:,} persons, {len(self.waves)} waves, {plan}</p>" + self.summary().to_html(index=False)


def attrition_weights(panel: TracerPanel, covariates: Sequence[str], method: str = "logit", stabilised: bool = True, fixed_weights: bool = False) -> TracerPanel:
    """A panel whose estimates stand for the persons lost: one response-propensity step a wave, multiplied over the waves that an estimate uses.

    Parameters
    ----------
    covariates : columns at enrolment, known for everybody.  method : "logit" or "cells".
    stabilised : multiply by the overall response rate, so that the sum of weights falls with the sample (Baulch and Quisumbing); means and effects do not change.
    fixed_weights : treat the propensities as known; shows what ignoring their estimation does to a standard error.
    """
    missing = [c for c in covariates if c not in panel.sample.frame.columns]
    if missing:
        raise InputError([Problem("an attrition covariate is unknown", f"column '{c}'", "a column at enrolment") for c in missing])
    return replace(panel, attrition=AttritionPlan(tuple(covariates), method, stabilised, fixed_weights))


def _attrition_step(sample: Sample, wave: object, responded: Bool, plan: AttritionPlan) -> Sample:
    column = f"_interviewed_{wave}"
    done = nonresponse(sample.with_columns({column: responded}), column, list(plan.covariates), plan.method)
    step = done.design.steps[-1]
    assert isinstance(step, ResponsePropensity)
    name = f"attrition to wave {wave} ({plan.method} on {', '.join(plan.covariates)})"
    inside = sample.weights != 0
    rate = float((sample.weights * responded)[inside].sum() / sample.weights[inside].sum())
    step = replace(step, name=name, stabiliser=np.full(sample.n, rate) if plan.stabilised else None)
    return sample.step(KnownFactor(name + ", propensity treated as fixed", step.factor) if plan.fixed else step)


def _enrolment(frame: pd.DataFrame, unit: str, wave: str, weights: str | None, strata: Columns, psu: Columns, nest: bool | None) -> Sample:
    first = frame.sort_values([unit, wave], kind="stable").drop_duplicates(unit).reset_index(drop=True)
    if weights is None:
        first, weights = first.assign(_equal=1.0), "_equal"
    return Sample.from_frame(first, weights=weights, strata=strata, psu=psu, nest=nest)
