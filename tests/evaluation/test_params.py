"""Params are read strictly: YAML's guesses never happen, every problem is named at once, no path
leaves the project, docs and blank files agree with the schema.
"""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.evaluation.keys import Key
from mismes_eval.evaluation.params import BY_NAME, KEYS, Params
from mismes_eval.evaluation.params_template import blank_params, parameters_page
from mismes_eval.evaluation.sections import Reason, Version
from mismes_eval.lfs import PRESETS
from mismes_eval.lfs.mapping import REASONS, VERSION_KEYS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    (tmp_path / "params").mkdir()
    return tmp_path


def load(project: Path, text: str) -> Params:
    file = project / "params" / "X.yaml"
    file.write_text(text, encoding="utf-8")
    return Params.load(file)


def problems(project: Path, text: str) -> list[str]:
    with pytest.raises(ParamsError) as caught:
        load(project, text)
    return [str(p) for p in caught.value.problems]


@pytest.mark.parametrize("name", ["ARM", "GEO", "MDA", "MAR", "TUN"])
def test_the_shipped_params_load(root: Path, name: str) -> None:
    p = Params.load(root / "params" / f"{name}.yaml")
    assert p.country == name
    assert p.synthetic


@pytest.mark.parametrize("value", ["NO", "on", "12:30", "010", "1e3", "2020-01-01", "~x"])
def test_text_stays_text(project: Path, value: str) -> None:
    assert load(project, f"country: NOR\ntitle: {value}\n").title == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("country: NO\n", "unknown country code"),
        ("country: !!python/object/apply:os.system [id]\n", "tags"),
        ("country: MDA\nmapping: {units: {age: months}}\n", "not a number"),
        ("country: MDA\nmapping: {missing: {age: {99: LOST}}}\n", "Expected one of NA_notapp"),
        ("country: MDA\nmapping: {absent: {column: a}}\n", "a mapping is needed"),
        ("country: MDA\nmapping: {derive: {age: {when: a}}}\n", "rules are needed"),
        ("country: MDA\nmapping: {versions: {isko: '08'}}\n", "Nearest: isco"),
        ("country: MDA\ncalibration: {bounds: [2, 0.5]}\n", "bounds are not in order"),
        ("country: MDA\ntracer: {baseline: 2}\n", "the baseline is a wave after"),
        ("country: MDA\nimpact: {main_outcome: wages}\n", "not among what is estimated"),
        ("country: MDA\ntracer: {waves: [1, 2]}\n", "not among what is estimated"),
        ("country: MDA\ndefinitions: {age_min: 30, age_max: 20}\n", "two limits are not in order"),
        ("country: MDA\ndefinitions: {labour_max: 10}\n", "two limits are not in order"),
        ("country: MDA\ndisclosure: {cv_flag: 0.5}\n", "two limits are not in order"),
    ],
)
def test_what_is_refused(project: Path, text: str, what: str) -> None:
    assert what in "\n".join(problems(project, text))


def test_the_fingerprint_follows_the_values_and_not_the_layout(project: Path) -> None:
    first = load(project, "country: MDA\nyear: 2020\n").fingerprint()
    assert load(project, "# a comment\nyear: '2020'\ncountry: MDA\n").fingerprint() == first
    assert load(project, "country: MDA\nyear: 2021\n").fingerprint() != first


def test_a_blank_file_names_every_key_and_loads(project: Path) -> None:
    text = blank_params("JOR", False)
    assert load(project, text).values == load(project, "country: JOR\n").values
    lines = {line.strip().lstrip("# ").split(":")[0] for line in text.splitlines()}
    assert {k.name.split(".")[-1] for k in KEYS} <= lines


def test_every_blank_key_can_be_uncommented(project: Path) -> None:
    lines = []
    for line in blank_params("JOR", False).splitlines():
        bare = line.strip().removeprefix("# ")
        key = next(
            (
                k
                for k in KEYS
                if line.strip().startswith("# ")
                and bare.startswith(f"{k.name.split('.')[-1]}:")
                and k.kind != "path"
            ),
            None,
        )
        lines.append(line.replace("# ", "", 1) if key is not None else line)
    assert load(project, "\n".join(lines)).country == "JOR"


def test_docs_agree_with_the_schema(root: Path) -> None:
    assert (root / "docs" / "parameters.md").read_text(encoding="utf-8") == parameters_page(), (
        "make docs/parameters.md again: mismes_eval.evaluation.params_template.parameters_page()"
    )


