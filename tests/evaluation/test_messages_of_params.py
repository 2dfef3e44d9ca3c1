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
from mismes_eval.evaluation.schema import KEYS as SCHEMA

FIRST = "Keys: country, title, synthetic, language, year, data_vintage, inputs.lfs, inputs.lfs_rounds, ..."
LEFT = "Data kept elsewhere: name their folder with --data-root or MISMES_DATA_ROOT."
MESSAGES: list[tuple[str, list[str]]] = [
    (
        "title: x\n",
        [
            "a required key is missing: X.yaml, key 'country'. Expected ISO 3166 alpha-3 code, in capitals."
        ],
    ),
    (
        "country:\n",
        [
            "a required key is missing: X.yaml, key 'country'. Expected ISO 3166 alpha-3 code, in capitals."
        ],
    ),
    (
        "country: mda\n",
        [
            "unknown country code: X.yaml, key 'country'. Expected an ISO 3166 alpha-3 code in capitals, got 'mda'. Nearest: MDA."
        ],
    ),
    (
        "country: '12'\n",
        [
            "unknown country code: X.yaml, key 'country'. Expected an ISO 3166 alpha-3 code in capitals, got '12'."
        ],
    ),
    (
        "country: MDA\nsynthetic: maybe\n",
        [
            "the value is not yes or no: X.yaml, key 'synthetic'. Expected true or false, got 'maybe'."
        ],
    ),
    (
        "country: MDA\nyear: 2020.5\n",
        ["the value is not a number: X.yaml, key 'year'. Expected a whole number, got '2020.5'."],
    ),
    (
        "country: MDA\nyear: 1850\n",
        ["the number is out of range: X.yaml, key 'year'. Expected 1900 to 2100, got 1850."],
    ),
    (
        "country: MDA\nyear: 2101\n",
        ["the number is out of range: X.yaml, key 'year'. Expected 1900 to 2100, got 2101."],
    ),
    (
        "country: MDA\nyear: [2020]\n",
        ["one value is needed: X.yaml, key 'year'. Expected integer, got ['2020']."],
    ),
    (
        "country: MDA\nyaer: 2020\n",
        [
            "unknown key: X.yaml, key 'yaer'. Expected a key of the schema, got 'yaer'. Nearest key: 'year'."
        ],
    ),
    (
        "country: MDA\nqqqqqq: 1\n",
        [f"unknown key: X.yaml, key 'qqqqqq'. Expected a key of the schema, got 'qqqqqq'. {FIRST}"],
    ),
    (
        "country: MDA\nwieghts: w\n",
        [
            "unknown key: X.yaml, key 'wieghts'. Expected a key of the schema, got 'wieghts'. Nearest key: 'design.weights'."
        ],
    ),
    (
        "country: MDA\ndesign: w\n",
        ["a section is not a mapping: X.yaml, section 'design'. Expected indented keys."],
    ),
    (
        "country: MDA\ndesign:\n  wieghts: w\n",
        [
            "unknown key: X.yaml, key 'design.wieghts'. Expected a key of the schema, got 'wieghts'. Nearest key: 'design.weights'."
        ],
    ),
    (
        "country: MDA\ninputs:\n  lfs: a.csv\n",
        [
            f"an input file is missing: X.yaml, key 'inputs.lfs'. Expected a file below the project, got 'a.csv'. {LEFT}"
        ],
    ),
    (
        "country: MDA\ninputs:\n  lfs: ../a.csv\n",
        [
            "a path leaves the project: X.yaml, key 'inputs.lfs'. Expected a path below the project or the data root, without '..', got '../a.csv'."
        ],
    ),
    (
        "country: MDA\ninputs:\n  lfs: /etc/passwd\n",
        [
            "a path leaves the project: X.yaml, key 'inputs.lfs'. Expected a path below the project or the data root, without '..', got '/etc/passwd'."
        ],
    ),
    (
        "country: MDA\ninputs:\n  lfs: link.csv\n",
        [
            "a path leaves the project through a link: X.yaml, key 'inputs.lfs'. Expected a file below the project or the data root, got 'link.csv'."
        ],
    ),
    (
        "country: MDA\nyear: 1\nsynthetic: x\n",
        [
            "the value is not yes or no: X.yaml, key 'synthetic'. Expected true or false, got 'x'.",
            "the number is out of range: X.yaml, key 'year'. Expected 1900 to 2100, got 1.",
        ],
    ),
    (
        "- a\n- b\n",
        [
            "the params file is not one mapping: X.yaml. Expected key: value lines, got something else."
        ],
    ),
    (
        "a: 1\n---\nb: 2\n",
        ["the params file is not one mapping: X.yaml. Expected key: value lines, got 2 documents."],
    ),
    (
        "",
        ["the params file is not one mapping: X.yaml. Expected key: value lines, got 0 documents."],
    ),
    (
        "country: MDA\ncountry: MDA\n",
        ["a key stands twice: X.yaml, line 2, key 'country'. Expected every key once."],
    ),
    ("country: MDA\n? [a]\n: b\n", ["a key is not text: X.yaml, line 1. Expected a plain key."]),
    (
        "country: &x MDA\ntitle: *x\n",
        [
            "anchors, aliases and tags are not allowed in params: X.yaml, line 1. Expected plain text, lists and mappings. Write the value out.",
            "anchors, aliases and tags are not allowed in params: X.yaml, line 2. Expected plain text, lists and mappings. Write the value out.",
        ],
    ),
    (
        "country: !!python/name:os.system x\n",
        [
            "anchors, aliases and tags are not allowed in params: X.yaml, line 1. Expected plain text, lists and mappings. Write the value out."
        ],
    ),
    (
        "country: MDA\n  title: x\n",
        [
            "the params file is not YAML: X.yaml, line 2. Expected key: value lines, got mapping values are not allowed here."
        ],
    ),
    (
        "country: MDA\ntitle:\n  a:\n    b:\n      c:\n        d: 1\n",
        ["params are nested too deeply: X.yaml, line 6. Expected at most 5 levels."],
    ),
]


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


