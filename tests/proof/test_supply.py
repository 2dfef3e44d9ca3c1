"""The package runs no text as code, starts no shell and opens no socket; every dependency in the
lock has a licence that goes with ours, listed in docs/licences.md.
"""

import ast
import json
import pickle
import re
import socket
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from mismes_eval import lfs
from mismes_eval.errors import InputError
from mismes_eval.evaluation.params import Params
from mismes_eval.frame.outside import yaml_of
from mismes_eval.inventory.mapping_file import OnlyText
from mismes_eval.report.country import country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.session import Session

CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = set(
    "pickle cPickle dill cloudpickle shelve marshal joblib ctypes cffi telnetlib ftplib smtplib".split()
)
NETWORK = {
    "requests",
    "httpx",
    "urllib3",
    "aiohttp",
    "urllib.request",
    "http.client",
    "socketserver",
}
METHODS = {
    ("os", "system"),
    ("os", "popen"),
    ("os", "execv"),
    ("os", "execvp"),
    ("os", "spawnl"),
    ("os", "spawnv"),
    ("os", "posix_spawn"),
    ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("pd", "eval"),
    ("tempfile", "mktemp"),
    ("np", "fromregex"),
}
ATTRIBUTES = {"to_pickle", "read_pickle"}


def faults(source: str) -> list[str]:
    """Calls and imports that would run text as code, start a shell, unpickle or reach a network."""
    out = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            out += [
                a.name
                for a in node.names
                if a.name.split(".")[0] in MODULES
                or a.name in NETWORK
                or a.name.split(".")[0] in NETWORK
            ]
        elif isinstance(node, ast.ImportFrom) and node.module:
            out += (
                [node.module]
                if node.module.split(".")[0] in MODULES | NETWORK or node.module in NETWORK
                else []
            )
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in CALLS:
                out.append(called.id)
            if isinstance(called, ast.Attribute):
                owner = called.value.id if isinstance(called.value, ast.Name) else ""
                if (owner, called.attr) in METHODS or called.attr in ATTRIBUTES:
                    out.append(f"{owner}.{called.attr}")
                if (
                    owner in ("np", "numpy")
                    and called.attr == "load"
                    and any(k.arg == "allow_pickle" for k in node.keywords)
                ):
                    out.append("np.load(allow_pickle)")
            for k in node.keywords:
                if k.arg == "shell" and not (
                    isinstance(k.value, ast.Constant) and k.value.value is False
                ):
                    out.append("shell=True")
    return out


def sources(root: Path) -> list[Path]:
    return sorted((root / "mismes_eval").rglob("*.py"))


def test_a_yaml_file_makes_no_object(tmp_path: Path) -> None:
    for text in ("!!python/object/apply:os.system ['true']", "!!python/name:os.system", "!x 1"):
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        for loader in (yaml.SafeLoader, OnlyText):
            with pytest.raises(InputError, match="not YAML"):
                yaml_of(tmp_path / "a.yaml", loader)


@pytest.mark.whole
def test_no_source_runs_text_starts_a_shell_or_unpickles(root: Path) -> None:
    found = {
        path.name: f for path in sources(root) if (f := faults(path.read_text(encoding="utf-8")))
    }
    assert len(sources(root)) > 80
    # the system calls that exchange two folders in one step, that end a kernel with its parent, and
    # that start the kernel of a foreign report without network; YAML by a kind of SafeLoader
    assert found == {
        "outside.py": ["yaml.load"],
        "publish.py": ["ctypes"],
        "preloaded_kernel.py": ["ctypes"],
        "offline.py": ["ctypes", "os.execv"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "eval('1')",
        "exec(x)",
        "import pickle",
        "from pickle import loads",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "pd.read_pickle(p)",
        "yaml.load(t)",
        "import requests",
        "from urllib.request import urlopen",
        "np.load(f, allow_pickle=True)",
        "frame.to_pickle(p)",
        "subprocess.run(a, shell=flag)",
    ],
)
def test_the_search_would_find_it(line: str) -> None:
    assert faults(line)


@pytest.mark.parametrize("name", ["page.js"])
def test_the_script_of_the_inventory_page_builds_nodes_not_markup(root: Path, name: str) -> None:
    script = (root / "mismes_eval" / "inventory" / name).read_text(encoding="utf-8")
    assert not [
        w
        for w in (
            "innerHTML outerHTML insertAdjacentHTML document.write eval( Function( fetch( "
            "XMLHttpRequest import("
        ).split()
        if w in script
    ]


