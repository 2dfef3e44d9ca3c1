"""The shape of the code base: floors, thin notebooks, nothing that executes text, no machine's
paths, no hidden imports, no empty functions.
"""

import ast
import gc
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture
FLOORS = (
    ("message",),
    ("errors",),
    ("parquet_files",),
    ("not_estimable",),
    ("public",),
    ("numerics",),
    ("pictures",),
    ("frame", "weighting"),
    ("estimate",),
    ("impact",),
    ("fieldwork", "inventory", "lfs", "tracer"),
    ("evaluation",),
    ("synthetic",),
    ("report",),
    ("cli",),
)
LEVEL = {name: i for i, names in enumerate(FLOORS) for name in names}
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
BANNED_MODULES = set(
    "pickle cPickle dill cloudpickle joblib shelve marshal subprocess pty commands".split()
)
# Chromium, and this Python for the process that kernels are forked from: by a list of arguments and
# without a shell
STARTS_A_PROGRAM = {
    ("report/document/pdf.py", "subprocess"),
    ("report/factory/forking.py", "subprocess"),
}
SHELLS = {("os", "system"), ("os", "popen"), ("pd", "read_pickle"), ("pd", "eval")}


@lru_cache
def parsed(folder: Path) -> list[tuple[Path, ast.Module, list[ast.AST]]]:
    """Files of a folder of the checkout, each read once, with all nodes of its tree."""
    files = sorted(folder.rglob("*.py"))
    gc.disable()  # millions of objects that stay: each look over them finds nothing
    try:
        trees = [(p, ast.parse(p.read_text(encoding="utf-8"))) for p in files]
        return [(p.relative_to(folder.parent), tree, list(ast.walk(tree))) for p, tree in trees]
    finally:
        gc.enable()


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """The trees are gone after the last test of this file: they are millions of objects."""
    yield
    parsed.cache_clear()


