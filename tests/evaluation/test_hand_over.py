"""What is handed over reads back, and gives the engine's errors in R and from the columns alone."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import mismes_eval as me
from mismes_eval.cli import main
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.hand_over import (
    Dataset,
    codebook,
    dataset,
    datasets,
    write,
    write_data,
    write_programs,
)
from mismes_eval.report.document.language import language

from ..some import some

COUNT = 40
FRENCH = language("fr")


@pytest.fixture(scope="module")
def sets(evaluated: Callable[[str], Evaluation]) -> list[Dataset]:
    return datasets(evaluated("MDA"), "fr", COUNT, FRENCH)


@pytest.fixture(scope="module")
def folder(sets: list[Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("handover")
    made = write(sets, out, "MDA", True)
    assert {p.name for p in made} >= {"survey.dta", "panel.sav", "survey.R", "codebook.xml"}
    return out


@pytest.mark.whole
def test_labels_of_columns_and_codes_are_in_the_report_s_language(sets: list[Dataset]) -> None:
    assert not FRENCH.unknown
    for d in sets:
        assert d.labels["w_final"].startswith("Poids final")
        assert d.value_labels["male"] == {1: "Oui", 0: "Non"}


@pytest.mark.identity
def test_factors_make_the_final_weight(sets: list[Dataset]) -> None:
    for d in some(sets):
        product = d.frame["w_base"].copy()
        for k in [c for c in d.weights if c.startswith("factor_")]:
            product *= d.frame[k]
        assert np.allclose(product, d.frame["w_final"], rtol=1e-12)
        assert len([c for c in d.weights if c.startswith("factor_")]) >= 1


@pytest.mark.identity
def test_linearised_columns_have_the_errors_of_the_report(sets: list[Dataset]) -> None:
    for d in some(sets):
        s = me.Sample.from_frame(
            d.frame, weights="w_base", strata="stratum_id", psu="psu_id", nest=True
        )
        told = [n for n in d.numbers if n.variable]
        assert len(told) >= 3
        for n in some(told):
            assert me.total(s, n.variable).se[0] == pytest.approx(n.se, rel=1e-9), n.name
    assert any(n.table == "T17" for d in sets for n in d.numbers)


@pytest.mark.whole
def test_files_of_stata_and_spss_read_back(sets: list[Dataset], folder: Path) -> None:
    for d in some(sets):
        for read, end in ((pyreadstat.read_dta, "dta"), (pyreadstat.read_sav, "sav")):
            frame, meta = read(str(folder / f"{d.name}.{end}"))
            assert len(frame) == len(d.frame)
            for column in ("w_base", "w_final", "rw_001", "psu_id"):
                assert np.array_equal(
                    frame[column].to_numpy(float), d.frame[column].to_numpy(float)
                )
            labels = dict(zip(meta.column_names, meta.column_labels, strict=True))
            assert labels["w_final"] == d.labels["w_final"]
            if d.name == "survey":
                assert meta.variable_value_labels["male"] == {0.0: "Non", 1.0: "Oui"}


def test_the_codebook_marks_weights_and_says_synthetic(sets: list[Dataset]) -> None:
    root = ElementTree.fromstring(codebook(sets, "MDA", True))
    ns = {"d": "ddi:codebook:2_5"}
    assert "SYNTHETIC" in str(root.findtext(".//d:titl", "", ns))
    marked = {v.get("name") for v in root.iterfind(".//d:var[@wgt='wgt']", ns)}
    assert {"w_base", "w_final", "rw_001"} <= marked and "male" not in marked
    assert len(list(root.iterfind(".//d:var", ns))) == sum(d.frame.shape[1] for d in sets)
    status = root.find(".//d:var[@name='mig_status']", ns)
    assert status is not None and "15 ans et plus, revenu" in str(status.findtext("d:txt", "", ns))
    coded = {c.findtext("d:catValu", "", ns) for c in status.iterfind("d:catgry", ns)}
    assert coded == {"NON", "RET", "CUR_ABS", "IMM", "INT_INTERNAL"}


@pytest.mark.golden
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_r_gives_the_engines_errors(sets: list[Dataset], tmp_path: Path) -> None:
    """svrepdesign: 0 for a calibrated margin, the engine's replicate error elsewhere, 1e-8."""
    d = next(d for d in sets if d.name == "survey")
    columns = ["male", "age", "w_final", *d.replicate_columns]
    d.frame[columns].to_csv(tmp_path / "survey.csv", index=False, float_format="%.17g")
    write_programs(d, tmp_path)
    program = (tmp_path / "survey.R").read_text()
    design = re.search(r"r <- svrepdesign.*?data = d\)", program, re.DOTALL)
    assert design is not None
    script = tmp_path / "check.R"
    script.write_text(
        "if (!requireNamespace('survey', quietly = TRUE)) quit(status = 77)\n"
        f"suppressMessages(library(survey))\nd <- read.csv('{tmp_path / 'survey.csv'}')\n"
        f"{design[0]}\n"
        "cat(sprintf('%.17g', c(SE(svymean(~age, r)), SE(svytotal(~male, r)))), sep = '\\n')\n"
    )
    run = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=False)
    if run.returncode == 77:
        pytest.skip("R's survey is not on this machine")
    mean_age, men = (float(x) for x in run.stdout.split())
    weights = d.frame[d.replicate_columns].to_numpy()
    each = (weights * d.frame["age"].to_numpy()[:, None]).sum(axis=0) / weights.sum(axis=0)
    engine = np.sqrt(d.scale * ((each - each.mean()) ** 2).sum())
    assert mean_age == pytest.approx(engine, rel=1e-8)
    assert men < 1e-6 * d.frame["w_final"].sum()  # a margin of the calibration


