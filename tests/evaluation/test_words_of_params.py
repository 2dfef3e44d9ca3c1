"""Every refusal of a params file in its whole words, as its author reads them; every kind of value
as it is read; what is published of a run and what is not.
"""

import hashlib
import json
from pathlib import Path
from types import MappingProxyType

import pytest

from mismes_eval.errors import ParamsError, Problem, in_column, of_argument
from mismes_eval.evaluation.params import BY_NAME, KEYS, SECTIONS, Params
from mismes_eval.evaluation.said_by_key import said_by_key
from mismes_eval.evaluation.yaml_text import DEPTH, LIMIT, read_yaml

TOP = dict.fromkeys(key.name.partition(".")[0] for key in KEYS)
FIRST_KEYS = f"Sections and keys: {', '.join(TOP)}."
ROOT_HINT = "Data kept elsewhere: name their folder with --data-root or MISMES_DATA_ROOT."
OUT = "a path leaves the project: X.yaml, line 2, key 'inputs.lfs'. Expected a path below the project or the data root, without '..', got"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    (tmp_path / "params").mkdir()
    return tmp_path / "params" / "X.yaml"


def load(file: Path, text: str, **where: Path | str) -> Params:
    file.write_text(text, encoding="utf-8")
    return Params.load(file, **where)


def said(file: Path, text: str, **where: Path | str) -> list[str]:
    with pytest.raises(ParamsError) as caught:
        load(file, text, **where)
    return [str(p) for p in caught.value.problems]


