"""A tracer study with the template's columns and nothing else: what check asks for, key by key, and
an effect on 'employed' made from the labour status.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mismes_eval.errors import InputError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.checklist import checklist
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.evaluation.tracer_effects import effects
from mismes_eval.evaluation.tracer_study import tracing
from mismes_eval.frame.template import template

N = 80


def study(folder: Path, measure_of_comparison: str = "LBN-001", status: bool = True) -> None:
    """SYNTHETIC files: every second person treated, 0.25 more of them employed at wave 1."""
    folder.mkdir(exist_ok=True)
    ids, arm = [f"LBN{i:04d}" for i in range(N)], ["T" if i % 2 == 0 else "C" for i in range(N)]
    persons = pd.DataFrame(
        {
            "person_id": ids,
            "country": "LBN",
            "arm": arm,
            "enrol_date": "2022-01-15",
            "measure_id": ["LBN-001" if a == "T" else measure_of_comparison for a in arm],
            "sample_weight": 1.0,
            "male": [i // 2 % 2 for i in range(N)],
        }
    )
    keys = [(p, w) for w in (0, 1) for p in ids]
    waves = pd.DataFrame(
        {
            "person_id": [p for p, _ in keys],
            "wave": [w for _, w in keys],
            "fieldwork_date": ["2022-01-15" if w == 0 else "2022-07-15" for _, w in keys],
            "disp_code": "1.1",
        }
    )
    works = [
        (i // 2 % 4 == 0) or (w == 1 and i % 2 == 0 and i // 2 % 4 == 1)
        for w in (0, 1)
        for i in range(N)
    ]
    outcomes = waves[["person_id", "wave"]].assign(
        **({"lstatus": np.where(works, 1, 3)} if status else {"whours": np.where(works, 40.0, 0.0)})
    )
    for name, table in (("person", persons), ("wave", waves), ("outcome", outcomes)):
        table.to_csv(folder / f"tracer_{name}.csv", index=False)


def run(tmp_path: Path, **sections: dict[str, object]) -> Params:
    """Params of the study; sections change or add keys."""
    (tmp_path / "params").mkdir(exist_ok=True)
    tree: dict[str, object] = {
        "country": "LBN",
        "inputs": {f"tracer_{t}": f"data/tracer_{t}.csv" for t in ("person", "wave", "outcome")},
        "tracer": {"attrition_covariates": ["male"], "waves": ["1"]},
        "impact": {"covariates": ["male"], "main_wave": "1"},
    }
    for name, keys in sections.items():
        tree[name] = {**tree.get(name, {}), **keys}  # type: ignore[dict-item]
    path = tmp_path / "params" / "LBN.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return Params.load(path)


def test_employed_is_the_labour_status_where_the_file_has_that_only(tmp_path: Path) -> None:
    study(tmp_path / "data")
    params = run(tmp_path)
    assert readiness(params).problems == ()
    found = tracing(params)
    np.testing.assert_array_equal(
        found.panel.values("employed", 0), [float(i // 2 % 4 == 0) for i in range(N)]
    )
    att = effects(params, found, "LBN-001").by_wave["employed", 1]
    assert isinstance(att, Estimate)
    assert att.value[0] == pytest.approx(0.25)
    assert "Outcome 'employed': labour status 1 at the wave." in att.notes


def test_a_measure_whose_comparison_persons_are_not_named(tmp_path: Path) -> None:
    study(tmp_path / "data", measure_of_comparison="")
    (problem,) = readiness(run(tmp_path)).problems
    assert problem.what == "a measure has one arm only"
    assert "40 treated and 0 comparison persons" in problem.got
    assert "tracer.measure" in problem.fix
    assert "LBN-001" in problem.where


def test_a_measure_that_nobody_is_of_is_one_problem(tmp_path: Path) -> None:
    study(tmp_path / "data")
    params = run(tmp_path).changed(
        {"tracer.measures": ("zzz",), "designs.imputed": {"LBN-001": "employed"}}
    )
    (problem,) = readiness(params).problems
    assert "tracer.measures" in problem.where and problem.got == "zzz"


def test_no_default_names_what_the_template_lacks(tmp_path: Path) -> None:
    study(tmp_path / "data")
    (tmp_path / "params").mkdir()
    path = tmp_path / "params" / "LBN.yaml"
    files = "".join(f"  tracer_{t}: data/tracer_{t}.csv\n" for t in ("person", "wave", "outcome"))
    path.write_text(
        f"country: LBN\ninputs:\n{files}tracer: {{waves: [1]}}\nimpact: {{main_wave: 1}}\n",
        encoding="utf-8",
    )
    params = Params.load(path)
    assert readiness(params).problems == ()
    columns = {c.name for c in template("tracer_person").columns if c.required == "yes"}
    assert {
        *params.tracer.attrition_covariates,
        *params.impact.covariates,
        *params.impact.groups,
    } <= columns
    found = tracing(params)
    assert found is not None
    assert isinstance(effects(params, found, "LBN-001").by_wave["employed", 1], Estimate)
    (step,) = [
        s for s in checklist(params, readiness(params).problems) if s.what == "tracer covariates"
    ]
    assert step.state == "optional" and "impact.covariates" in step.mend


def test_the_columns_of_the_attrition_model_are_asked_for_by_name(tmp_path: Path) -> None:
    study(tmp_path / "data")
    params = run(tmp_path, tracer={"attrition_covariates": ["male", "age_enrol", "base_earn"]})
    (problem,) = readiness(params).problems
    assert problem.got == "age_enrol, base_earn"
    assert "LBN.yaml, line 11, key 'tracer.attrition_covariates'" in problem.where
    assert "sample_weight, male" in problem.fix
    with pytest.raises(InputError, match="covariate of the attrition model"):
        tracing(params)


def test_an_outcome_that_no_file_has_names_those_that_are_there(tmp_path: Path) -> None:
    study(tmp_path / "data", status=False)
    (problem,) = readiness(run(tmp_path)).problems
    assert problem.what == "the outcome of the headline is not in the data"
    assert "whours" in problem.fix
    assert (
        readiness(run(tmp_path, impact={"main_outcome": "whours", "outcomes": ["whours"]})).problems
        == ()
    )


def test_two_columns_that_disagree_on_who_was_treated_are_refused(tmp_path: Path) -> None:
    study(tmp_path / "data")
    file = tmp_path / "data" / "tracer_person.csv"
    persons = pd.read_csv(file)
    persons.assign(treated=[int(i in (0, 5)) for i in range(N)]).iloc[:].to_csv(file, index=False)
    with pytest.raises(InputError) as refused:
        tracing(run(tmp_path))
    (problem,) = refused.value.problems
    assert problem.count == N // 2 and "'arm' and 'treated'" in problem.where