def test_the_presets_of_the_schema_are_those_of_the_package() -> None:
    assert set(BY_NAME["definitions.preset"].choices) == set(PRESETS)


def test_reasons_and_versions_of_the_schema_are_those_of_a_mapping() -> None:
    assert get_args(Reason) == REASONS
    assert set(VERSION_KEYS) <= set(get_args(Version))


def test_zero_is_zero(project: Path) -> None:
    p = load(
        project,
        "country: MDA\nimpact: {seed: 0}\ndefinitions: {labour_min: 0, age_min: 0, lookback_months: 0}\n"
        "disclosure: {cv_flag: 0, cv_suppress: 0, min_weighted: 0}\ntracer: {baseline: 0}\n",
    )
    assert (p.impact.seed, p.definitions.labour_min, p.definitions.age_min) == (0, 0, 0)
    assert (p.disclosure.cv_flag, p.disclosure.cv_suppress) == (0.0, 0.0)
    assert p.definitions.lookback_months == 0.0


def test_a_value_has_the_type_of_its_key(project: Path) -> None:
    p = load(
        project,
        "country: MDA\ncalibration: {bounds: [0.5, 2]}\ntracer: {waves: ['1', 3]}\n"
        "mapping: {absent: {column: s, values: [9]}, units: {wage: 0.001}, join: {hhid: [a, b]},\n"
        "  derive: {lstatus: [{when: {q1: [1, 2..3], q2: [null]}, value: 1}]}}\n",
    )
    assert p.calibration.bounds == (0.5, 2.0)
    assert p.tracer.waves == (1, 3)
    assert (p.mapping.absent.column, p.mapping.absent.values) == ("s", ("9",))
    assert p.mapping.units == {"wage": 0.001}
    assert p.mapping.join == {"hhid": ("a", "b")}
    rule = {"when": {"q1": ["1", "2..3"], "q2": [None]}, "value": "1"}
    assert p.mapping.derive == {"lstatus": [rule]}


def test_a_problem_names_the_line(project: Path) -> None:
    found = problems(
        project,
        "country: MDA\nyear: x\ndesign:\n  # a comment\n  lonely_psu: adust\n  psuu: a\n"
        "calibration:\n  bounds:\n    - 0.5\n    - high\nimpact: {main_wave: 7}\n",
    )
    lines = [text.split("X.yaml, line ")[1].split(",")[0] for text in found]
    assert lines == ["2", "6", "5", "10", "11"]


CHAIN = "country: MDA\ntheory_of_change:\n"


def test_steps_of_a_theory_of_change_name_what_measures_them(project: Path) -> None:
    p = load(
        project,
        CHAIN
        + "  outputs:\n    'A plan, written': T20, F13\n    Nothing seen:\n  outcomes: [People work]\n  inputs: {Money: [T20, T05b]}\n",
    )
    assert p.theory_of_change.outputs == {"A plan, written": ("T20", "F13"), "Nothing seen": ()}
    assert p.theory_of_change.outcomes == {"People work": ()}
    assert p.theory_of_change.inputs == {"Money": ("T20", "T05b")}
    assert p.theory_of_change.activities == {}
    assert '"A plan, written": ["T20", "F13"]' in p.to_json()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("  outcome: {People work: T17}\n", "Nearest key: 'theory_of_change.outcomes'"),
        ("  outcomes: {People work: table 17}\n", "not the id of a table or figure"),
        ("  outcomes: {People work: {T17: yes}}\n", "not the id of a table or figure"),
        ("  outcomes: [[People work]]\n", "steps are needed"),
        ("  outcomes: [People work, People work ]\n", "a step stands twice"),
        ('  outcomes: ["\\u202ework"]\n', "signs that nobody sees"),
        ("  outcomes: {'': T17}\n", "a step has no words"),
        ("  outputs: {Write to someone@example.org: T17}\n", "a personal identifier"),
        ("  inputs: ['Call +373 22 123 456']\n", "a personal identifier"),
    ],
)
def test_steps_that_are_refused(project: Path, text: str, what: str) -> None:
    found = "\n".join(problems(project, CHAIN + text))
    assert what in found and "theory_of_change." in found
    assert "example.org" not in found and "123 456" not in found