@pytest.mark.parametrize(
    ("lonely", "r", "stata"),
    [
        ("adjust", "adjust", "centered"),
        ("average", "average", "scaled"),
        ("remove", "remove", "certainty"),
    ],
)
def test_programs_treat_strata_of_one_psu_as_the_report(
    sets: list[Dataset], tmp_path: Path, lonely: str, r: str, stata: str
) -> None:
    write_programs(replace(sets[0], lonely=lonely), tmp_path)
    assert f'survey.lonely.psu = "{r}"' in (tmp_path / f"{sets[0].name}.R").read_text()
    assert f"singleunit({stata})" in (tmp_path / f"{sets[0].name}.do").read_text()


@pytest.mark.golden
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_the_share_of_psus_that_were_drawn_travels(tmp_path: Path) -> None:
    """The program for R gives the engine's errors, which the shares make smaller, at 1e-8."""
    r = np.random.default_rng(5)
    row = np.arange(120)
    frame = pd.DataFrame({"h": row // 40, "c": row // 5, "w": 1.0 + row % 3, "age": 20.0 + row % 7})
    frame["drawn"] = np.array([0.5, 0.1, 0.8])[frame["h"]]
    frame["age"] += r.normal(size=8 * 3)[frame["c"]]
    s = me.Sample.from_frame(frame, weights="w", strata="h", psu="c", fpc="drawn")
    mean = me.mean(s, "age")
    assert (
        mean.se[0]
        < 0.9 * me.mean(me.Sample.from_frame(frame, weights="w", strata="h", psu="c"), "age").se[0]
    )
    made = dataset("survey", s, "lfs_person", "en", (0, 1), [("T08", "age", mean)]).in_words(str)
    write_data(made, tmp_path)
    write_programs(made, tmp_path)
    assert "fpc(psu_fraction)" in (tmp_path / "survey.do").read_text()
    program = (tmp_path / "survey.R").read_text()
    script = tmp_path / "check.R"
    script.write_text(
        "if (!requireNamespace('survey', quietly = TRUE) ||"
        " !requireNamespace('haven', quietly = TRUE)) quit(status = 77)\n"
        + program.replace("print(told)", "cat(sprintf('TOLD %.17g', told$se_here))")
    )
    run = subprocess.run(
        ["Rscript", script.name], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    if run.returncode == 77:
        pytest.skip("R's survey or haven is not on this machine")
    told = re.search(r"TOLD (\S+)", run.stdout)
    assert told is not None, run.stderr
    assert float(told[1]) == pytest.approx(mean.se[0], rel=1e-8)


@pytest.mark.whole
@pytest.mark.usefixtures("read_before")
def test_nothing_of_persons_is_written_unasked(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as ended:
        main(["export", "MDA", "--out", str(tmp_path), "--quiet"])
    assert ended.value.code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["codebook.xml"]