def modules(root: Path) -> list[tuple[Path, list[ast.AST]]]:
    found = [(path, nodes) for path, _, nodes in parsed(root / "mismes_eval")]
    assert found
    return found


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [a.name for a in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_imports_go_down(root: Path) -> None:
    wrong = []
    for path, nodes in modules(root):
        floor = path.parts[1].removesuffix(".py")
        for name in (n for node in nodes for n in imported(node) if n.startswith("mismes_eval.")):
            target = name.split(".")[1]
            if (
                floor in LEVEL
                and target in LEVEL
                and (
                    LEVEL[target] > LEVEL[floor]
                    or (LEVEL[target] == LEVEL[floor] and target != floor)
                )
            ):
                wrong.append(f"{path}: {name}")
    assert not wrong


def test_every_folder_has_a_floor(root: Path) -> None:
    folders = {
        p.name for p in (root / "mismes_eval").iterdir() if p.is_dir() and p.name != "__pycache__"
    }
    assert folders <= set(LEVEL)


def test_the_numerics_know_no_frames(root: Path) -> None:
    allowed = set(
        (
            "__future__ collections dataclasses functools itertools math typing types numpy scipy "
            "mismes_eval warnings enum abc threading"
        ).split()
    )
    wrong = [
        f"{p}: {n}"
        for p, nodes in modules(root)
        if p.parts[1] == "numerics"
        for node in nodes
        for n in imported(node)
        if n.split(".")[0] not in allowed
    ]
    assert not wrong


def test_nothing_executes_text(root: Path) -> None:
    wrong = []
    for path, nodes in modules(root):
        inside = path.relative_to("mismes_eval").as_posix()
        for node in nodes:
            wrong += [
                f"{path}: imports {n}"
                for n in imported(node)
                if n.split(".")[0] in BANNED_MODULES and (inside, n) not in STARTS_A_PROGRAM
            ]
            if not isinstance(node, ast.Call):
                continue
            f = node.func
            if isinstance(f, ast.Name) and f.id in BANNED_CALLS:
                wrong.append(f"{path}:{node.lineno} calls {f.id}")
            if (
                isinstance(f, ast.Attribute)
                and isinstance(f.value, ast.Name)
                and (f.value.id, f.attr) in SHELLS
            ):
                wrong.append(f"{path}:{node.lineno} calls {f.value.id}.{f.attr}")
            wrong += [
                f"{path}:{node.lineno} opens a shell" for k in node.keywords if k.arg == "shell"
            ]
    assert not wrong


def test_parquet_files_are_opened_in_one_place(root: Path) -> None:
    """Nothing reads what a Parquet file says of itself before it is weighed."""
    readers = {"ParquetFile", "ParquetDataset", "read_parquet", "read_table", "read_schema"}
    readers |= {"read_metadata"}
    opened = {
        path.as_posix()
        for path, _, nodes in parsed(root / "mismes_eval")
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in readers
    }
    assert opened == {"mismes_eval/parquet_files.py"}


def test_imports_stand_at_the_top(root: Path) -> None:
    wrong = [
        f"{path}:{f.name}"
        for path, nodes in modules(root)
        for f in nodes
        if isinstance(f, ast.FunctionDef)
        for x in ast.walk(f)
        if isinstance(x, (ast.Import, ast.ImportFrom))
    ]
    assert not wrong


def test_no_function_is_empty(root: Path) -> None:
    wrong = []
    for path, nodes in modules(root):
        for f in (n for n in nodes if isinstance(n, ast.FunctionDef)):
            body = [
                b
                for b in f.body
                if not (
                    isinstance(b, ast.Expr)
                    and isinstance(b.value, ast.Constant)
                    and isinstance(b.value.value, str)
                )
            ]
            if body and all(isinstance(b, ast.Pass) for b in body):
                wrong.append(f"{path}:{f.name}")
    assert not wrong


def test_only_the_report_and_the_command_line_print(root: Path) -> None:
    wrong = [
        f"{path}:{n.lineno}"
        for path, nodes in modules(root)
        if path.parts[1] not in ("report", "cli", "__main__.py")
        for n in nodes
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert not wrong


def notebooks(root: Path) -> list[Path]:
    return sorted((root / "notebooks").rglob("*.ipynb"))


def test_notebooks_are_thin(root: Path) -> None:
    wrong = []
    banned = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Lambda,
        ast.For,
        ast.While,
        ast.AsyncFor,
        ast.With,
        ast.Try,
    )
    for path in notebooks(root):
        for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] != "code":
                continue
            source = "".join(cell["source"])
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, banned):
                    wrong.append(f"{path.name}, cell {i}: {type(node).__name__}")
                wrong += [
                    f"{path.name}, cell {i}: imports {n}"
                    for n in imported(node)
                    if n.split(".")[0] != "mismes_eval"
                ]
            if len(source.splitlines()) > 12:
                wrong.append(f"{path.name}, cell {i}: {len(source.splitlines())} lines")
    assert not wrong


def test_notebooks_are_clean(root: Path) -> None:
    wrong = []
    for path in notebooks(root):
        content = json.loads(path.read_text(encoding="utf-8"))
        code = [c for c in content["cells"] if c["cell_type"] == "code"]
        if any(c["outputs"] or c["execution_count"] is not None for c in code):
            wrong.append(f"{path.name}: outputs are not cleared")
        if "papermill" in json.dumps(
            [content["metadata"], *(c["metadata"] for c in content["cells"])]
        ):
            wrong.append(f"{path.name}: papermill metadata")
        if sum("parameters" in c["metadata"].get("tags", []) for c in code) != 1:
            wrong.append(f"{path.name}: not one parameters cell")
    assert not wrong


def tracked(root: Path) -> list[Path]:
    if not (root / ".git").exists():
        pytest.skip("no git folder: an unpacked archive")
    names = (
        subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
        .stdout.decode()
        .split("\0")
    )
    return [root / n for n in names if n and (root / n).is_file()]


def test_no_path_of_a_machine_and_no_registry_in_the_repository(root: Path) -> None:
    machine = re.compile(r"(?<![\w.<>-])/(?:home|Users|root|work|mnt)/\w|[A-Z]:\\\\Users")
    registry = re.compile(
        r"pypi\.(?:org|python)|files\.pythonhosted|--(?:extra-)?index-url|--find-links"
    )
    wrong = []
    for path in tracked(root):
        if path.suffix not in (
            ".py",
            ".md",
            ".yaml",
            ".yml",
            ".toml",
            ".ipynb",
            ".lock",
            ".cfg",
            ".txt",
            ".csv",
            ".json",
            ".html",
            ".css",
            ".js",
            ".R",
            "",
        ) or path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(root)}: {m[0]}" for m in machine.finditer(text)]
        wrong += [f"{path.relative_to(root)}: {m[0]}" for m in registry.finditer(text)]
    assert not wrong


