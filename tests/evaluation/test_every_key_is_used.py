"""Every key of the params is read by what makes the report: what is accepted is used."""

import ast
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import mismes_eval as me
from mismes_eval.evaluation.keys import sections_of
from mismes_eval.evaluation.params import KEYS, Params

SCHEMA = ("params.py", "conversion.py", "keys.py", "params_template.py")
COMPARED = ("demands.py", "idle_keys.py")  # what a value names is looked for, nothing is made of it
READ_FIELD_BY_FIELD = ("evaluator", "theory_of_change")  # getattr over fields(...)
# keys that MDA and TUN have no use for, and the tests that change them
ELSEWHERE = {
    "title": "tests/report/test_page.py",
    "authors": "tests/report/test_page.py",
    "contact": "tests/report/test_page.py",
    "licence": "tests/report/test_page.py",
    "mapping": "tests/evaluation/test_real_data.py",
    "indicators": "tests/report/test_own_indicators.py",
    "design.phase2_prob": "tests/report/test_country_tables.py",
    "design.phase1_class": "tests/report/test_country_tables.py",
    "calibration.cell": "tests/evaluation/test_real_data.py",
    "calibration.total": "tests/evaluation/test_real_data.py",
    "study": "tests/evaluation/test_real_data.py",
    "lottery": "tests/report/test_lottery.py",
    "designs": "tests/report/test_designs.py",
    "evaluator": "tests/report/test_evaluator_words.py",
    "cost.price_year": "tests/evaluation/test_cost_currency.py",
}


def read_somewhere(root: Path) -> set[str]:
    """Names of attributes that the package reads, outside the schema itself."""
    names: set[str] = set()
    for path in (root / "mismes_eval").rglob("*.py"):
        if path.parent.name == "evaluation" and path.name in SCHEMA:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
    return names


def test_no_key_is_read_nowhere(root: Path) -> None:
    read = read_somewhere(root)
    asked = [k for k in KEYS if k.section not in READ_FIELD_BY_FIELD]
    unread = {k.name for k in asked if k.name.split(".")[-1] not in read}
    # a list of inputs is asked for by name: Inputs.named
    source = "".join(p.read_text(encoding="utf-8") for p in (root / "mismes_eval").rglob("*.py"))
    unread -= {
        name
        for name in unread
        if f'"{name.removeprefix("inputs.")}"' in source and name.startswith("inputs.")
    }
    assert unread == set()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys that are read, outside the schema, while the fixture lasts."""
    read: set[str] = set()
    for section, kind in {**sections_of(Params), "": Params}.items():
        names = {f.name for f in fields(kind)}
        plain = kind.__getattribute__

        def watched(self: object, name: str, plain=plain, names=names, section=section) -> object:
            caller = Path(sys._getframe(1).f_code.co_filename)
            if name in names and caller.name not in (*SCHEMA, "dataclasses.py"):
                read.add(f"{section}.{name}" if section else name)
            return plain(self, name)

        monkeypatch.setattr(kind, "__getattribute__", watched)
    by_name = Params.__getitem__

    def asked(self: Params, name: str) -> object:
        if Path(sys._getframe(1).f_code.co_filename).name not in (*SCHEMA, *COMPARED):
            read.add(name)
        return by_name(self, name)

    monkeypatch.setattr(Params, "__getitem__", asked)
    return read


@pytest.mark.slow
def test_reports_read_every_key_that_they_do_not_leave_to_others(
    root: Path, seen: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    for country in ("MDA", "TUN"):
        report = me.country_report(me.open_report(f"params/{country}.yaml"))
        report.findings()
    left = {k.name for k in KEYS} - seen
    assert "impact.seed" in seen
    assert {n for n in left if n not in ELSEWHERE and n.split(".")[0] not in ELSEWHERE} == set()
    assert all((root / file).is_file() for file in ELSEWHERE.values())