@pytest.mark.parametrize(("text", "messages"), MESSAGES)
def test_a_wrong_file_is_told_in_whole_sentences(
    project: Path, text: str, messages: list[str]
) -> None:
    assert said(project, text) == messages


def test_lists_and_mappings_of_wrong_kind(project: Path) -> None:
    a_list = next(k for k in SCHEMA if k.kind == "list" and not k.choices)
    chosen = next((k for k in SCHEMA if k.kind == "list" and k.choices), None)
    a_mapping = next(k for k in SCHEMA if k.kind == "mapping")

    def under(name: str, value: str) -> str:
        section, _, key = name.partition(".")
        return (
            f"country: MDA\n{section}:\n  {key}: {value}\n"
            if key
            else f"country: MDA\n{section}: {value}\n"
        )

    assert said(project, under(a_list.name, "[[a]]")) == [
        f"a list of texts is needed: X.yaml, key '{a_list.name}'. Expected [a, b, ...], got [['a']]."
    ]
    assert load(project, under(a_list.name, "alone"))[a_list.name] == ("alone",)
    assert load(project, under(a_list.name, "[a, b]")).items(a_list.name) == ["a", "b"]
    assert said(project, under(a_mapping.name, "x")) == [
        f"a mapping is needed: X.yaml, key '{a_mapping.name}'. Expected indented 'from: to' lines, got 'x'."
    ]
    assert load(project, under(a_mapping.name, "{a: b}")).mapping(a_mapping.name) == {"a": "b"}
    if chosen is not None:
        expected = f"a value is not allowed: X.yaml, key '{chosen.name}'. Expected one of {', '.join(chosen.choices)}, got 'zz'."
        assert said(project, under(chosen.name, "[zz]")) == [expected]


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
    assert p.path("inputs.lfs") == (outside / "lfs.csv").resolve()
    assert p.portable(p["inputs.lfs"]) == "<data root>/lfs.csv"
    assert p.portable(p["inputs.inventory"]) == "data.csv"
    assert p.portable(Path("/elsewhere/x.csv")) == "x.csv"
    assert p.portable(3) == 3
    monkeypatch.setenv("MISMES_DATA_ROOT", str(outside))
    assert load(project, text).path("inputs.lfs") == (outside / "lfs.csv").resolve()
    expected = "an input file is missing: X.yaml, key 'inputs.lfs'. Expected a file below the project or the data root, got 'none.csv'."
    assert said(project, "country: MDA\ninputs:\n  lfs: none.csv\n") == [expected]
    monkeypatch.setenv("MISMES_DATA_ROOT", str(tmp_path / "nowhere"))
    first = said(project, "country: MDA\n")[0]
    assert (
        first
        == f"the data root is not a folder: --data-root or MISMES_DATA_ROOT. Expected a folder, got {tmp_path / 'nowhere'}."
    )


def test_values_become_what_the_schema_says(project: Path) -> None:
    p = load(project, "country: MDA\nsynthetic: YES\nyear: 2020\ntitle:\ndesign:\n  weights: w\n")
    assert (
        p.country,
        p.synthetic,
        p.integer("year"),
        p.number("year"),
        p.text("title"),
        p.text("language"),
    ) == ("MDA", True, 2020, 2020.0, None, "en")
    assert load(project, "country: MDA\nsynthetic: No\n").synthetic is False
    assert load(project, "country: MDA\n").synthetic is False
    assert (
        p.integer("title") is None
        and p.number("title") is None
        and p.path("inputs.lfs") is None
        and p.path("year") is None
    )
    assert p.items("title") == [] and p.mapping("title") == {}
    assert p.section("design") == {"weights": "w"} and p.section("inputs") == {}
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
    assert Params.load(inner / "Z.yaml").path("inputs.lfs") == (project / "data.csv").resolve()
