"""What `check` calls ready is made: evidence with holes fills what it can, and says what it cannot;
what stops a report stops the check with the same words.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.report.chapters import Context
from mismes_eval.report.chapters.criteria_of_effects import no_evidence, on_participants
from mismes_eval.report.chapters.data import MISSED, data
from mismes_eval.report.country import with_large_arms
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table
from mismes_eval.report.rehearsal import Rehearsal, refusals, rehearse

HEAD = "country: ARG\nsynthetic: true\n"
SURVEY = (
    HEAD + "year: 2016\ninputs: {lfs: lfs.csv}\ncalibration: {method: none}\n"
    "design: {weights: weight, strata: [strata], household: hhid}\n"
    "definitions: {preset: hims_tunisia}\n"
)
TRACER = (
    HEAD + "inputs: {tracer_person: tracer_person.csv, tracer_wave: tracer_wave.csv,\n"
    "  tracer_outcome: tracer_outcome.csv, tracer_episode: tracer_episode.csv}\n"
    "tracer: {strata: [strata], psu: [psu], measure: eval_measure_id, measures: [MDA-001],\n"
    "  attrition_covariates: [male, age_enrol]}\nimpact: {covariates: [male, age_enrol]}\n"
)


def persons(seed: int = 1, n: int = 600) -> pd.DataFrame:
    """SYNTHETIC persons with work, education, region and a stay abroad."""
    r = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "countrycode": "ARG",
            "year": 2016,
            "hhid": np.arange(n) // 2,
            "pid": np.arange(n) % 2,
            "weight": r.integers(100, 300, n),
            "male": r.integers(0, 2, n),
            "age": r.integers(15, 70, n),
            "lstatus": r.choice([1, 2, 3], n, p=[0.5, 0.1, 0.4]),
            "educat7": r.integers(1, 8, n),
            "mig_birth_country": "ARG",
            "mig_ever_abroad": r.random(n) < 0.1,
        }
    )
    frame["strata"] = frame["subnatid1"] = frame["hhid"] % 4
    frame["mig_months_abroad_last"] = np.where(frame["mig_ever_abroad"], 12, np.nan)
    return frame


def project(folder: Path, text: str, files: Mapping[str, pd.DataFrame]) -> Params:
    (folder / "params").mkdir()
    for name, frame in files.items():
        frame.to_csv(folder / name, index=False)
    file = folder / "params" / "ARG.yaml"
    file.write_text(text, encoding="utf-8")
    return Params.load(file)


def rehearsed(params: Params) -> Rehearsal:
    ready = readiness(params)
    assert ready.problems == () and ready.evaluation is not None
    out = rehearse(ready.evaluation)
    assert out.problems == ()
    return out


def empty(trial: Rehearsal, chapter: str) -> Mapping[str, str]:
    return next(c.empty for c in trial.chapters if c.chapter == chapter)


def shown(trial: Rehearsal, chapter: str) -> tuple[str, ...]:
    return next(c.shown for c in trial.chapters if c.chapter == chapter)


HOLES: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "no education": lambda d: d.drop(columns="educat7"),
    "no region": lambda d: d.drop(columns="subnatid1"),
    "neither": lambda d: d.drop(columns=["subnatid1", "educat7"]),
    "nobody returned": lambda d: d.assign(mig_ever_abroad=False, mig_months_abroad_last=np.nan),
    "nobody works": lambda d: d.assign(lstatus=3),
    "no migration": lambda d: d.loc[:, ~d.columns.str.startswith("mig_")],
}


@pytest.mark.whole
@pytest.mark.parametrize(
    "hole", ["neither", *(pytest.param(h, marks=pytest.mark.slow) for h in HOLES if h != "neither")]
)
def test_a_survey_with_a_hole_fills_the_other_tables(tmp_path: Path, hole: str) -> None:
    trial = rehearsed(project(tmp_path, SURVEY, {"lfs.csv": HOLES[hole](persons())}))
    assert "T08" in shown(trial, "people")


@pytest.mark.slow
def test_a_survey_without_labour_status_says_so_and_shows_migrants(tmp_path: Path) -> None:
    trial = rehearsed(project(tmp_path, SURVEY, {"lfs.csv": persons().drop(columns="lstatus")}))
    assert {"T07", "T07a"} <= set(shown(trial, "people"))
    assert "labour status" in empty(trial, "people")["T08"]


def test_a_survey_that_answers_nothing_is_refused_by_check_and_report(tmp_path: Path) -> None:
    bare = persons().drop(columns="lstatus").loc[:, lambda d: ~d.columns.str.startswith("mig_")]
    params = project(tmp_path, SURVEY, {"lfs.csv": bare})
    (problem,) = readiness(params).problems
    assert problem.what == "the survey answers no question of the report"
    with pytest.raises(InputError, match=problem.what):
        evaluate(params)


@pytest.mark.parametrize("more", ["", ", before: {after: start}", ", group: sex"])
def test_a_study_alone_is_evidence(tmp_path: Path, more: str) -> None:
    r = np.random.default_rng(3)
    names = ("after", "start")
    units = pd.DataFrame({name: r.random(300) for name in names})
    units["offered"], units["sex"] = r.integers(0, 2, 300), r.integers(0, 2, 300)
    study = f"study: {{treated: offered, outcomes: [after]{more}}}\n"
    params = project(tmp_path, HEAD + "inputs: {study: s.csv}\n" + study, {"s.csv": units})
    assert readiness(params).supplied == ("impact study",)
    steps = {"theory_of_change.inputs": {"Money": ("T05d", "T99", "T17-X")}}
    trial = rehearsed(params.changed(steps))
    assert shown(trial, "impact")
    assert trial.unmeasured == ("T99", "T17-X") and "T99" in trial.lines[-1]


# what is asked of a study's or a survey's file -> the key and the words that refuse it
ASKED_OF_STUDIES = {
    "where: {sex: [7]}": ("study.where", "the data lack what a key names"),
    "covariates: [start]": ("study.covariates", "a key has nothing to act on"),
    "before: {gone: start}": ("column 'gone'", "the study lacks a column"),
    "before: {after: start}, outcomes: [after, start]": (
        "study.outcomes",
        "nothing is estimated of an outcome",
    ),
    "decimal: ','": ("column 'after'", "an outcome is no number"),
    "weights: gone": ("study.weights", "the study lacks a column"),
    "psu: [word]": ("", ""),
}
ASKED_OF_SURVEYS = {
    "design: {household: hhid, weights: gone}": ("design.weights", "a design column is not in"),
    "design: {psu: [subnatid1], strata: [age]}": ("design.psu", "PSU codes stand in more than"),
    "mapping: {units: {wage: 2}}": ("'mapping'", "a mapping lacks its name or its columns"),
}


@pytest.mark.parametrize("more", ASKED_OF_STUDIES)
def test_what_a_study_cannot_give_is_refused_by_its_key(tmp_path: Path, more: str) -> None:
    r = np.random.default_rng(3)
    units = pd.DataFrame({"after": r.random(60), "start": r.random(60), "word": ["a", "b"] * 30})
    units["offered"], units["sex"] = r.integers(0, 2, 60), r.integers(0, 2, 60)
    after = "" if "outcomes:" in more else "outcomes: [after], "
    text = f"{HEAD}inputs: {{study: s.csv}}\nstudy: {{treated: offered, {after}{more}}}\n"
    said = readiness(project(tmp_path, text, {"s.csv": units})).problems
    where, what = ASKED_OF_STUDIES[more]
    assert [p for p in said if where in p.where and what in p.what] if what else not said


@pytest.mark.parametrize("text", ASKED_OF_SURVEYS)
def test_what_a_survey_cannot_give_is_refused_by_its_key(tmp_path: Path, text: str) -> None:
    section = text.split(":", maxsplit=1)[0]
    kept = "\n".join(line for line in SURVEY.splitlines() if not line.startswith(section))
    said = readiness(project(tmp_path, f"{kept}\n{text}\n", {"lfs.csv": persons()})).problems
    where, what = ASKED_OF_SURVEYS[text]
    assert [p for p in said if where in p.where and "line" in p.where and what in p.what]


def test_a_household_number_of_each_row_is_said_as_what_it_is(tmp_path: Path) -> None:
    frame = persons()
    frame["hhid"] = frame.index
    ready = readiness(project(tmp_path, SURVEY, {"lfs.csv": frame}))
    said = "\n".join(map(str, ready.lines))
    assert ready.problems == () and "every row has a household number of its own" in said
    assert "no household number" not in said and "is named" not in said


def tracer_files(root: Path, treated: int, compared: int) -> dict[str, pd.DataFrame]:
    """Some persons of the shipped SYNTHETIC tracer study, with everything known of them."""
    kinds = ("person", "wave", "outcome", "episode")
    files = {k: pd.read_parquet(root / f"data_raw/MDA/tracer_{k}.parquet") for k in kinds}
    everybody = files["person"][files["person"]["eval_measure_id"].eq("MDA-001")]
    kept = [
        everybody[everybody["arm"].eq(arm)].sample(size, random_state=0)["person_id"]
        for arm, size in (("T", treated), ("C", compared))
    ]
    chosen = pd.concat(kept)
    return {f"tracer_{k}.csv": v[v["person_id"].isin(chosen)] for k, v in files.items()}


@pytest.mark.slow
def test_an_arm_below_thirty_persons_leaves_the_report_whole(tmp_path: Path, root: Path) -> None:
    trial = rehearsed(project(tmp_path, TRACER, tracer_files(root, 20, 100)))
    assert {"T16", "F08"} <= set(shown(trial, "tracer"))


@pytest.mark.whole
def test_an_attrition_model_that_cannot_be_fitted_stands_in_its_cells(
    tmp_path: Path, root: Path
) -> None:
    trial = rehearsed(project(tmp_path, TRACER, tracer_files(root, 9, 9)))
    assert "cannot be fitted" in empty(trial, "tracer")["T16"]


def test_a_study_of_few_persons_is_not_called_absent(tmp_path: Path, root: Path) -> None:
    found = evaluate(project(tmp_path, TRACER, tracer_files(root, 9, 9)))
    evaluation, small = with_large_arms(found, Rules())
    context = Context(evaluation, Rules(), language("en"))
    (line,) = on_participants(context)
    assert small == ("MDA-001",) and line.finding == "Nothing can be said: too few persons."
    survey = no_evidence(context, "Relevance", "The survey does not ask for work.")
    assert survey.finding == "Nothing can be said: The survey does not ask for work."


@pytest.mark.whole
def test_a_missing_code_is_declared_by_a_key_that_acts_on_its_file(
    tmp_path: Path, root: Path
) -> None:
    files = tracer_files(root, 40, 40)
    answers = files["tracer_outcome.csv"].astype({"employed": object})
    answers.loc[answers.index[3], "employed"] = "maybe"
    survey = persons().assign(age=lambda d: np.where(d.index == 3, 999, d["age"]))
    head, _, rest = TRACER.partition("inputs: {")
    keys = SURVEY.removeprefix(HEAD).replace("inputs: {lfs: lfs.csv}\n", "")
    text = f"{head}{keys}inputs: {{lfs: lfs.csv, {rest}"
    files = {**files, "tracer_outcome.csv": answers, "lfs.csv": survey}
    fixes = {
        str(p.fix).partition(":")[0] for p in readiness(project(tmp_path, text, files)).problems
    }
    assert fixes == {
        "Declare it in the params",
        "Correct the cells; one whose answer is unknown is left empty.",
    }


IDLE = {
    "calibration: {bounds: [0.5, 2]}": "calibration.bounds",
    "calibration: {total: n}": "calibration.total",
    "tracer: {baseline: 0}": "tracer.baseline",
    "impact: {method: ipw}": "impact.method",
    "study: {treated: male}": "study.treated",
    "rollout: {time: year}": "rollout.time",
    "cost: {horizon_years: 2}": "cost.horizon_years",
    "theory_of_change: {inputs: {Money: T20}}": "theory_of_change.inputs",
    "breaks: {acknowledge: true}": "breaks.acknowledge",
    "design: {household: hhid, nest: true}": "design.nest",
    "design: {household: hhid, cluster_deff: 2}": "design.cluster_deff",
    "design: {household: hhid, phase2_prob: p}": "design.phase2_prob",
}


@pytest.mark.parametrize("text", IDLE)
def test_a_key_that_nothing_uses_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    section = text.split(":", maxsplit=1)[0]
    base = "\n".join(line for line in SURVEY.splitlines() if not line.startswith(section))
    params = project(tmp_path, f"{base}\n{text}\n", {"lfs.csv": persons()})
    (problem,) = (p for p in readiness(params).problems if IDLE[text] in p.where)
    assert problem.what == "a key has nothing to act on" and "line" in problem.where
    with pytest.raises(InputError, match="nothing to act on"):
        evaluate(params)


def test_of_a_key_that_is_wrong_nothing_more_is_told(tmp_path: Path) -> None:
    project(tmp_path, SURVEY, {"lfs.csv": persons()})
    file = tmp_path / "params" / "ARG.yaml"
    idle = "rollout: {time: year, region: 1}\ncost: {price_year: x}\nreading: {layout: none.dct}\n"
    file.write_text(f"{SURVEY}{idle}", encoding="utf-8")
    keys = [re.search("key '([^']+)'", problem.where) for problem in refusals(file, None)]
    told = sorted(key[1] for key in keys if key)
    assert told == ["cost.price_year", "reading.layout", "rollout.region", "rollout.time"]


NAMED = {
    "impact: {covariates: [male, age_enroll]}": ("impact.covariates", "age_enrol"),
    "impact: {groups: [urbn]}": ("impact.groups", "urban"),
    "impact: {outcomes: [employed, earning]}": ("impact.outcomes", "earnings"),
    "impact: {pre: {employed: pre_employ}}": ("impact.pre", "pre_employed"),
    "theory_of_change: {measures: [MDA-01], inputs: {Money: T20}}": (
        "theory_of_change.measures",
        "MDA-001",
    ),
}


@pytest.mark.whole
@pytest.mark.parametrize("text", NAMED)
def test_a_name_that_the_data_lack_is_refused_with_the_nearest(
    tmp_path: Path, root: Path, text: str
) -> None:
    section = text.split(":", maxsplit=1)[0]
    base = TRACER.replace(f"{section}: {{covariates: [male, age_enrol]}}\n", "")
    params = project(tmp_path, f"{base}{text}\n", tracer_files(root, 40, 40))
    (problem,) = readiness(params).problems
    name, near = NAMED[text]
    assert name in problem.where and near in problem.fix


def test_a_measure_that_the_inventory_lacks_is_refused_with_the_nearest(
    tmp_path: Path, root: Path
) -> None:
    """The files of a draw and of rounds are of one measure, which the key alone names."""
    units = pd.DataFrame({"after": np.arange(40.0), "offered": np.arange(40) % 2})
    files = {"s.csv": units, "i.csv": pd.read_csv(root / "data_raw/MDA/inventory.csv", dtype=str)}
    text = HEAD + "inputs: {study: s.csv, inventory: i.csv}\n"
    drawn = "lottery: {assigned: offered, outcomes: [after], measure: MDA-0001}\n"
    (problem,) = readiness(project(tmp_path, text + drawn, files)).problems
    assert "lottery.measure" in problem.where and "MDA-001" in problem.fix


@pytest.mark.parametrize("factor", [1.0, 1.25])
def test_the_final_weight_of_the_office_is_held_against_ours(tmp_path: Path, factor: float) -> None:
    """With control totals and without; another weight is not called reproduced. A figure without a
    standard error is not measured in standard errors.
    """
    frame = persons().assign(final=lambda d: d["weight"] * factor, mig_ever_abroad=False)
    frame["mig_months_abroad_last"] = np.nan
    figures = pd.DataFrame({"item": ["returnee_share"], "value": [0.1], "domain": ["all"]})
    figures = figures.assign(
        country="ARG", year=2016, unit="share", definition="", status="made up"
    )
    text = SURVEY.replace("none}", "none, delivered: final}").replace(
        "lfs.csv}", "lfs.csv, targets: t.csv}"
    )
    params = project(tmp_path, text, {"lfs.csv": frame, "t.csv": figures.assign(source="made up")})
    ready = readiness(params)
    assert ready.problems == () and ready.evaluation is not None
    items = data(Context(ready.evaluation, Rules(), language("en"))).items
    said = " ".join(item for item in items if isinstance(item, str))
    told = ("is reproduced for everybody", "relative differences reach 20.0%")
    assert [words in said for words in told] == [factor == 1, factor != 1]
    (away,) = (
        cell
        for item in items
        if isinstance(item, Table) and item.id == "T06b"
        for cell in item.records
        if cell["column"] == MISSED
    )
    assert away["status"] == "not estimable"
