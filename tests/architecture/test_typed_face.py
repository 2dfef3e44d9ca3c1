"""What an editor and a type checker see of `import mismes_eval as me`: every verb with its types, the
very function of its module.
"""

import ast
import importlib
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import mismes_eval as me
from mismes_eval.weighting.estimators import Method, OfBoth, OfPanels, OfSamples

pytestmark = pytest.mark.architecture
SCRIPT = """import mismes_eval as me
import pandas as pd

sample = me.Sample.from_frame(pd.DataFrame({"y": [1.0, 2.0], "w": [1.0, 1.0]}), weights="w")
reveal_type(sample)
reveal_type(me.mean)
reveal_type(me.mean(sample, "y").se)
reveal_type(me.att_2x2(sample, ("a", "b"), "d"))
me.mean(sample, colums="y")
reveal_type(sample.mean("y").se)
reveal_type(sample.itt("y", "d"))
sample.mean(colums="y")
"""


@pytest.mark.slow
def test_mypy_knows_the_verbs(root: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook_like.py"
    script.write_text(SCRIPT, encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            "",
            "--ignore-missing-imports",
            str(script),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    told = [line for line in run.stdout.splitlines() if "notebook_like" in line]
    assert 'Revealed type is "mismes_eval.weighting.sample.Sample"' in told[0]
    assert "def (sample: mismes_eval.weighting.sample.Sample" in told[1]
    assert "-> mismes_eval.estimate.estimate.Estimate" in told[1]
    assert "ndarray" in told[2] and "Estimate" in told[3]
    assert 'Unexpected keyword argument "colums"' in told[4]
    methods = told[6:]  # after the note of where mean is defined
    assert "ndarray" in methods[0] and "Estimate" in methods[1]
    assert 'Unexpected keyword argument "colums"' in methods[2]


def test_a_verb_is_the_function_of_its_module(root: Path) -> None:
    for name, (module, original) in me._HOME.items():
        assert getattr(me, name) is getattr(importlib.import_module(module), original), name
    assert (root / "mismes_eval" / "py.typed").is_file()
    assert sum(isinstance(getattr(me, n), FunctionType) for n in me.__all__) > 60


def test_every_line_of_the_stub_is_a_name(root: Path) -> None:
    """Nothing that type checkers read in the stub is passed over when names are looked up."""
    tree = ast.parse((root / "mismes_eval" / "__init__.pyi").read_text(encoding="utf-8"))
    imported = [node.names[0].asname for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert sorted(map(str, imported)) == sorted({*dir(me)} - {"__version__"})


TAKEN_BY = {
    "Sample": (me.Sample,),
    "TracerPanel": (me.TracerPanel,),
    "Sample | PanelLike": (me.Sample, me.TracerPanel),
}


def test_every_verb_of_a_sample_or_panel_is_its_method() -> None:
    """A new verb without its method fails here, and so does a method of no verb."""
    made = set()
    for name in me.__all__:
        verb = getattr(me, name)
        taken = (
            list(inspect.signature(verb).parameters.values()) if inspect.isfunction(verb) else []
        )
        for owner in TAKEN_BY.get(str(taken[0].annotation) if taken else "", ()):
            assert getattr(owner, name) is verb
            made.add((owner.__name__, name))
    assert len(made) > 60
    of = {"Sample": OfSamples, "TracerPanel": OfPanels}
    for owner_name, verbs in of.items():
        methods = {**vars(OfBoth), **vars(verbs)}
        known = {name for name, value in methods.items() if isinstance(value, Method)}
        assert known == {name for owner, name in made if owner == owner_name}


def test_the_stub_of_methods_is_what_the_verbs_say(root: Path) -> None:
    """Editors and mypy read the stub; mend it with python tests/proof/write_methods.py."""
    writer = importlib.util.spec_from_file_location(
        "write_methods", root / "tests/proof/write_methods.py"
    )
    assert writer.loader is not None
    written = importlib.util.module_from_spec(writer)
    writer.loader.exec_module(written)
    assert written.STUB.read_text(encoding="utf-8") == written.stub()