def test_every_test_asserts(root: Path) -> None:
    says = re.compile(r"\bassert\b|raises|assert_|warns")
    functions = [
        (p, f)
        for p, _, nodes in parsed(root / "tests")
        for f in nodes
        if isinstance(f, ast.FunctionDef)
    ]
    names = [{n.id for n in ast.walk(f) if isinstance(n, ast.Name)} for _, f in functions]
    lines = {p: (root / p).read_text(encoding="utf-8").splitlines() for p, _ in functions}
    asserting = {
        f.name for p, f in functions if says.search("\n".join(lines[p][f.lineno : f.end_lineno]))
    }
    for _ in range(3):
        asserting |= {f.name for (_, f), used in zip(functions, names) if used & asserting}
    assert not [
        f"{p}:{f.name}"
        for p, f in functions
        if f.name.startswith("test_") and f.name not in asserting
    ]


def test_every_test_file_says_what_it_checks(root: Path) -> None:
    wrong = [
        str(p)
        for p, tree, _ in parsed(root / "tests")
        if p.name.startswith("test_") and not ast.get_docstring(tree)
    ]
    assert not wrong


def test_the_linter_agrees(root: Path) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:]


CUTS = {  # parts that are no lists of what is wrong
    "errors.py: distinct[:NAMED]",  # the one place
    "errors.py: self.rows[:SHOWN]",  # its rows are all in `rows`
    "estimate/caution.py: index[:_LISTED]",  # each of these cells carries its mark
    "evaluation/evaluator_words.py: line.text[:60]",
    "evaluation/published_effects.py: report.manifest_sha256[:DIGITS]",
    "evaluation/said_by_key.py: str(where).split('.')[:2]",
    "frame/heads.py: rows[:TITLES]",
    "frame/record_programs.py: ' '.join(rest.split())[:SHOWN]",
    "frame/validate.py: counts.index[:SHOWN_VALUES]",  # the others in one problem after them
    "frame/validate.py: strange[:NAMED]",
    "impact/did/group_time_cells.py: cells[:NAMED]",
    "inventory/submission.py: str(new[column][starts].iloc[0])[:40]",
    "lfs/mapping_draft.py: known[:3]",
    "report/chapters/cells.py: known[:1]",
    "report/chapters/theory.py: list(tables.items())[:1]",
    "report/figures.py: many[:15]",  # alternative texts of pictures
    "report/figures_common.py: filled[:40]",
    "report/figures_impact.py: IN_PLANE[:3]",
    "report/synthesis/comparable.py: GROUPS[:2]",
    "report/trust/spelling.py: shells[:2]",
}


def test_what_is_listed_is_listed_by_one_rule(root: Path) -> None:
    """Who mends a file needs everything that is wrong with it: lists are not cut where they are
    written, but by `errors.named`, which counts what it leaves out.
    """
    found = {
        f"{path.as_posix().removeprefix('mismes_eval/')}: {ast.unparse(part)}"
        for path, nodes in modules(root)
        for node in nodes
        for inner in listing(node)
        for part in ast.walk(inner)
        if is_cut(part)
    }
    assert found == CUTS


def listing(node: ast.AST) -> list[ast.AST]:
    """What a node writes one after the other: a join, a list in words, a loop."""
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        return [*node.args] if name in {"join", "listed", "str", "repr", "named"} else []
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return [loop.iter for loop in node.generators]
    return [node.iter] if isinstance(node, ast.For) else []


def is_cut(node: ast.AST) -> bool:
    """`x[:5]` or `x[:MOST]`."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
        return False
    end = node.slice.upper
    written = isinstance(end, ast.Constant) or (isinstance(end, ast.Name) and end.id.isupper())
    return node.slice.lower is None and node.slice.step is None and written