REFUSED = {
    "title: x\n": "a required key is missing: X.yaml, key 'country'. Expected ISO 3166 alpha-3 code, in capitals.",
    "country:\n": "a required key is missing: X.yaml, line 1, key 'country'. Expected ISO 3166 alpha-3 code, in capitals.",
    "country: mda\n": "unknown country code: X.yaml, line 1, key 'country'. Expected an ISO 3166 alpha-3 code in capitals, got 'mda'. Nearest: MDA.",
    "country: JOQQQ\n": "unknown country code: X.yaml, line 1, key 'country'. Expected an ISO 3166 alpha-3 code in capitals, got 'JOQQQ'. Nearest: JOR.",
    "country: 999\n": "unknown country code: X.yaml, line 1, key 'country'. Expected an ISO 3166 alpha-3 code in capitals, got '999'.",
    "country: [MDA]\n": "one value is needed: X.yaml, line 1, key 'country'. Expected country, got ['MDA'].",
    "synthetic: maybe\n": "the value is not yes or no: X.yaml, line 2, key 'synthetic'. Expected true or false, got 'maybe'.",
    "title: {a: b}\n": "one value is needed: X.yaml, line 2, key 'title'. Expected text, got {'a': 'b'}.",
    "year: 1e3\n": "the value is not a number: X.yaml, line 2, key 'year'. Expected a whole number, got '1e3'.",
    "year: 1899\n": "the number is out of range: X.yaml, line 2, key 'year'. Expected 1900 to 2100, got 1899.",
    "year: 2101\n": "the number is out of range: X.yaml, line 2, key 'year'. Expected 1900 to 2100, got 2101.",
    "disclosure: {min_cell: 2}\n": "the number is out of range: X.yaml, line 2, key 'disclosure.min_cell'. Expected 3 or more, got 2.",
    "disclosure: {cv_flag: nan}\n": "the number is out of range: X.yaml, line 2, key 'disclosure.cv_flag'. Expected 0 to 1, got nan.",
    "disclosure: {cv_flag: few}\n": "the value is not a number: X.yaml, line 2, key 'disclosure.cv_flag'. Expected a number, got 'few'.",
    "design: {lonely_psu: adust}\n": (
        "a value is not allowed: X.yaml, line 2, key 'design.lonely_psu'. Expected one of adjust, remove, average, certainty, error, got 'adust'. Nearest: adjust."
    ),
    "design: {lonely_psu: improved}\n": (
        "a value is not allowed: X.yaml, line 2, key 'design.lonely_psu'. Expected one of adjust, remove, average, certainty, error, got 'improved'. Nearest: remove."
    ),
    "design: {lonely_psu: abc}\n": (
        "a value is not allowed: X.yaml, line 2, key 'design.lonely_psu'. Expected one of adjust, remove, average, certainty, error, got 'abc'."
    ),
    "designs: {first_job: {A: 0}}\n": "the number is out of range: X.yaml, line 2, key 'designs.first_job.A'. Expected 1 or more, got 0.0.",
    "design: w\n": "a section is not a mapping: X.yaml, line 2, section 'design'. Expected indented keys.",
    "design: {wieghts: w}\n": "unknown key: X.yaml, line 2, key 'design.wieghts'. Expected a key of the schema, got 'wieghts'. Nearest key: 'design.weights'.",
    "desing: {weights: w}\n": "unknown key: X.yaml, line 2, key 'desing'. Expected a key of the schema, got 'desing'. Nearest key: 'design'.",
    "title_and_head: x\n": "unknown key: X.yaml, line 2, key 'title_and_head'. Expected a key of the schema, got 'title_and_head'. Nearest key: 'title'.",
    "lonely_psu: adjust\n": "unknown key: X.yaml, line 2, key 'lonely_psu'. Expected a key of the schema, got 'lonely_psu'. Nearest key: 'design.lonely_psu'.",
    "zzz: 1\n": f"unknown key: X.yaml, line 2, key 'zzz'. Expected a key of the schema, got 'zzz'. {FIRST_KEYS}",
    "mapping: {columns: age}\n": "a mapping is needed: X.yaml, line 2, key 'mapping.columns'. Expected indented 'from: to' lines, got 'age'.",
    "design: {strata: {a: b}}\n": "a list of texts is needed: X.yaml, line 2, key 'design.strata'. Expected [a, b, ...], got {'a': 'b'}.",
    "design: {strata: [a, [b]]}\n": "a list of texts is needed: X.yaml, line 2, key 'design.strata'. Expected [a, b, ...], got ['a', ['b']].",
    "inputs: {lfs: ../x.csv}\n": f"{OUT} '../x.csv'.",
    "inputs: {lfs: /x.csv}\n": f"{OUT} '/x.csv'.",
    'inputs: {lfs: "a\\0b"}\n': f"{OUT} 'a\\x00b'.",
    'title: "a\\u202eb"\n': "a text holds signs that nobody sees: X.yaml, line 2, key 'title'. Expected letters, digits and signs, got 'a\\u202eb'.",
    "inputs: {lfs: x.csv}\n": f"an input file is missing: X.yaml, line 2, key 'inputs.lfs'. Expected a file below the project, got 'x.csv'. {ROOT_HINT}",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_says_what_where_and_how_to_mend_it(file: Path, text: str) -> None:
    whole = text if text.startswith(("country", "title: x")) else "country: MDA\n" + text
    assert said(file, whole) == [REFUSED[text]]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("psu", "design.psu"),
        ("strata", "design.strata"),
        ("currency", "cost.currency"),
        ("cohort", "rollout.cohort"),
        ("covariate", "impact.covariates"),
        ("price_years", "cost.price_year"),
        ("langue", "language"),
        ("impacts", "impact"),
    ],
)
def test_a_key_that_stands_outside_its_section_is_sent_there(
    file: Path, key: str, meant: str
) -> None:
    assert said(file, f"country: MDA\n{key}: x\n") == [
        f"unknown key: X.yaml, line 2, key '{key}'. Expected a key of the schema, got '{key}'. Nearest key: '{meant}'."
    ]


def test_rows_of_a_sample_are_told_as_rows_of_its_file(file: Path) -> None:
    file.write_text("country: MDA\ndesign: {psu: [p]}\n")
    lost = Problem("a code is missing", in_column("p")).in_rows([0, 3])
    (told,) = said_by_key(Params.load(file), [lost], ["design"])
    assert told.rows == (2, 5) and "design.psu" in told.where
    for place in ("totals['urban']['0']", of_argument("totals")):
        (told,) = said_by_key(Params.load(file), [Problem("no rows", place)], ["calibration"])
        assert "inputs.margins" in told.where


def test_every_problem_is_named_also_after_one_that_ends_a_section(file: Path) -> None:
    found = said(file, "country: MDA\ntracer:\ndesign: w\nimpact: {x: y, z: u}\nzzz: 1\nyear: x\n")
    assert [f.split(". ")[0] for f in found] == [
        "unknown key: X.yaml, line 5, key 'zzz'",
        "the value is not a number: X.yaml, line 6, key 'year'",
        "a section is not a mapping: X.yaml, line 3, section 'design'",
        "unknown key: X.yaml, line 4, key 'impact.x'",
        "unknown key: X.yaml, line 4, key 'impact.z'",
    ]


