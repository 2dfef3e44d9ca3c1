"""What is allowed and looks wrong in a survey, a tracer study, its services and episodes, a study of
units or an inventory is named by `check` with its place and what mends it; sound files are not.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.evaluation.readiness import readiness

from .test_rehearsal import HEAD, SURVEY, TRACER, persons, project, tracer_files

Files = dict[str, pd.DataFrame]
PERSON, WAVE, OUTCOME, SERVICE, EPISODE = (
    f"tracer_{kind}.csv" for kind in ("person", "wave", "outcome", "service", "episode")
)
STUDY = HEAD + "inputs: {study: s.csv}\nstudy: {treated: offered, outcomes: [after], weights: w}\n"
WHOLE = TRACER.replace(
    "episode.csv}", "episode.csv,\n  tracer_service: tracer_service.csv, inventory: i.csv}"
)
NO_STRATA = ("strata: [strata], ", "")
LATER = {3: 4, 4: 7}


@pytest.fixture(scope="module")
def files(root: Path) -> Files:
    """SYNTHETIC files of each kind, sound."""
    r = np.random.default_rng(3)
    units = {"after": r.random(300), "offered": r.integers(0, 2, 300), "w": 1.0, "psu": range(300)}
    whole = {**tracer_files(root, 60, 60), "s.csv": pd.DataFrame(units)}
    services = pd.read_parquet(root / "data_raw/MDA/tracer_service.parquet")
    traced = services["person_id"].isin(whole[PERSON]["person_id"])
    inventory = pd.read_csv(root / "data_raw/MDA/inventory.csv")
    survey = persons().assign(psu=lambda d: d["hhid"])
    return {**whole, "lfs.csv": survey, SERVICE: services[traced], "i.csv": inventory}


# file, column, rows, what is written there -> what check says of it
CELLS: Mapping[str, tuple[str, str, slice, object, str]] = {
    "weights 0 of a survey": ("lfs.csv", "weight", slice(2, 5), 0, "weight 0 (rows 3, 4, 5)"),
    "weights 0 of a tracer": (PERSON, "sample_weight", slice(2), 0, "weight 0 (rows 1, 2)"),
    "weights 0 of a study": ("s.csv", "w", slice(1), 0, "weight 0 (rows 1)"),
    "one PSU of a survey": ("lfs.csv", "psu", slice(None), 1, "one PSU"),
    "one PSU of a tracer": (PERSON, "psu", slice(None), "x", "one PSU"),
    "one PSU of a study": ("s.csv", "psu", slice(None), 1, "one PSU"),
    "a measure of persons": (PERSON, "measure_id", slice(3), "MDA-777", "measure_id: MDA-777"),
    "a measure evaluated": (PERSON, "eval_measure_id", slice(3), "MDA-777", "id: MDA-777"),
    "a measure of services": (SERVICE, "measure_id", slice(3), "MDA-888", "3 rows name a measure"),
    "a cost of services": (SERVICE, "cost_eur", slice(2), 99999, "99999 in 2 rows"),
    "a total of services": (SERVICE, "cost_eur", slice(1), 1e9, "Row 1 has 100.0%"),
    "hours of services": (SERVICE, "hours", slice(5), 999, "999 in 5 rows"),
    "pay of episodes": (EPISODE, "earn", slice(4), 99999999, "99999999 in 4 rows"),
    "earnings": (OUTCOME, "earnings", slice(1), 1e12, "Row 1 has 100.0%"),
    "an outcome of a study": ("s.csv", "after", slice(3), 9999, "9999 in 3 rows"),
    "a total of a study": ("s.csv", "after", slice(1), 1e9, "Row 1 has 100.0%"),
    "a stay of those who never left": (
        *("lfs.csv", "mig_months_abroad_last", slice(None), 12),
        "persons were never abroad",
    ),
    "a service before": (SERVICE, "start", slice(3), "1990-01-01", "3 rows begin before the pers"),
    "an episode to come": (EPISODE, "start_ym", slice(2), "2060-01", "2 rows begin after the last"),
    "titles": ("i.csv", "title_en", slice(2), "A title", "one title: MDA-001, MDA-002. Are they"),
    "reach": ("i.csv", "benef_reached", slice(2), 999999, "999999 in 2 rows"),
    "a budget": ("i.csv", "budget_total", slice(2, 3), 1e13, "Row 3 has 100.0%"),
}


def params_of(name: str, column: str) -> str:
    """Params that read a file, and its PSUs where these are spoiled."""
    if name == "lfs.csv":
        return SURVEY.replace(*NO_STRATA).replace("household: hhid", "household: hhid, psu: [psu]")
    if name == "s.csv":
        return STUDY.replace("weights: w", "weights: w, psu: [psu]")
    return WHOLE.replace(*NO_STRATA) if column == "psu" else WHOLE


def said(folder: Path, text: str, given: Files) -> str:
    ready = readiness(project(folder, text, given))
    assert ready.problems == ()
    return "\n".join(map(str, ready.lines))


@pytest.mark.whole
@pytest.mark.parametrize("case", CELLS)
def test_cells_that_look_wrong_are_named(tmp_path: Path, files: Files, case: str) -> None:
    name, column, rows, value, expected = CELLS[case]
    spoiled = files[name].copy()
    spoiled[column] = spoiled[column].astype(object)
    spoiled.iloc[rows, spoiled.columns.get_loc(column)] = value
    told = said(tmp_path, params_of(name, column), {**files, name: spoiled})
    assert expected in told


@pytest.mark.whole
def test_services_that_stand_twice_are_named(tmp_path: Path, files: Files) -> None:
    twice = pd.concat([files[SERVICE], files[SERVICE].iloc[:3]])
    told = said(tmp_path, WHOLE, {**files, SERVICE: twice})
    assert "services: 6 rows stand more than once" in told


def test_psus_that_are_the_strata_are_named(tmp_path: Path, files: Files) -> None:
    survey = files["lfs.csv"].assign(psu=lambda d: d["strata"])
    text = SURVEY.replace("household: hhid", "household: hhid, psu: [psu]")
    told = said(tmp_path, text, {"lfs.csv": survey})
    assert "every stratum has one PSU (4 in all)" in told


@pytest.mark.parametrize("name", ["lfs.csv", PERSON, "s.csv"])
def test_of_sound_files_nothing_is_said(tmp_path: Path, files: Files, name: str) -> None:
    told = said(tmp_path, params_of(name, ""), files)
    for words in ("weight 0", "one PSU", "lacks", "of the total", "codes among", "in wave"):
        assert words not in told


@pytest.mark.whole
@pytest.mark.parametrize(
    ("chosen", "late", "expected"),
    [
        ("[1, 2, 4]", False, "the data have wave 3, and tracer.waves does not"),
        ("[1, 4]", False, "the data have wave 2, 3, and"),
        ("[1, 2, 4, 7]", True, "nobody has a row in wave 3, 5, 6"),
    ],
)
def test_waves_that_are_left_out_are_named(
    tmp_path: Path, files: Files, chosen: str, late: bool, expected: str
) -> None:
    text = WHOLE.replace("tracer: {", f"tracer: {{waves: {chosen}, ")
    text = text.replace("impact: {", "impact: {main_wave: 4, ")
    moved = {n: files[n].replace({"wave": LATER}) if late else files[n] for n in (WAVE, OUTCOME)}
    assert expected in said(tmp_path, text, {**files, **moved})
