"""What a user reads when a params file is wrong: whole messages, with file, key, what was expected
and how to mend it; and what right values become.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.evaluation.params import Params


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    root = tmp_path / "project"
    (root / "params").mkdir(parents=True)
    (root / "data.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    return root


def load(project: Path, text: str, **where: object) -> Params:
    file = project / "params" / "X.yaml"
    file.write_text(text, encoding="utf-8")
    return Params.load(file, **where)  # type: ignore[arg-type]


def said(project: Path, text: str, **where: object) -> list[str]:
    with pytest.raises(ParamsError) as caught:
        load(project, text, **where)
    return [str(p) for p in caught.value.problems]


def test_lists_and_mappings_of_wrong_kind(project: Path) -> None:
    strata = "country: MDA\ndesign:\n  strata: "
    assert said(project, strata + "[[a]]\n") == [
        "a list of texts is needed: X.yaml, line 3, key 'design.strata'. Expected [a, b, ...], got [['a']]."
    ]
    assert load(project, strata + "alone\n").design.strata == ("alone",)
    assert load(project, strata + "[a, b]\n").design.strata == ("a", "b")
    columns = "country: MDA\nmapping:\n  columns: "
    assert said(project, columns + "x\n") == [
        "a mapping is needed: X.yaml, line 3, key 'mapping.columns'. Expected indented 'from: to' lines, got 'x'."
    ]
    assert load(project, columns + "{a: b}\n").mapping.columns == {"a": "b"}


def test_a_file_that_cannot_be_read_is_told(project: Path) -> None:
    with pytest.raises(ParamsError) as missing:
        Params.load(project / "params" / "Y.yaml")
    assert (
        str(missing.value)
        == f"the params file is missing: {project / 'params' / 'Y.yaml'}. Expected a file. Make one with `mismes new`."
    )
    file = project / "params" / "X.yaml"
    file.write_bytes(b"country: MDA\ntitle: \xff\n")
    with pytest.raises(
        ParamsError,
        match=r"^the params file is not UTF-8: X.yaml. Expected UTF-8 text, got byte 20\.$",
    ):
        Params.load(file)
    file.write_bytes(b"#" * 65_536)
    with pytest.raises(ParamsError, match="not one mapping"):
        Params.load(file)
    file.write_bytes(b"#" * 65_537)
    with pytest.raises(
        ParamsError,
        match=r"^the params file is too large: X.yaml. Expected at most 65536 bytes, got 65537 bytes\.$",
    ):
        Params.load(file)


def test_data_may_be_kept_elsewhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "vault"
    outside.mkdir()
    (outside / "lfs.csv").write_text("a\n1\n", encoding="utf-8")
    text = "country: MDA\ninputs:\n  lfs: lfs.csv\n  inventory: data.csv\n"
    p = load(project, text, data_root=outside)
    assert p.inputs.lfs == (outside / "lfs.csv").resolve()
    assert p.portable(p.inputs.lfs) == "<data root>/lfs.csv"
    assert p.portable(p.inputs.inventory) == "data.csv"
    assert p.portable(Path("/elsewhere/x.csv")) == "x.csv"
    assert p.portable(3) == 3
    monkeypatch.setenv("MISMES_DATA_ROOT", str(outside))
    assert load(project, text).inputs.lfs == (outside / "lfs.csv").resolve()
    expected = "an input file is missing: X.yaml, line 3, key 'inputs.lfs'. Expected a file below the project or the data root, got 'none.csv'."
    assert said(project, "country: MDA\ninputs:\n  lfs: none.csv\n") == [expected]
    monkeypatch.setenv("MISMES_DATA_ROOT", str(tmp_path / "nowhere"))
    first = said(project, "country: MDA\n")[0]
    assert (
        first
        == f"the data root is not a folder: --data-root or MISMES_DATA_ROOT. Expected a folder, got {tmp_path / 'nowhere'}."
    )


def test_values_become_what_the_fields_say(project: Path) -> None:
    p = load(project, "country: MDA\nsynthetic: YES\nyear: 2020\ntitle:\ndesign:\n  weights: w\n")
    assert (p.country, p.synthetic, p.year, p.title, p.language) == ("MDA", True, 2020, None, "en")
    assert load(project, "country: MDA\nsynthetic: No\n").synthetic is False
    assert load(project, "country: MDA\n").synthetic is False
    assert p.inputs.lfs is None and p.design.weights == "w" and p.design.strata == ()
    assert p.given == {"country", "synthetic", "year", "design.weights"}
    assert p.source == "X.yaml" and p.root == project.resolve() and p.data_root is None
    with pytest.raises(
        ParamsError,
        match=r"^no such key: design.wieghts. Expected a key of the schema. Nearest key: 'design.weights'\.$",
    ):
        p["design.wieghts"]


def test_resolved_values_are_one_sorted_text_and_its_hash(project: Path) -> None:
    p = load(project, "country: MDA\ninputs:\n  lfs: data.csv\ntitle: é\n")
    read = json.loads(p.to_json())
    assert (
        list(read) == sorted(read) and read["inputs.lfs"] == "data.csv" and read["country"] == "MDA"
    )
    assert "é" in p.to_json()
    assert p.fingerprint() == hashlib.sha256(p.to_json().encode("utf-8")).hexdigest()
    assert (
        p.fingerprint()
        == load(project, "title: é\ncountry: MDA\ninputs:\n  lfs: data.csv\n").fingerprint()
    )
    assert (
        p.fingerprint() != load(project, "country: MDA\ninputs:\n  lfs: data.csv\n").fingerprint()
    )


def test_the_project_is_the_nearest_folder_with_params(project: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text("country: MDA\n", encoding="utf-8")
    assert Params.load(alone).root == tmp_path.resolve()
    assert Params.load(alone, root=project).root == project.resolve()
    inner = project / "params" / "sub"
    inner.mkdir()
    (inner / "Z.yaml").write_text("country: MDA\ninputs:\n  lfs: data.csv\n", encoding="utf-8")
    assert Params.load(inner / "Z.yaml").inputs.lfs == (project / "data.csv").resolve()
