"""A public file under its own names, mapped by answers, gives the number that its office published.

Source of the number: INE Chile, Encuesta Nacional de Empleo, January-March 2020: unemployment 8.2 %,
about 800 thousand unemployed (release of 30 April 2020, as the press printed it).
"""

import shutil
from pathlib import Path

import pytest

from mismes_eval.cli import main
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import gather
from mismes_eval.evaluation.mapping_of_run import draft_of
from mismes_eval.evaluation.params import Params

ANSWERS = {
    "weight": "y",
    "psu": "y",
    "strata": "y",
    "male": {"column": "sexo", "codes": {"1": "1", "2": "0"}},
    "subnatid1": "y",
    "icls_v": "= ICLS-19",
    "hhid": "n",
    "pid": "n",
    "age": "n",
    "lstatus": {
        "column": "cae_especifico",
        "codes": {"1..7": "1", "8..9": "2", "10..28": "3"},
        "reasons": {"0": "NOTASKED"},
    },
    "age_group": {"column": "cae_especifico", "codes": {"0": "0-14", "1..28": "15+"}},
}


@pytest.mark.whole
@pytest.mark.shared
def test_delimited_text_from_raw_to_the_published_rate(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    shutil.copy(shared / "data" / "chile_ene_2020_efm.csv.gz", tmp_path / "ene.csv.gz")
    with pytest.raises(SystemExit) as stop:
        main(["new", "CHL", "--lfs", "ene.csv.gz", "--year", "2020", "--quiet"])
    assert stop.value.code == 0
    path = tmp_path / "params" / "CHL.yaml"
    draft = draft_of(Params.load(path)).answered_all(ANSWERS)
    assert not draft.open
    draft.save()
    text = path.read_text(encoding="utf-8").replace(
        "\ncalibration:\n", "\ncalibration:\n  method: none\n"
    )
    keys = "\ndesign:\n  strata: [strata]\n  psu: [psu]\n"
    path.write_text(text.replace("\ndesign:\n", keys), encoding="utf-8")
    found, problems = gather(Params.load(path))
    assert not problems and found.survey is not None
    rates = found.indicators(which=("L3",))
    rate, persons = rates["L3.unemployment"], rates["L3.unemployed"]
    assert isinstance(rate, Estimate) and isinstance(persons, Estimate)
    assert round(100 * float(rate.value[0]), 1) == 8.2
    assert round(float(persons.value[0]) / 1e5) == 8
    assert found.survey.definition is None and found.survey.first_weight == "final weight"
