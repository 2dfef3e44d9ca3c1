"""A wave while it is in the field: who is pending, who answered, how it will end, and what each
next step buys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import InputError, MismesError, ParamsError, Problem, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import own_table
from mismes_eval.frame.codes import codes
from mismes_eval.impact.planning.power import minimum_detectable_effect
from mismes_eval.message import Message, Name
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.tracer.diagnostics import r_indicator
from mismes_eval.tracer.response_model import ResponseModel
from mismes_eval.weighting.sample import Sample

PENDING = "0.1"
NOT_FIELDED = "0.2"
GROUPS = {"I": "interviewed", "P": "interviewed", "R": "refused", "NC": "not reached"}
MORE, FIFTH, FOUND = 100, 0.2, 0.7
FEW = 10  # interviews of an arm below which no detectable effect is told
LEVEL = 0.95


@dataclass(frozen=True)
class Forecast:
    """Interviews of an arm when the wave ends: sampled, expected, and the interval in which it will
    end in 95 of 100 waves if pending cases answer like those who were tried.
    """

    arm: str
    sampled: int
    expected: float
    low: int
    high: int


@dataclass(frozen=True)
class NextStep:
    """What one next step buys: persons it takes; the detectable effect and the width of the
    worst-case bounds afterwards, in points of a yes-no outcome.
    """

    name: Message
    persons: int
    detectable: float
    width: float


@dataclass(frozen=True)
class Earlier:
    """What earlier waves of the study tell a forecast: share with a yes in the main outcome among
    comparison persons at the last wave before this one; its correlation with enrolment, 0 where
    only one wave is known; source: a sentence.
    """

    share: float
    rho: float
    source: Message


@dataclass(frozen=True)
class WaveStatus:
    """wave, day; arms: one row an arm (sampled, pending, interviewed, refused, not reached, other,
    response rate among those tried); days: interviews by day and arm, cumulated; interviewers: one
    row each; forecasts; balance: standardised difference between arms among those interviewed, and
    among all enrolled; alike: R-indicator of those tried, or why there is none; steps; earlier:
    figures behind the detectable effect, None where no outcome of an earlier wave is known;
    to_trace: a random fifth of the lost with its probability.
    """

    wave: int
    day: date
    arms: pd.DataFrame
    days: pd.DataFrame
    interviewers: pd.DataFrame
    forecasts: tuple[Forecast, ...]
    balance: pd.DataFrame
    alike: Estimate | NotEstimable
    earlier: Earlier | None
    steps: tuple[NextStep, ...]
    to_trace: pd.DataFrame

    def forecast_table(self) -> pd.DataFrame:
        """One row an arm: sampled, expected, low, high."""
        return pd.DataFrame([vars(forecast) for forecast in self.forecasts])

    def step_table(self) -> pd.DataFrame:
        """One row a next step: persons, detectable (points), width (points)."""
        return pd.DataFrame([vars(step) for step in self.steps])


def day_of_share(params: Params, wave: int, share: float) -> date:
    """The day by which a share of a wave's dated cases was done, for a replay."""
    _, waves = wave_tables(params)
    days = pd.to_datetime(waves.loc[waves["wave"].astype(int) == wave, "fieldwork_date"])
    if days.notna().sum() == 0 or not 0 < share <= 1:
        raise InputError(
            Problem(
                "the wave cannot be replayed",
                worded("wave {wave}, share {share}", {"wave": wave, "share": share}),
                "a wave with dated cases, and a share above 0 and up to 1",
                worded("{days} dated cases", {"days": int(days.notna().sum())}),
            )
        )
    return pd.DatetimeIndex(days.dropna().sort_values())[
        ceil(share * days.notna().sum()) - 1
    ].date()