# what a key of each kind never takes
NEVER = {
    "integer": (
        "a",
        "1.5",
        "1_000",
        "0x1F",
        ".nan",
        "१२",
        "true",
        "[1]",
        "{a: 1}",
        "''",
        "2020-01-01",
    ),
    "number": ("a", ".nan", ".inf", "1e400", "1_000", "'1,5'", "true", "[1]", "{a: 1}", "''"),
    "yes/no": ("0", "1", "on", "y", "[true]", "{a: true}", "''"),
    "path": ("../x.csv", "/etc/passwd", "nowhere.csv", "' '", "[x]", "{a: b}"),
    "text": ("''", "'  '", "[a]", "{a: b}"),
    "list": ("''", "{a: b}", "[[a]]", "[a, a]", "[a, '']"),
    "list of integers": ("a", "[1, 1]", "[one, 2]", "[1.5]", "{a: 1}"),
    "2 numbers": ("0.5", "[0.5]", "[low, high]", "[-1, 2]", "[1, 2, 3]"),
    "mapping": ("a", "[a]", "''", "0"),
    "rules": ("a", "[a]", "{a: b}", "{a: [{when: b}]}"),
    "steps": ("''", "{a: {b: c}}"),
    "encoding": ("latin_letters", "[utf-8]", "''"),
    "language": ("de", "english", "[fr]", "''"),
    "country": ("no", "mda", "[MDA]"),
    "layout": ("armenia", "../x.yaml", "/etc/passwd", "[x]"),
}


def of_every_key(value: Callable[[Key], str], name: Callable[[str], str] = str) -> str:
    """A file with a value for every key, section by section."""
    lines = []
    for at, key in enumerate(KEYS):
        section, last = key.section, key.name.rpartition(".")[2]
        if section and section != KEYS[at - 1].section:
            lines.append(f"{section}:")
        lines.append(f"{'  ' * bool(section)}{name(last)}: {value(key)}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("turn", range(max(map(len, NEVER.values()))))
def test_every_key_refuses_what_it_cannot_take(project: Path, turn: int) -> None:
    """All keys of one file at once, each named with its line; (project / "params") is a folder."""
    said = problems(project, of_every_key(lambda key: NEVER[key.kind][turn % len(NEVER[key.kind])]))
    unnamed = [key.name for key in KEYS if not any(f"key '{key.name}" in line for line in said)]
    assert unnamed == [] and all(", line " in line for line in said)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_refused_key_hides_no_fault_of_another_section(project: Path, key: Key) -> None:
    """One of each stage: a value that does not fit, a language, values that contradict each other,
    a series that cannot be read.
    """
    faults = {
        "language": "language: de\n",
        "disclosure": "disclosure: {cv_flag: 0.9}\n",
        "breaks": "breaks: {series: [x]}\n",
    }
    faults = {name: text for name, text in faults.items() if name not in (key.section, key.name)}
    section, last = key.section, key.name.rpartition(".")[2]
    own = f"{last}: {NEVER[key.kind][0]}"
    text = "".join(faults.values()) + (f"{section}: {{{own}}}\n" if section else f"{own}\n")
    country = "" if key.name == "country" else "country: MDA\n"
    said = problems(project, country + text)
    assert len(said) == len(faults) + 1
    assert all(any(f"key '{name}" in line for line in said) for name in (key.name, *faults))


@pytest.mark.whole
def test_a_key_spelt_almost_right_is_told_its_name(project: Path) -> None:
    lost = f"country: MDA\n{of_every_key(lambda _: 'x', lambda last: f'{last}_')}"
    told = [line for line in problems(project, lost) if line.startswith("unknown key")]
    near = [line for line in told if "Nearest key" in line]
    assert len(told) == len(KEYS) and len(near) > 0.97 * len(KEYS)


@pytest.mark.parametrize("key", ["lfs", "evaluator.purpose"])
def test_a_folder_is_no_input(project: Path, key: str) -> None:
    section, _, name = f"inputs.{key}".rpartition(".")
    text = f"country: MDA\n{section.split('.')[-1]}: {{{name}: params}}\n"
    assert problems(project, text)[0].startswith("an input is a folder")
    assert load(project, "country: MDA\ninputs: {inventory: params}\n").inputs.inventory


@pytest.mark.parametrize(
    "text",
    [
        "mapping: {derive: {male: []}}",
        "mapping: {join: {hhid: []}}",
        "study: {where: {sex: []}}",
        "designs: {residents: {male: []}}",
        "indicators: {columns: {a: b}, yes: {a: [1]}, no: {a: [2]}, among: {a: {age: []}}}",
    ],
)
def test_a_list_that_chooses_nothing_is_refused(project: Path, text: str) -> None:
    section = text.partition(":")[0]
    (said,) = problems(project, f"country: MDA\n{text}\n")
    assert said.startswith("a list is empty: X.yaml") and f"'{section}." in said