def test_a_link_out_of_the_project_is_named(
    file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.csv").write_text("a\n", encoding="utf-8")
    (file.parent.parent / "link.csv").symlink_to(outside / "x.csv")
    assert said(file, "country: MDA\ninputs: {lfs: link.csv}\n") == [
        "a path leaves the project through a link: X.yaml, line 2, key 'inputs.lfs'. Expected a file below the project or the data root, got 'link.csv'."
    ]


def test_with_a_data_root_the_missing_file_was_sought_in_both(file: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    expected = "an input file is missing: X.yaml, line 2, key 'inputs.lfs'. Expected a file below the project or the data root, got 'x.csv'."
    assert said(file, "country: MDA\ninputs: {lfs: x.csv}\n", data_root=tmp_path / "data") == [
        expected
    ]


def test_a_data_root_that_is_no_folder_is_named_beside_the_other_problems(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = "the data root is not a folder: --data-root or MISMES_DATA_ROOT. Expected a folder, got nowhere/at/all."
    found = said(file, "country: MDA\nyear: x\ninputs: {lfs: x.csv}\n", data_root="nowhere/at/all")
    assert found[0] == expected
    assert found[2].endswith(ROOT_HINT)
    monkeypatch.setenv("MISMES_DATA_ROOT", "nowhere/at/all")
    assert said(file, "country: MDA\n") == [expected]
    monkeypatch.setenv("MISMES_DATA_ROOT", "")
    assert load(file, "country: MDA\n").data_root is None


def test_the_data_root_is_the_argument_else_the_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("MISMES_DATA_ROOT", str(tmp_path / "one"))
    assert load(file, "country: MDA\n").data_root == tmp_path / "one"
    assert load(file, "country: MDA\n", data_root=tmp_path / "two").data_root == tmp_path / "two"


def test_the_project_is_the_nearest_folder_with_params(
    file: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert load(file, "country: MDA\n").root == tmp_path
    deep = file.parent / "real"
    deep.mkdir()
    assert load(deep / "Y.yaml", "country: MDA\n").root == tmp_path
    assert load(file, "country: MDA\n", root=deep).root == deep
    lonely = tmp_path_factory.mktemp("lonely")
    assert load(lonely / "Z.yaml", "country: MDA\n").root == lonely


GIVEN = """
country: MDA
title: Ex.
synthetic: YES
year: 2020
inputs: {lfs: x.csv}
mapping: {columns: {age: q1}}
design: {strata: [a, b], psu: p, nest: No, cluster_deff: 2.5}
cost:
calibration:
  cell:
impact: {seed: 3}
"""


def test_values_are_read_by_their_kind(file: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n", encoding="utf-8")
    p = load(file, GIVEN)
    assert (p.country, p.synthetic, p.year, p.title) == ("MDA", True, 2020, "Ex.")
    assert (p.design.cluster_deff, p.design.nest, p.design.household) == (2.5, False, None)
    assert (p.design.strata, p.design.psu, p.design.fpc) == (("a", "b"), ("p",), ())
    assert (p.cost.price_year, p.cost.job_year_value, p.impact.seed) == (None, None, 3)
    assert (p.mapping.columns, p.mapping.recode) == ({"age": "q1"}, {})
    assert (p.inputs.lfs, p.inputs.margins) == (tmp_path / "x.csv", None)
    assert p.source == "X.yaml"
    assert (p.calibration.cell, p.calibration.method, p.cost.currency) == (None, "raking", "EUR")


def test_a_range_holds_its_ends(file: Path) -> None:
    for text in ("1900", "2100"):
        assert load(file, f"country: MDA\nyear: {text}\n").year == int(text)
    p = load(file, "country: MDA\ndisclosure: {cv_flag: 1, cv_suppress: 5, min_cell: 3}\n")
    assert (p.disclosure.cv_flag, p.disclosure.cv_suppress, p.disclosure.min_cell) == (1.0, 5.0, 3)
    assert load(file, "country: MDA\nimpact: {seed: 99999999999}\n").impact.seed == 99_999_999_999
    assert load(file, "country: MDA\ntracer: {baseline: -5}\n").tracer.baseline == -5


@pytest.mark.parametrize(
    ("word", "meant"), [("true", True), ("Yes", True), ("FALSE", False), ("no", False)]
)
def test_yes_and_no_in_any_case(file: Path, word: str, meant: bool) -> None:
    assert load(file, f"country: MDA\nsynthetic: {word}\n").synthetic is meant


def test_what_the_file_gives_is_known(file: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n", encoding="utf-8")
    p = load(file, GIVEN)
    assert p.given == set(
        (
            "country title synthetic year inputs.lfs mapping.columns design.strata design.psu "
            "design.nest design.cluster_deff impact.seed"
        ).split()
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("design.wieghts", "Nearest key: 'design.weights'."),
        ("study.wieghts", "Nearest key: 'study.weights'."),
        ("yearly_ends", "Nearest key: 'year'."),
        ("qqqqqqqqqqqqqqqq.price_yaer", "Nearest key: 'cost.price_year'."),
        ("qqqqqqqqqqqqqqqq.qqqqqqqqqqqqqqqq.price_yaer", "Nearest key: 'cost.price_year'."),
        ("zzzzzzzzzzzzzzzz.horizon_yers", "Nearest key: 'cost.horizon_years'."),
        ("zzzzzzzzzzzzzzzz.qqq", FIRST_KEYS),
        ("zzzzzzzzzzzzzzzz.psuu", "Nearest key: 'design.psu'."),
        ("zzz", FIRST_KEYS),
    ],
)
def test_a_key_asked_for_that_no_schema_has(file: Path, name: str, near: str) -> None:
    with pytest.raises(ParamsError) as caught:
        load(file, "country: MDA\n")[name]
    assert str(caught.value) == f"no such key: {name}. Expected a key of the schema. {near}"


def test_what_is_published_names_no_folder_of_the_machine(
    file: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tmp_path_factory.mktemp("data")
    for folder in (tmp_path, data):
        (folder / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a\n", encoding="utf-8")
    (data / "in" / "y.csv").write_text("a\n", encoding="utf-8")
    text = "country: MDA\ntitle: Élan\ninputs: {lfs: in/x.csv, margins: in/y.csv}\nmapping: {columns: {b: c, a: d}}\ndesign: {strata: [s]}\n"
    p = load(file, text, data_root=data)
    assert p.inputs.lfs == tmp_path / "in" / "x.csv"
    assert p.portable(p.inputs.lfs) == "in/x.csv"
    assert p.portable(p.inputs.margins) == "<data root>/in/y.csv"
    assert p.portable(Path("/elsewhere/z.csv")) == "z.csv"
    assert load(file, "country: MDA\n").portable(Path("/elsewhere/z.csv")) == "z.csv"
    assert (p.portable("a"), p.portable(None)) == ("a", None)
    assert isinstance(p.portable(MappingProxyType({"a": 1})), dict)
    values = json.loads(p.to_json())
    assert list(values) == sorted(k.name for k in KEYS)
    assert values["mapping.columns"] == {"a": "d", "b": "c"}
    expected = ("in/x.csv", ["s"], None)
    assert (values["inputs.lfs"], values["design.strata"], values["inputs.rates"]) == expected
    assert '"title": "Élan"' in p.to_json()
    assert p.to_json().index('"a": "d"') < p.to_json().index('"b": "c"')
    assert p.fingerprint() == hashlib.sha256(p.to_json().encode("utf-8")).hexdigest()
    assert str(tmp_path) not in p.to_json() and str(data) not in p.to_json()


def test_the_projects_own_file_comes_before_the_data_roots(file: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for folder in (tmp_path, data):
        (folder / "x.csv").write_text("a\n", encoding="utf-8")
    expected = tmp_path / "x.csv"
    assert load(file, "country: MDA\ninputs: {lfs: x.csv}\n", data_root=data).inputs.lfs == expected


def test_the_keys_are_the_fields() -> None:
    assert tuple(SECTIONS) == tuple(
        (
            "inputs reading mapping definitions indicators design calibration tracer impact study "
            "lottery rollout designs theory_of_change evaluator cost disclosure breaks"
        ).split()
    )
    year, method = BY_NAME["year"], BY_NAME["calibration.method"]
    assert (year.low, year.high, year.required, year.default) == (1900, 2100, False, None)
    assert (year.choices, year.kind, year.section) == ((), "integer", "")
    assert (method.section, method.default) == ("calibration", "raking")
    assert method.choices == ("linear", "raking", "logit", "none")
    assert BY_NAME["calibration.bounds"].kind == "2 numbers"
    assert BY_NAME["tracer.waves"].kind == "list of integers"
    assert [k.name for k in KEYS if k.required] == ["country"]


PLAIN = "plain text, lists and mappings. Write the value out."
NO_YAML = {
    "country: MDA\ncountry: ARM\n": "a key stands twice: X.yaml, line 2, key 'country'. Expected every key once.",
    "a: b\nc:\n  d: e\n  d: f\n": "a key stands twice: X.yaml, line 4, key 'd'. Expected every key once.",
    "a: b\n[c]: d\n": "a key is not text: X.yaml, line 1. Expected a plain key.",
    "x: y\na: {b: {c: {d: {e: {f: {g: {h: i}}}}}}}\n": f"params are nested too deeply: X.yaml, line 2. Expected at most {DEPTH} levels.",
    "x: y\na: [[[[[[[f]]]]]]]\n": f"params are nested too deeply: X.yaml, line 2. Expected at most {DEPTH} levels.",
    "x: y\na: &n b\n": f"anchors, aliases and tags are not allowed in params: X.yaml, line 2. Expected {PLAIN}",
    "x: y\n\na: !!int 3\n": f"anchors, aliases and tags are not allowed in params: X.yaml, line 3. Expected {PLAIN}",
    "- a\n": "the params file is not one mapping: X.yaml. Expected key: value lines, got something else.",
    "a: b\n---\nc: d\n---\ne: f\n": "the params file is not one mapping: X.yaml. Expected key: value lines, got 3 documents.",
    "": "the params file is not one mapping: X.yaml. Expected key: value lines, got 0 documents.",
    "a: b\nc: [\n": "the params file is not YAML: X.yaml, line 3. Expected key: value lines, got expected the node content, but found '<stream end>'.",
    "a: b\nc: \x01\n": "the params file is not YAML: X.yaml. Expected key: value lines, got unacceptable character #x0001: special characters are not allowed\n"
    '  in "<unicode string>", position 8.',
}


@pytest.mark.parametrize("text", NO_YAML)
def test_what_is_not_plain_yaml_is_refused_with_its_line(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    assert str(caught.value) == NO_YAML[text]


def test_every_alias_anchor_and_tag_is_named(file: Path) -> None:
    file.write_text("a: &x b\nc: *x\nd: !t e\n", encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    expected = ["X.yaml, line 1", "X.yaml, line 2", "X.yaml, line 3"]
    assert [p.where for p in caught.value.problems] == expected


def test_every_problem_of_the_layout_is_named_at_once(file: Path) -> None:
    file.write_text(
        "a: b\na: c\n[d]: e\nf: {g: {h: {i: {j: {k: {l: {m: {n: o}}}}}}}}\nm: n\nm: o\n",
        encoding="utf-8",
    )
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    assert [p.what for p in caught.value.problems] == [
        "a key stands twice",
        "a key is not text",
        "params are nested too deeply",
        "a key stands twice",
    ]


def test_a_missing_file_and_one_that_is_no_text(file: Path) -> None:
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    expected = f"the params file is missing: {file}. Expected a file. Make one with `mismes new`."
    assert str(caught.value) == expected
    file.write_bytes(b"a: b\nc: \xff\n")
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    expected = "the params file is not UTF-8: X.yaml. Expected UTF-8 text, got byte 8."
    assert str(caught.value) == expected
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)


def test_a_file_may_have_64_kilobytes_and_no_more(file: Path) -> None:
    start = "a: b\n#"
    file.write_text(start + "#" * (64 * 1024 - len(start)), encoding="utf-8")
    assert read_yaml(file) == {"a": "b"}
    file.write_text(start + "#" * (64 * 1024 - len(start) + 1), encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    assert LIMIT == 65536
    assert (
        str(caught.value)
        == "the params file is too large: X.yaml. Expected at most 65536 bytes, got 65537 bytes."
    )


def test_text_is_read_as_it_stands_and_nothing_is_guessed(file: Path) -> None:
    text = "a: ~\nb: null\nc:\nd: ''\ne: '~'\nf: \"null\"\ng: 010\nh: yes\ni: [1, '', ~]\nj: {k: {l: {m: n}}}\n3: x\no: é\n"
    file.write_text(text, encoding="utf-8")
    assert read_yaml(file) == {
        "a": None,
        "b": None,
        "c": None,
        "d": "",
        "e": "~",
        "f": "null",
        "g": "010",
        "h": "yes",
        "i": ["1", "", None],
        "j": {"k": {"l": {"m": "n"}}},
        "3": "x",
        "o": "é",
    }


@pytest.mark.parametrize("end", ["", "]" * 500])
def test_brackets_without_end_are_refused_and_not_a_crash(file: Path, end: str) -> None:
    file.write_text("a: " + "[" * 500 + end, encoding="utf-8")
    with pytest.raises(ParamsError, match=r"^the params file is not YAML: X\.yaml"):
        read_yaml(file)