def on_day(waves: pd.DataFrame, wave: int, day: date) -> pd.DataFrame:
    """The cases of a wave as they stood at the end of a day: what came later is pending."""
    own = waves[waves["wave"].astype(int) == wave].copy()
    if own.empty:
        raise InputError(
            Problem(
                what="the wave has no cases",
                where=worded("wave {wave}", {"wave": wave}),
                expected=worded(
                    "waves {waves}", {"waves": ", ".join(map(str, sorted(waves["wave"].unique())))}
                ),
                got=worded("none"),
                fix="Read the export with `mismes collect`, which gives every sampled case a row.",
            )
        )
    done = pd.to_datetime(own["fieldwork_date"], errors="coerce")
    later = done.isna() | (done > pd.Timestamp(day))
    tried = ~own["disp_code"].astype(str).isin([PENDING, NOT_FIELDED])
    own["disp_code"] = own["disp_code"].astype(str).mask(later & tried, PENDING)
    for column in ("interviewer", "mode"):
        if column in own:
            own[column] = own[column].mask(later)
    if "n_attempts" in own:
        own["n_attempts"] = pd.to_numeric(own["n_attempts"]).mask(later, 0)
    return own.reset_index(drop=True)


def read_status(params: Params, wave: int, day: date, cases: Path | None = None) -> WaveStatus:
    """The state of a wave from the files of the params; cases: the tracer_wave file of
    `mismes collect`, where it is another one.
    """
    persons, waves = wave_tables(params, cases)
    outcomes = None
    if params.inputs.tracer_outcome is not None:
        outcomes = own_table(params.inputs.tracer_outcome, template="tracer_outcome").frame
    return wave_status(persons, waves, wave, day, params, outcomes)


