"""A project spoiled in one place: what `check` calls ready is made, what stops the report stops the
check with the same words, and no spoiled file is called a fault of the program.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import MismesError
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.report.rehearsal import rehearse

from .test_rehearsal import SURVEY, TRACER, persons, project, tracer_files

Change = Callable[[pd.DataFrame], pd.DataFrame]
PSU = SURVEY.replace("household: hhid", "household: hhid, psu: [psu]")


def column(**values: object) -> Change:
    return lambda frame: frame.assign(**values)


def without(name: str) -> Change:
    return lambda frame: frame.drop(columns=name)


def first_row(name: str, value: object) -> Change:
    return lambda frame: frame.assign(**{name: np.where(frame.index == 0, value, frame[name])})


# of what is called refused nothing can be reported; of all others a report is made
# what is done to the file of persons of a survey
REFUSED_SURVEYS: dict[str, Change] = {
    "no row": lambda d: d.iloc[:0],
    "weights 0": column(weight=0),
    "a weight below 0": first_row("weight", -1),
    "a weight missing": first_row("weight", np.nan),
    "weights in words": lambda d: d.assign(weight=d["weight"].astype(str) + " kg"),
    "no column of weights": without("weight"),
    "no column of strata": without("strata"),
    "ages in words": column(age="old"),
    "no column of ages": without("age"),
    "sex missing": column(male=np.nan),
    "sex 3": column(male=3),
    "no column of sex": without("male"),
    "stays below 0": column(mig_months_abroad_last=-5),
    "stays of ages": column(mig_months_abroad_last=1e9),
    "one identifier": column(pid=0, hhid=0),
    "households missing": column(hhid=np.nan),
    "status 9": column(lstatus=9),
    "education 12": column(educat7=12),
    "wages below 0": column(wage_no_compen=-1, unitwage=5),
    "200 hours a week": column(whours=200),
    "another country": column(countrycode="XXX"),
}
SURVEYS: dict[str, Change] = REFUSED_SURVEYS | {
    "one row": lambda d: d.iloc[:1],
    "ten rows": lambda d: d.iloc[:10],
    "half the weights 0": lambda d: d.assign(weight=np.where(d.index < 300, 0, d["weight"])),
    "one weight": column(weight=1),
    "weights of a million million": column(weight=1e12),
    "one person weighs everything": lambda d: d.assign(weight=np.where(d.index == 0, 1e12, 1)),
    "a stratum for everybody": lambda d: d.assign(strata=d.index),
    "one stratum": column(strata=1),
    "ages missing": column(age=np.nan),
    "children": column(age=5),
    "old people": column(age=90),
    "men": column(male=1),
    "everybody returned": column(mig_ever_abroad=True, mig_months_abroad_last=12),
    "one person returned": lambda d: d.assign(
        mig_ever_abroad=d.index == 0, mig_months_abroad_last=np.where(d.index == 0, 12, np.nan)
    ),
    "born abroad": column(mig_birth_country="FRA"),
    "birth missing": column(mig_birth_country=np.nan),
    "two years": lambda d: d.assign(year=np.where(d.index < 300, 2015, 2016)),
    "status missing": column(lstatus=np.nan),
    "unemployed": column(lstatus=2),
    "one education": column(educat7=4),
    "a region for everybody": lambda d: d.assign(subnatid1=[f"r{i}" for i in range(len(d))]),
    "regions missing": column(subnatid1=np.nan),
    "regions in markup": column(subnatid1="<b>{x}</b> %"),
    "wages 0": column(wage_no_compen=0, unitwage=5),
}
PERSON, WAVE, OUTCOME, EPISODE = (
    f"tracer_{kind}.csv" for kind in ("person", "wave", "outcome", "episode")
)
# file, what is done to it
REFUSED_TRACERS: dict[str, tuple[str, Change]] = {
    "no episode": (EPISODE, lambda d: d.iloc[:0]),
    "no outcome": (OUTCOME, lambda d: d.iloc[:0]),
    "no wave": (WAVE, lambda d: d.iloc[:0]),
    "enrolment alone": (WAVE, lambda d: d[d["wave"] == 0]),
    "one arm": (PERSON, column(arm="T")),
    "nobody took part": (PERSON, column(arm="C")),
    "arms in words": (PERSON, column(arm="yes")),
    "work 2": (OUTCOME, column(employed=2)),
    "one PSU": (PERSON, column(psu=1)),
    "strata of one person": (PERSON, lambda d: d.assign(strata=range(len(d)))),
    "enrolment missing": (PERSON, column(enrol_date=np.nan)),
    "enrolment in words": (PERSON, column(enrol_date="soon")),
    "sex missing": (PERSON, column(male=np.nan)),
    "persons twice": (PERSON, lambda d: pd.concat([d, d.iloc[:2]])),
    "outcomes twice": (OUTCOME, lambda d: pd.concat([d, d.iloc[:2]])),
    "outcomes of nobody": (PERSON, lambda d: d.iloc[5:]),
}
TRACERS: dict[str, tuple[str, Change]] = REFUSED_TRACERS | {
    "outcomes of enrolment alone": (OUTCOME, lambda d: d[d["wave"] == 0]),
    "everybody in work": (OUTCOME, column(employed=1)),
    "nobody in work": (OUTCOME, column(employed=0)),
    "work missing": (OUTCOME, column(employed=np.nan)),
    "men": (PERSON, column(male=1)),
    "age is sex": (PERSON, lambda d: d.assign(age_enrol=d["male"] * 10)),
    "sex is taking part": (PERSON, lambda d: d.assign(male=(d["arm"] == "T").astype(int))),
}
# keys of the params that name what the files lack, or little of it
REFUSED_ASKED: dict[str, tuple[str, str]] = {
    "a measure that is not there": ("MDA-001", "MDA-999"),
    "a wave that is not there": ("impact: {", "impact: {main_wave: 9, "),
    "an outcome that is not there": ("impact: {", "impact: {main_outcome: x, outcomes: [x], "),
}
ASKED: dict[str, tuple[str, str]] = REFUSED_ASKED | {
    "money": ("impact: {", "impact: {main_outcome: earnings, outcomes: [earnings], "),
    "groups by sex": ("impact: {", "impact: {groups: [male], "),
    "groups by PSU": ("impact: {", "impact: {groups: [psu], "),
}
SIZES = ((1, 60), (2, 60), (10, 10), (31, 31))
REFUSED = {*REFUSED_SURVEYS, *REFUSED_TRACERS, *REFUSED_ASKED}
QUICK = ("ages missing", "children")  # chapters in which no cell stands


def what_becomes_of(name: str) -> str:
    return "refused" if name in REFUSED else "made"


def rehearsed_alike(folder: Path, text: str, files: Mapping[str, pd.DataFrame]) -> str:
    """Hold check and report to each other; "made" or "refused"."""
    try:
        params = project(folder, text, files)
    except MismesError:
        return "refused"  # both read the params first
    ready = readiness(params)
    if not ready.problems:
        assert ready.evaluation is not None
        assert [str(problem) for problem in rehearse(ready.evaluation).problems] == []
        return "made"
    with pytest.raises(MismesError) as raised:
        evaluate(params)
    assert set(map(str, raised.value.problems)) <= set(map(str, ready.problems))
    return "refused"


@pytest.mark.parametrize("name", QUICK)
def test_a_report_without_cells_in_a_figure_is_made(tmp_path: Path, name: str) -> None:
    files = {"lfs.csv": SURVEYS[name](persons())}
    assert rehearsed_alike(tmp_path, SURVEY, files) == "made"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SURVEYS if name not in QUICK])
def test_a_spoilt_survey(tmp_path: Path, name: str) -> None:
    files = {"lfs.csv": SURVEYS[name](persons())}
    assert rehearsed_alike(tmp_path, SURVEY, files) == what_becomes_of(name)


@pytest.mark.slow
@pytest.mark.parametrize("psu", ["each", "one"])
def test_psus_of_a_survey(tmp_path: Path, psu: str) -> None:
    frame = persons()
    frame["psu"] = frame.index if psu == "each" else 1
    assert rehearsed_alike(tmp_path, PSU, {"lfs.csv": frame}) == (
        "made" if psu == "each" else "refused"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", TRACERS)
def test_a_spoilt_tracer_study(tmp_path: Path, root: Path, name: str) -> None:
    files = tracer_files(root, 60, 120)
    file, change = TRACERS[name]
    spoilt = {**files, file: change(files[file])}
    assert rehearsed_alike(tmp_path, TRACER, spoilt) == what_becomes_of(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_of_a_tracer_study(tmp_path: Path, root: Path, name: str) -> None:
    text = TRACER.replace(*ASKED[name])
    assert rehearsed_alike(tmp_path, text, tracer_files(root, 60, 120)) == what_becomes_of(name)


@pytest.mark.slow
@pytest.mark.parametrize(("treated", "compared"), SIZES)
def test_small_tracer_studies(tmp_path: Path, root: Path, treated: int, compared: int) -> None:
    assert rehearsed_alike(tmp_path, TRACER, tracer_files(root, treated, compared)) == "made"


@pytest.mark.whole
def test_check_names_every_problem_that_stops_the_report(tmp_path: Path, root: Path) -> None:
    """Persons name measures of an inventory that cannot be read, and another file is spoiled too."""
    measures = pd.read_csv(root / "data_raw" / "GEO" / "inventory.csv", comment="#", dtype=str)
    measures.loc[0, "currency"] = "EURO"
    files = {
        "lfs.csv": persons().assign(msm_measure_id="GEO-001"),
        "inventory.csv": measures,
        "targets.csv": pd.DataFrame({"country": ["ARG"], "year": [2016], "item": ["lfpr"]}),
    }
    named = "lfs: lfs.csv, inventory: inventory.csv, targets: targets.csv"
    params = project(tmp_path, SURVEY.replace("lfs: lfs.csv", named), files)
    with pytest.raises(MismesError) as raised:
        evaluate(params)
    stopped = [str(problem) for problem in raised.value.problems]
    assert [str(problem) for problem in readiness(params).problems] == stopped
    assert [problem.split(".csv")[0].split()[-1] for problem in stopped] == ["inventory", "targets"]
