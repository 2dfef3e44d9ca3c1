"""Fifteen planted identifiers: every reader stops at every one without showing it, and nothing that
is written, logged or named carries a secret of the machine or the data.
"""

import json
import logging
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mismes_eval import inventory, lfs, tracer
from mismes_eval.errors import InputError, MismesError
from mismes_eval.frame import read
from mismes_eval.report.factory.run import Order, run_report

PLANTED = {
    "a name": {"respondent_name": "Anahit Petrosyan"},
    "a name in French": {"nom_famille": "Ben Salah"},
    "a phone of Armenia": {"remark": "+374 91 234567"},
    "a phone of Georgia in a text": {
        "remark": "call after six: +995 555 12 34 56, ask for the owner"
    },
    "a phone of Moldova": {"remark": "0037369123456"},
    "a phone of Morocco by its column": {"telephone": "0612345678"},
    "a passport of Armenia": {"remark": "AP1234567"},
    "a passport of Georgia": {"remark": "12AB34567"},
    "a passport of Moldova": {"remark": "B1234567"},
    "a passport of Morocco": {"remark": "QK812345"},
    "a passport of Tunisia": {"remark": "Z123456"},
    "an e-mail address": {"remark": "write to a.petrosyan@example.org please"},
    "coordinates": {"remark": "house at 40.18111, 44.51361 behind the mill"},
    "a birth date with the village": {"date_of_birth": "1990-03-05", "village": "Ararat"},
    "a token": {"remark": "token=ghp_0123456789abcdefghijABCDEFGHIJ012345"},
}
SHOWN = (
    "Petrosyan",
    "Ben Salah",
    "234567",
    "555 12",
    "69123456",
    "0612345678",
    "AP1234567",
    "12AB34567",
    "B1234567",
    "QK812345",
    "Z123456",
    "40.18111",
    "1990-03-05",
    "ghp_",
)


@pytest.fixture(scope="module")
def tables(root: Path) -> dict[str, pd.DataFrame]:
    """Small clean tables of the synthetic country."""
    folder = root / "data_raw" / "MDA"
    names = (
        "lfs_person",
        "tracer_person",
        "tracer_wave",
        "tracer_outcome",
        "tracer_service",
        "tracer_episode",
    )
    return {n: pd.read_parquet(folder / f"{n}.parquet").head(40) for n in names} | {
        "inventory": pd.read_csv(folder / "inventory.csv", dtype=str).head(5)
    }


def plant(frame: pd.DataFrame, what: dict[str, str]) -> pd.DataFrame:
    return frame.assign(**{column: [text] * len(frame) for column, text in what.items()})