def wave_tables(params: Params, cases: Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Persons and waves of the params' tracer study. Raises ParamsError where it names none."""
    person = params.inputs.tracer_person
    wave = cases or params.inputs.tracer_wave
    if person is None or wave is None:
        raise ParamsError(
            Problem(
                what="the params name no tracer study",
                where=params.source,
                expected="inputs.tracer_person and inputs.tracer_wave",
                got=worded("none"),
                fix="Name both; `mismes collect` makes the second.",
            )
        )
    persons = own_table(person, template="tracer_person").frame
    return persons, own_table(wave, template="tracer_wave").frame


def wave_status(
    persons: pd.DataFrame,
    waves: pd.DataFrame,
    wave: int,
    day: date,
    params: Params,
    outcomes: pd.DataFrame | None = None,
) -> WaveStatus:
    """The state of a wave on a day. persons: one row a person enrolled (person_id, arm, baseline
    columns); waves: one row a person and wave with its disposition; outcomes: one row a person and
    wave, from which the earlier waves tell what can be detected.
    """
    cases = on_day(waves, wave, day)
    cases = cases.merge(persons.drop_duplicates("person_id"), on="person_id", suffixes=("", "_p"))
    cases["state"] = cases["disp_code"].map(_states()).fillna("other")
    cases = cases[cases["state"] != "not fielded"]
    arms = _arms(cases)
    forecasts = tuple(_forecast(str(arm), rows) for arm, rows in cases.groupby("arm"))
    earlier = None
    if outcomes is not None:
        earlier = earlier_waves(persons, outcomes, wave, params.impact.main_outcome)
    return WaveStatus(
        wave=wave,
        day=day,
        arms=arms,
        days=_days(cases),
        interviewers=_interviewers(cases),
        forecasts=forecasts,
        balance=_balance(cases, params.tracer.attrition_covariates),
        alike=_alike(cases, params),
        earlier=earlier,
        steps=_steps(arms, earlier),
        to_trace=_fifth(cases, params.impact.seed + wave),
    )


def _states() -> dict[str, str]:
    """Disposition -> the state of its case."""
    outcomes = codes("dispositions").set_index("code")["outcome"]
    states = {str(code): GROUPS.get(outcome, "other") for code, outcome in outcomes.items()}
    return states | {PENDING: "pending", NOT_FIELDED: "not fielded"}


def _arms(cases: pd.DataFrame) -> pd.DataFrame:
    states = ["pending", "interviewed", "refused", "not reached", "other"]
    counts = pd.crosstab(cases["arm"], cases["state"]).reindex(columns=states, fill_value=0)
    tried = counts.sum(axis=1) - counts["pending"]
    rate = counts["interviewed"] / tried.where(tried > 0)
    return counts.assign(sampled=counts.sum(axis=1), response=rate).reset_index()


def _days(cases: pd.DataFrame) -> pd.DataFrame:
    done = cases[cases["state"] == "interviewed"]
    day = pd.to_datetime(done["fieldwork_date"]).dt.date
    return (
        pd.crosstab(day, done["arm"])
        .cumsum()
        .reset_index()
        .rename(columns={"fieldwork_date": "day"})
    )


def _interviewers(cases: pd.DataFrame) -> pd.DataFrame:
    tried = cases[cases["state"] != "pending"]
    by = tried.groupby(tried["interviewer"].astype("object").fillna("not stated"))
    out = pd.DataFrame(
        {
            "cases": by.size(),
            "interviewed": by["state"].agg(lambda s: int((s == "interviewed").sum())),
            "refused": by["state"].agg(lambda s: int((s == "refused").sum())),
            "attempts a case": by["n_attempts"].mean(),
        }
    )
    return out.reset_index()


def _forecast(arm: str, rows: pd.DataFrame) -> Forecast:
    """Beta-binomial: pending cases answer like those who were tried, whose rate is itself unsure."""
    pending = int((rows["state"] == "pending").sum())
    yes = int((rows["state"] == "interviewed").sum())
    no = len(rows) - pending - yes
    left = stats.betabinom(pending, yes + 0.5, no + 0.5)
    low, high = (int(left.ppf(p)) for p in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Forecast(
        arm=arm,
        sampled=len(rows),
        expected=yes + float(left.mean()),
        low=yes + low,
        high=yes + high,
    )


def _balance(cases: pd.DataFrame, covariates: tuple[str, ...]) -> pd.DataFrame:
    """Differences between arms in standard deviations, all enrolled beside those interviewed."""
    rows = []
    seen, arm = cases["state"] == "interviewed", cases["arm"]
    for name in covariates:
        if name in cases.columns:
            values = pd.to_numeric(cases[name], errors="coerce")
            rows.append((name, _difference(values, arm), _difference(values[seen], arm[seen])))
    return pd.DataFrame(rows, columns=["covariate", "enrolled", "interviewed"])


def _difference(values: pd.Series, arm: pd.Series) -> float:
    groups = [group.dropna() for _, group in values.groupby(arm)]
    if len(groups) != 2 or min(group.size for group in groups) < 2:
        return float("nan")
    spread = float(np.sqrt((groups[0].var() + groups[1].var()) / 2))
    gap = float(groups[1].mean() - groups[0].mean())
    return gap / spread if spread > 0 else float("nan")


def _alike(cases: pd.DataFrame, params: Params) -> Estimate | NotEstimable:
    """R-indicator of those tried so far: 1 where everybody answers with the same chance."""
    known = [
        covariate for covariate in params.tracer.attrition_covariates if covariate in cases.columns
    ]
    tried = cases[cases["state"] != "pending"]
    complete = tried[known].notna().all(axis=1)
    if not known:
        return NotEstimable("no covariate of enrolment is named (tracer.attrition_covariates)")
    try:
        sample = Sample.from_frame(tried[complete], weights=params.tracer.weights)
        answered = np.asarray(sample.frame["state"] == "interviewed", float)
        return r_indicator(sample, ResponseModel.of(sample, known, 1 - answered, "logit"))
    except MismesError as error:
        return NotEstimable(error.reason)


def earlier_waves(
    persons: pd.DataFrame, outcomes: pd.DataFrame, wave: int, outcome: str
) -> Earlier | None:
    """Share and correlation of a yes-no outcome among comparison persons before a wave; None where
    no earlier wave has the outcome, or where it is no yes-no.
    """
    if outcome not in outcomes.columns:
        return None
    value = pd.to_numeric(outcomes[outcome], errors="coerce")
    compared = persons.loc[persons["treated"].astype(float) == 0, "person_id"]
    inside = (outcomes["wave"] < wave) & outcomes["person_id"].isin(compared) & value.notna()
    told = outcomes[inside].assign(value=value[inside])
    if told.empty or not told["value"].isin([0, 1]).all():
        return None
    first = told["wave"].min()
    last = told["wave"].max()
    at_last = told.loc[told["wave"] == last].set_index("person_id")["value"]
    at_first = told.loc[told["wave"] == first].set_index("person_id")["value"]
    both = pd.concat([at_first, at_last], axis=1, keys=["first", "last"]).dropna()
    related = last > first and len(both) >= 30 and (both.std() > 0).all()
    rho = float(np.corrcoef(both["first"], both["last"])[0, 1]) if related else 0.0
    source = Message(
        "{outcome} of {n:,} comparison persons at wave {wave}",
        {"outcome": Name(outcome), "n": len(at_last), "wave": int(last)},
    )
    return Earlier(float(at_last.mean()), max(rho, 0.0), source)


def _steps(arms: pd.DataFrame, earlier: Earlier | None) -> tuple[NextStep, ...]:
    """Now; with more interviews in the arm that lost most; with a random fifth of the lost traced.

    Width of worst-case bounds of a yes-no outcome: share lost in one arm plus share lost in the
    other; a random fifth that is found stands for all of the lost.
    """
    if len(arms) != 2:
        return ()
    tried = (arms["sampled"] - arms["pending"]).to_numpy(float)
    got = arms["interviewed"].to_numpy(float)
    lost = np.divide(tried - got, tried, out=np.zeros(2), where=tried > 0)
    weakest = int(np.argmax(lost))
    more = got.copy()
    more[weakest] += min(MORE, arms["sampled"].iloc[weakest] - got[weakest])
    gone = tried - got
    traced = got + FIFTH * gone
    reached = np.maximum(tried, more)
    after = np.divide(reached - more, reached, out=np.zeros(2), where=reached > 0)
    name = str(arms["arm"].iloc[weakest])
    return (
        NextStep(Message("as it is now"), 0, _detectable(got, earlier), 100 * float(lost.sum())),
        NextStep(
            Message("{more} more interviews in arm {arm}", {"more": MORE, "arm": Name(name)}),
            int(more.sum() - got.sum()),
            _detectable(more, earlier),
            100 * float(after.sum()),
        ),
        NextStep(
            Message("a random fifth of the lost, traced ({found:.0%} found)", {"found": FOUND}),
            int(np.ceil(FIFTH * gone.sum())),
            _detectable(traced, earlier),
            100 * (1 - FOUND) * float(lost.sum()),
        ),
    )


def _detectable(interviewed: np.ndarray, earlier: Earlier | None) -> float:
    """Points of the main outcome that would be found; NaN without figures of an earlier wave."""
    n = float(interviewed.sum())
    if earlier is None or interviewed.min() < FEW:
        return float("nan")
    found = minimum_detectable_effect(
        n,
        share_treated=float(interviewed[1] / n),
        share=earlier.share,
        rho=earlier.rho,
        estimator="ancova",
        assigned="person",
    )
    return 100 * float(found)


def _fifth(cases: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A random fifth of those lost in each arm, with the probability that `follow_up` weights."""
    lost = cases[cases["state"].isin(["not reached", "other", "refused"])]
    picked = []
    for _, rows in lost.groupby("arm"):
        size = int(np.ceil(FIFTH * len(rows)))
        chosen = rows.sample(size, random_state=seed).sort_values("person_id")
        picked.append(chosen[["person_id", "arm"]].assign(probability=size / len(rows)))
    empty = pd.DataFrame(columns=["person_id", "arm", "probability"])
    return pd.concat(picked, ignore_index=True) if picked else empty
