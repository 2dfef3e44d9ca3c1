"""What the site was made of: a manifest like that of reports, so that `mismes verify` can make it
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from mismes_eval.evaluation.outside_evidence import OutsideEvidence
from mismes_eval.inventory import Inventory
from mismes_eval.report.factory.publish import write_whole
from mismes_eval.report.synthesis.published import EVIDENCE, SITE, Origin, inputs_of
from mismes_eval.report.trust.provenance import (
    MANIFEST,
    SCHEMA,
    file_hash,
    outputs,
    package_hash,
    read_manifest,
    versions,
)

INVENTORY = "inventory"  # key of a file of measures among the inputs
DECISIONS = "inventory.decisions"  # and of a file of decisions on duplicates


def site_manifest(
    inventory: Inventory,
    origins: Sequence[Origin],
    evidence: OutsideEvidence | None,
    on: date,
    synthetic: bool,
    work: Path,
) -> Mapping[str, object]:
    """The record of the pages in `work`, with a hash of every file."""
    files = zip(inventory.sources["name"], inventory.sources["sha256"], strict=True)
    inputs = [{"key": INVENTORY, "path": name, "sha256": sha} for name, sha in files]
    merges = zip(inventory.decisions["name"], inventory.decisions["sha256"], strict=True)
    inputs += [{"key": DECISIONS, "path": name, "sha256": sha} for name, sha in merges]
    inputs += inputs_of(origins)
    if evidence is not None:
        inputs.append({"key": EVIDENCE, "path": evidence.name, "sha256": evidence.sha256})
    made_of = json.dumps([inputs, package_hash(), on.isoformat()], sort_keys=True)
    return {
        "schema": SCHEMA,
        "kind": SITE,
        "synthetic": synthetic,
        "fingerprint": hashlib.sha256(made_of.encode()).hexdigest(),
        "on": on.isoformat(),
        "inputs": inputs,
        "package_sha256": package_hash(),
        "versions": versions(),
        "outputs": outputs(work),
    }


def record_page(folder: Path, page: Path, code: str) -> None:
    """Take the page beside the site into its manifest."""
    told = {"name": page.name, "sha256": file_hash(page), "language": code}
    record = {**read_manifest(folder), "page": told}
    write_whole(folder / MANIFEST, json.dumps(record, ensure_ascii=False, indent=1))