def stops(call: object, *args: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        call(*args, **options)  # type: ignore[operator]
    said = str(caught.value)
    assert "identif" in said, said
    assert not any(s in said for s in SHOWN), said
    return said


@pytest.mark.parametrize(
    "what",
    [w if k % 4 == 0 else pytest.param(w, marks=pytest.mark.slow) for k, w in enumerate(PLANTED)],
)
def test_every_reader_stops_and_shows_nothing(
    tables: dict[str, pd.DataFrame], tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for ending in ("csv", "parquet"):
        frame = plant(tables["lfs_person"], PLANTED[what])
        path = tmp_path / f"lfs.{ending}"
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
        stops(read, path)
        stops(read, path, template="lfs_person")
        stops(lfs.read, path)
    path = tmp_path / "inventory.csv"
    plant(tables["inventory"], PLANTED[what]).to_csv(path, index=False)
    stops(inventory.read, path)
    for name in (
        "tracer_person",
        "tracer_wave",
        "tracer_outcome",
        "tracer_service",
        "tracer_episode",
    ):
        given = {n.removeprefix("tracer_"): tables[n] for n in tables if n.startswith("tracer_")}
        stops(
            tracer.read,
            **(given | {name.removeprefix("tracer_"): plant(tables[name], PLANTED[what])}),
        )
    assert not any(s in caplog.text for s in SHOWN)


@pytest.mark.parametrize(
    "what", [w for w in PLANTED if not any(k in w for k in ("name", "birth", "passport"))], ids=str
)
def test_one_cell_among_clean_ones_is_found(
    tables: dict[str, pd.DataFrame], tmp_path: Path, what: str
) -> None:
    """Passports are told from survey codes by being most of a column; everything else by a single
    cell.
    """
    (column, text), *_ = PLANTED[what].items()
    cells = ["nothing to add"] * 39 + [text]
    path = tmp_path / "x.csv"
    pd.DataFrame({column: cells, "y": range(40)}).to_csv(path, index=False)
    assert str(text) not in stops(read, path)


def test_a_message_about_another_cell_does_not_show_an_identifier(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    frame = tables["lfs_person"].astype({"age": "object"})
    frame.loc[frame.index[3], "age"] = "a.petrosyan@example.org"
    path = tmp_path / "lfs.csv"
    frame.to_csv(path, index=False)
    for reader in (lfs.read, read):
        assert "petrosyan" not in stops(reader, path)


@pytest.mark.whole
def test_a_run_over_planted_data_leaves_nothing(root: Path, tmp_path: Path) -> None:
    """The report fails, and neither its problems nor any file below the project carries what was
    planted.
    """
    project = tmp_path / "project"
    (project / "params").mkdir(parents=True)
    (project / "data_raw").mkdir()
    frame = plant(
        pd.read_parquet(root / "data_raw" / "MDA" / "lfs_person.parquet").head(500),
        PLANTED["an e-mail address"],
    )
    frame.to_parquet(project / "data_raw" / "lfs.parquet")
    (project / "params" / "MDA.yaml").write_text(
        "country: MDA\nsynthetic: true\nyear: 2023\ninputs:\n  lfs: data_raw/lfs.parquet\n",
        encoding="utf-8",
    )
    notebook = nbformat.read(root / "notebooks" / "country_report.ipynb", as_version=4)
    (project / "notebooks").mkdir()
    nbformat.write(notebook, project / "notebooks" / "country_report.ipynb")
    order = Order(
        "MDA",
        project / "params" / "MDA.yaml",
        project / "notebooks" / "country_report.ipynb",
        project / "reports",
    )
    outcome = run_report(order, lambda a, b: None)
    assert outcome.status == "failed" and outcome.exit_status == 2
    assert "identifier" in str(outcome.problems[0])
    for path in project.rglob("*"):
        assert "petrosyan" not in path.name
        if path.is_file() and path.suffix != ".parquet":
            assert b"petrosyan" not in path.read_bytes(), path
    assert "petrosyan" not in json.dumps([str(p) for p in outcome.problems])


@pytest.mark.slow
def test_secrets_of_the_machine_stay_out_of_a_report(project_made: Path) -> None:
    """A token in the environment, the user's name and home, and the host's name are in no file of a
    report.
    """
    texts = [p.read_bytes() for p in (project_made / "reports").rglob("*") if p.is_file()]
    assert len(texts) >= 7
    for secret in (SECRET, str(Path.home()) + "/", str(project_made)):
        assert not any(secret.encode() in t for t in texts), secret


SECRET = "ghp_SECRETofTHEenvironment0123456789abc"


@pytest.fixture(scope="module")
def project_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a report made while the environment holds a token."""
    folder = tmp_path_factory.mktemp("secret")
    (folder / "params").mkdir()
    (folder / "data_raw").mkdir()
    (folder / "data_raw" / "lfs.csv").write_text("place,persons\nnorth,120\n", encoding="utf-8")
    (folder / "params" / "FRA.yaml").write_text(
        "country: FRA\nsynthetic: false\nyear: 2023\ninputs:\n  lfs: data_raw/lfs.csv\n",
        encoding="utf-8",
    )
    cells = [
        "import pandas as pd\nfrom mismes_eval.report import session\nfrom mismes_eval.report.document.estimated_cells import counts\nreport = session.open(run)",
        'report.add_table(counts("T01", "Persons", pd.read_csv(report.params.inputs.lfs).set_index("place"), "made up"))',
        "report.finish()",
    ]
    new = nbformat.v4.new_notebook()
    first = nbformat.v4.new_code_cell('run = "params/FRA.yaml"')
    first.metadata["tags"] = ["parameters"]
    new.cells = [first, *map(nbformat.v4.new_code_cell, cells)]
    (folder / "notebooks").mkdir()
    nbformat.write(new, folder / "notebooks" / "n.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", SECRET)
        try:
            outcome = run_report(
                Order(
                    "FRA",
                    folder / "params/FRA.yaml",
                    folder / "notebooks/n.ipynb",
                    folder / "reports",
                ),
                lambda a, b: None,
            )
        except MismesError as error:
            pytest.fail(str(error))
    assert outcome.status == "made", outcome
    return folder
