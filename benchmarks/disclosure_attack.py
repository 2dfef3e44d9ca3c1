"""Attack the disclosure control of every shipped report by linear programming: `python
benchmarks/disclosure_attack.py [ISO3 ...]`.

For each report: cells hidden for too few persons, cells hidden for their sake, and cells shown
without their n. The attack itself is part of every report: one that fails it is not made.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.tables import Table, n_withheld
from mismes_eval.report.session import Session

ROOT = Path(__file__).resolve().parent.parent


def attacked(code: str) -> tuple[int, int, int]:
    """Confidential cells, secondary cells, and cells whose n is withheld. A number that could be
    computed would have stopped the report.
    """
    with TemporaryDirectory() as work:
        report = country_report(
            Session(Params.load(ROOT / "params" / f"{code}.yaml"), Path(work), language("en"), True)
        )
    tables = [i for c in report.chapters.values() for i in c.items if isinstance(i, Table)]
    hidden = report.audit["status"].value_counts()
    withheld = sum(n_withheld(c) for t in tables for c in t.cells.to_dict("records"))
    return int(hidden.get("confidential", 0)), int(hidden.get("secondary", 0)), withheld


def main() -> int:
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    print("report  confidential  secondary  shown without n")
    for code in sys.argv[1:] or sorted(p.stem for p in (ROOT / "params").glob("*.yaml")):
        row = attacked(code)
        print(f"{code:<7} {row[0]:>12} {row[1]:>10} {row[2]:>16}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