@pytest.mark.slow
def test_a_whole_report_opens_no_socket(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built in this process, with every socket refused but those between processes of this machine."""
    real = socket.socket
    asked: list[object] = []

    class Refused(real):  # type: ignore[misc, valid-type]
        def __init__(self, family: int = -1, *args: object, **more: object) -> None:
            if family in (-1, socket.AF_INET, socket.AF_INET6):
                asked.append(family)
                raise OSError("no network")
            super().__init__(family, *args, **more)

    def refused(*args: object, **more: object) -> object:
        asked.append(args)
        raise OSError("no network")

    monkeypatch.setattr(socket, "socket", Refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(OSError, match="no network"):
        socket.socket(socket.AF_INET)
    asked.clear()
    session = Session(Params.load(root / "params" / "TUN.yaml"), tmp_path, language("fr"), True)
    report = country_report(session)
    report.findings()
    for chapter in report.chapters:
        report.chapter(chapter)
    report.finish()
    assert (tmp_path / "estimates.json").is_file()
    assert asked == []


def script(root: Path, name: str) -> ModuleType:
    """A script of docs/ as a module."""
    spec = spec_from_file_location(name, root / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_licence_goes_with_ours_and_is_listed(root: Path) -> None:
    make = script(root, "make_licences")
    locked = make.locked()
    assert len(locked) > 100
    page = make.PAGE.read_text(encoding="utf-8")
    assert [f"{n} {v}" for n, v in locked if f"| {n} | {v} |" not in page] == []
    found = {name: make.licence(name) for name, _ in locked}
    assert {
        n: said for n, said in found.items() if said is not None and not make.compatible(said)
    } == {}
    assert [n for n, said in found.items() if said is None] == []


@pytest.fixture
def sbom(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "docs"))
    return script(root, "make_sbom")


def test_the_bill_of_materials_names_every_package_of_the_lock(
    root: Path, sbom: ModuleType
) -> None:
    bill = sbom.bill()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = {(c["name"], c["version"]) for c in bill["components"]}
    assert {
        (re.sub("[-_.]+", "-", n), v) for n, v in script(root, "make_licences").locked()
    } == named
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["externalReferences"][0]["hashes"] and part["licenses"]
    refs = [c["bom-ref"] for c in (*bill["components"], bill["metadata"]["component"])]
    assert len(refs) == len(set(refs))
    assert {d["ref"] for d in bill["dependencies"]} == set(refs)
    assert all(n in refs for d in bill["dependencies"] for n in d["dependsOn"])
    assert bill == sbom.bill()
    address = next(d for d in bill["dependencies"] if d["ref"].startswith("pkg:pypi/pandas@"))
    assert any(n.startswith("pkg:pypi/numpy@") for n in address["dependsOn"])


@pytest.mark.slow
def test_the_bill_of_materials_obeys_the_schema_of_cyclonedx(sbom: ModuleType) -> None:
    """The validator of cyclonedx-python-lib, with the schema that CycloneDX publishes, strictly."""
    validation = pytest.importorskip("cyclonedx.validation.json", reason="an extra of developers")
    schema = pytest.importorskip("cyclonedx.schema").SchemaVersion.V1_6
    validator = validation.JsonStrictValidator(schema)
    bill = sbom.bill()
    assert validator.validate_str(json.dumps(bill)) is None
    first = bill["components"][0]
    for wrong in (
        bill | {"serialNumber": "urn:uuid:x"},
        bill | {"components": [{k: v for k, v in first.items() if k != "name"}]},
        bill | {"components": [first | {"type": "package"}]},
        bill | {"components": [first, first]},
        bill | {"made": "today"},
    ):
        assert validator.validate_str(json.dumps(wrong)) is not None


def test_strong_copyleft_would_be_found(root: Path) -> None:
    make = script(root, "make_licences")
    assert [
        t
        for t in (
            "GPL-3.0-only",
            "AGPL-3.0",
            "GNU General Public License v3 (GPLv3)",
            "Proprietary",
            "",
            "MIT AND GPL-2.0-only",
        )
        if make.compatible(t)
    ] == []
    assert all(
        make.compatible(t)
        for t in (
            "MIT",
            "GPL-2.0 OR BSD-3-Clause",
            "LGPL-3.0",
            "BSD License; Apache Software License",
            "MPL-2.0",
        )
    )


def test_the_lock_holds_hashes_and_names_no_host(root: Path) -> None:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^\S+==\S+[^\n]*\\\n\s+--hash=sha256:", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE)) > 100
    assert "://" not in lock


def test_a_pickle_under_another_name_is_not_loaded(tmp_path: Path) -> None:
    ran: list[int] = []

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[int]]:
            return ran.append, (1,)

    for ending in ("csv", "parquet", "dta", "sav", "xlsx"):
        path = tmp_path / f"x.{ending}"
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(Exception, match=r".") as caught:
            lfs.read(path)
        assert type(caught.value).__module__.startswith("mismes_eval"), ending
    assert ran == []
