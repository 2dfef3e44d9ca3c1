"""Write sbom.cdx.json, a software bill of materials in CycloneDX 1.6: every package of
requirements.lock with version, package address, hashes, licence and what it needs. `python
docs/make_sbom.py [FILE]`.

Nothing in it depends on the day or the machine, so two runs on one lock give the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from make_licences import LOCK, ROOT, licence

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122, of addresses
_ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)$",
    re.MULTILINE,
)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_NEEDED = re.compile(r"^[A-Za-z0-9._-]+")


def entries() -> list[tuple[str, str, list[str]]]:
    """Name, version and sha256 hashes of every package of the lock, by name and version."""
    text = LOCK.read_text(encoding="utf-8")
    found = {}
    for entry in _ENTRY.finditer(text):
        key = _plain(entry["name"]), entry["version"]
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry["rest"])
        found[key] = sorted({*found.get(key, []), *hashes})
    return [(name, version, found[name, version]) for name, version in sorted(found)]


def component(name: str, version: str, hashes: list[str]) -> dict[str, object]:
    """One package. The lock has a hash for each file that an index offers of it: they stand as
    references to those files, of which one is installed.
    """
    address = f"pkg:pypi/{name}@{version}"
    out: dict[str, object] = {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
    }
    said = licence(name)
    if said:
        out["licenses"] = [_licence(said)]
    out["externalReferences"] = [
        {
            "type": "distribution",
            "url": address,
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes],
        }
    ]
    return out


def _licence(said: str) -> dict[str, object]:
    """A licence as CycloneDX has it: an expression of SPDX, or a name."""
    spdx = _SPDX.fullmatch(said) and said not in ("BSD", "UNKNOWN")
    return {"expression": said} if spdx else {"license": {"name": said}}


def needs(name: str, known: dict[str, str]) -> list[str]:
    """Addresses of the packages of the lock that an installed package needs."""
    try:
        wanted = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    names = {_plain(m.group()) for w in wanted if "extra ==" not in w and (m := _NEEDED.match(w))}
    return sorted(known[n] for n in names if n in known)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def bill() -> dict[str, object]:
    """The bill of materials."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    packages = entries()
    known = {name: f"pkg:pypi/{name}@{version}" for name, version, _ in packages}
    direct = {_plain(m.group()) for w in project["dependencies"] if (m := _NEEDED.match(w))}
    dependencies = [{"ref": own, "dependsOn": sorted(known[n] for n in direct if n in known)}]
    dependencies += [
        {"ref": f"pkg:pypi/{name}@{version}", "dependsOn": needs(name, known)}
        for name, version, _ in packages
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, LOCK.read_text(encoding='utf-8'))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"expression": "BSD-3-Clause"}],
            }
        },
        "components": [component(*package) for package in packages],
        "dependencies": dependencies,
    }


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.cdx.json"
    target.write_text(json.dumps(bill(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
