"""docs/start/first-afternoon.md: what the page says is printed, is printed."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mismes_eval.cli import main
from mismes_eval.cli import map as mapping

LABELS = {
    "sexe": {1: "Homme", 2: "Femme"},
    "educ": {1: "Aucun", 2: "Primaire", 3: "Secondaire", 4: "Supérieur"},
    "statut": {1: "Occupé", 2: "Chômeur", 3: "Inactif"},
}
NAMES = {
    "ident": "Identifiant du ménage",
    "lin": "Numéro de ligne",
    "strate": "Strate",
    "grappe": "Grappe (UPE)",
    "poids": "Poids final",
    "sexe": "Sexe",
    "age": "Âge révolu",
    "educ": "Niveau d'instruction",
    "region": "Région",
    "statut": "Statut d'activité",
}
ANSWERS = ["y"] * 10 + ["5", "7", "2", "= ICLS-19"]


def write_survey(path: Path) -> None:
    """SYNTHETIC: 3,000 persons as an office's file."""
    rng = np.random.default_rng(7)
    n = 3000
    household = np.repeat(np.arange(n // 3), 3)
    persons = {
        "ident": household + 1,
        "lin": np.tile([1, 2, 3], n // 3),
        "strate": household % 8 + 1,
        "grappe": household // 20 + 1,
        "poids": rng.uniform(200, 900, n).round(1),
        "sexe": rng.integers(1, 3, n),
        "age": rng.integers(0, 85, n),
        "educ": rng.integers(1, 5, n),
        "region": household % 4 + 1,
    }
    status = rng.choice([1, 2, 3], n, p=[0.55, 0.08, 0.37])
    persons["statut"] = np.where(persons["age"] < 15, np.nan, status)
    frame = pd.DataFrame(persons)
    frame.to_stata(path, write_index=False, version=118, variable_labels=NAMES, value_labels=LABELS)


def said(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        main(list(arguments))
    out = capsys.readouterr()
    return out.out + out.err


@pytest.mark.slow
def test_the_page_says_what_is_printed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    write_survey(tmp_path / "enquete.dta")
    printed = said("new", "PHL", "--lfs", "enquete.dta", "--year", "2024", capsys=capsys)
    typed = "".join(f"{line}\n" for line in ANSWERS)
    run = CliRunner().invoke(mapping.command, ["PHL"], input=typed, standalone_mode=False)
    assert "every question is answered" in run.output
    file = tmp_path / "params" / "PHL.yaml"
    text = file.read_text(encoding="utf-8")
    design = "\ndesign:\n  weights: weight\n  strata: [strata]\n  psu: [psu]\n"
    text = text.replace("\ndesign:\n", design).replace(
        "\ncalibration:\n", "\ncalibration:\n  method: none\n"
    )
    file.write_text(text.replace("synthetic: false", "synthetic: true"), encoding="utf-8")
    refused = said("check", "PHL", capsys=capsys)
    nested = file.read_text(encoding="utf-8").replace("psu: [psu]", "psu: [psu]\n  nest: true")
    file.write_text(nested, encoding="utf-8")
    ready = said("check", "PHL", capsys=capsys)
    everything = " ".join((printed + run.output + refused + ready).split())
    page = (root / "docs" / "start" / "first-afternoon.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 6
    for piece in "...".join(blocks).replace("> y\n", ">\n").split("..."):
        words = " ".join(piece.strip("\n ,)·").split())
        assert words in everything
