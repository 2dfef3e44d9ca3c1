"""Attack the disclosure control of every shipped report by linear programming: `python
benchmarks/disclosure_attack.py [ISO3 ...]`.

For each report: cells hidden for too few persons, cells hidden for their sake, sums among the
tables, what the attack recovers, and what it would without the latter.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.protect import attack, attack_report, recovered, system
from mismes_eval.report.document.tables import Table
from mismes_eval.report.session import Session

ROOT = Path(__file__).resolve().parent.parent


def attacked(code: str) -> tuple[int, int, int, int, int]:
    """Primary cells, secondary cells, sums, recovered, recovered without secondary cells."""
    with TemporaryDirectory() as work:
        report = country_report(
            Session(Params.load(ROOT / "params" / f"{code}.yaml"), Path(work), language("en"), True)
        )
    tables = [i for c in report.chapters.values() for i in c.items if isinstance(i, Table)]
    partitions = {k: v for c in report.chapters.values() for k, v in c.partitions.items()}
    s = system(tables, partitions)
    naive = attack(s.values, [*s.primary, *s.unpublished], s.relations)
    bare = recovered({k: naive[k] for k in s.primary})
    hidden = report.audit["status"].value_counts()
    return (
        int(hidden.get("confidential", 0)),
        int(hidden.get("secondary", 0)),
        len(s.relations),
        len(attack_report(tables, partitions)),
        len(bare),
    )


def main() -> int:
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    worst = 0
    print("report  confidential  secondary  sums  recovered  recovered without secondary cells")
    for code in sys.argv[1:] or sorted(p.stem for p in (ROOT / "params").glob("*.yaml")):
        row = attacked(code)
        worst = max(worst, row[3])
        print(
            f"{code:<7} {row[0]:>12} {row[1]:>10} {row[2]:>5} {row[3]:>10} {row[4]:>10}", flush=True
        )
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
