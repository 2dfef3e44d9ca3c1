"""Nothing in the package is there on Linux only: no module, call or path that macOS or Windows
lacks, unless a guard beside it says what happens there.
"""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture
MODULES = set("fcntl resource pwd grp termios tty pty syslog crypt spwd posix".split())
CALLS = set(
    (
        "fork forkpty getuid geteuid getgid setsid killpg getpgid sched_getaffinity "
        "sched_setaffinity mkfifo chroot nice uname getloadavg sysconf O_NOFOLLOW O_DIRECTORY"
    ).split()
)
PATHS = ("/proc", "/sys/", "/dev/", "/tmp", "/usr/", "/etc/")
WORDS = re.compile(rf"\b({'|'.join(MODULES | CALLS)})\b|{'|'.join(PATHS)}")  # of what is looked for
GUARDS = ("hasattr", "sys.platform", "os.name", "platform.system", "is_file()", ".exists()")


def guarded(parents: dict[ast.AST, ast.AST], node: ast.AST) -> bool:
    """Whether an if, a conditional expression, an `and`, or a try around the node asks first."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.Try):
            return True
        if isinstance(node, (ast.If, ast.IfExp, ast.BoolOp)) and any(
            g in ast.unparse(node.test if not isinstance(node, ast.BoolOp) else node)
            for g in GUARDS
        ):
            return True
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            return any(
                g in ast.unparse(s) for g in GUARDS for s in node.body if isinstance(s, ast.If)
            )
    return False


def linux_only(source: str) -> list[str]:
    """What would stop another system, by line."""
    if not WORDS.search(source):
        return []
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    docs = {
        id(n.body[0].value)
        for n in ast.walk(tree)
        if isinstance(n, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and n.body
        and isinstance(n.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        what = ""
        if isinstance(node, ast.Import):
            what = next((a.name for a in node.names if a.name.split(".")[0] in MODULES), "")
        elif isinstance(node, ast.ImportFrom):
            what = (node.module or "") if (node.module or "").split(".")[0] in MODULES else ""
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and node.attr in CALLS
        ):
            what = f"os.{node.attr}"
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.startswith(PATHS)
            and id(node) not in docs
        ):
            what = repr(node.value)
        if what and not guarded(parents, node):
            found.append(f"line {getattr(node, 'lineno', 0)}: {what}")
    return found


def test_the_package_runs_beyond_linux(root: Path) -> None:
    wrong = {
        p.relative_to(root).as_posix(): linux_only(p.read_text(encoding="utf-8"))
        for p in sorted((root / "mismes_eval").rglob("*.py"))
    }
    assert {p: w for p, w in wrong.items() if w} == {}


def test_every_text_file_is_opened_with_its_encoding(root: Path) -> None:
    """Windows reads text in the code page of the country where it is not told."""
    wrong = []
    for path in sorted((root / "mismes_eval").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source if "_text" in source else "")):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("read_text", "write_text")
            ):
                given = {k.arg for k in node.keywords} | (
                    {"encoding"} if len(node.args) > (node.func.attr == "write_text") else set()
                )
                if "encoding" not in given:
                    wrong.append(f"{path.relative_to(root).as_posix()}:{node.lineno}")
    assert wrong == []


def test_the_scan_sees_what_it_looks_for() -> None:
    bad = "import os, fcntl\nos.fork()\nopen('/proc/self/status')\n"
    assert len(linux_only(bad)) == 3
    assert linux_only("import os\nif hasattr(os, 'fork'):\n    os.fork()\n") == []
    assert linux_only("try:\n    import resource\nexcept ImportError:\n    resource = None\n") == []
