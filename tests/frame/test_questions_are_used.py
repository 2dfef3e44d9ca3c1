"""Every question that a template asks is read by an indicator, a table, a rule or a check, or stands
below with the reason why it is asked all the same.
"""

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

import mismes_eval
from mismes_eval.frame.template import template

PACKAGE = Path(mismes_eval.__file__).parent
GLD = "a column of the GLD file, which offices deliver and pass on whole"
WEIGHTING = "documents how the office made its weight; shown in the hand-over, not computed with"
CONTEXT = "asked for the office's own tables and for migration research; no indicator yet"
OWN = "set by the office's processing; the package computes the same from dates"
KEPT = {
    "tracer_episode": {"seam_flag": OWN},
    "lfs_absent": dict.fromkeys(
        ("abs_no", "occup_before", "working", "remit_12m", "contact_possible"), CONTEXT
    )
    | dict.fromkeys(("report_hh_type", "weight_mult"), WEIGHTING),
    "lfs_person": dict.fromkeys(
        (
            "survname vermast veralt visit_no subnatid2 subnatid3 subnatidsurvey hsize "
            "relationharm marital migrated_mod_age migrated_ref_time migrated_from_urban "
            "migrated_from_code migrated_reason vocational vocational_type "
            "vocational_length_l vocational_length_u vocational_field_orig vocational_financed "
            "minlaborage nlfreason ocusec industrycat_isic industrycat10 occup_skill healthins "
            "union"
        ).split(),
        GLD,
    )
    | dict.fromkeys(("d0_base", "d1_nr", "d2_phase2", "d3_calib", "d4_trim"), WEIGHTING)
    | dict.fromkeys(
        (
            "mig_reason_dep mig_isced_at_dep mig_isced_abroad mig_recog_route "
            "mig_legal_status_abroad mig_wage_abroad_ym mig_rec_cost_financing mig_remit_12m "
            "mig_debt_outstanding mig_intend_country msm_provider msm_year msm_hours"
        ).split(),
        CONTEXT,
    ),
}
ASKED = (
    "tracer_person",
    "tracer_wave",
    "tracer_outcome",
    "tracer_service",
    "tracer_episode",
    "lfs_person",
    "lfs_absent",
)


@cache
def read_somewhere() -> set[str]:
    """Words of the package's short texts (names of columns among them), of the indicators' needs
    and of the rules. Texts of labels, of proposals and of made-up data do not read a column.
    """
    words: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "synthetic" in path.parts or path.name in ("words.py", "proposals.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words |= set(re.findall(r"\w+", node.value)) if len(node.value) < 60 else set()
    with (PACKAGE / "lfs" / "indicators.csv").open(encoding="utf-8") as file:
        words |= {w for row in csv.DictReader(file) for w in re.findall(r"\w+", row["needs"])}
    return words


@pytest.mark.architecture
@pytest.mark.parametrize("name", ASKED)
def test_every_question_is_used_or_says_why_it_is_asked(name: str) -> None:
    declared, words = template(name), read_somewhere()
    items = {f"mig_rec_cost_{v}" for v in ("visa", "agency", "travel", "training", "docs")}
    items |= {f"mig_rec_cost_{v}" for v in ("medical", "informal", "other")}
    by_rule = {c for rule in declared.rules for c in (*rule.left, *rule.right)}
    used = {c.name for c in declared.columns if c.outcome or c.name in words | by_rule | items}
    kept = KEPT.get(name, {})
    assert {c.name for c in declared.columns} - used - set(kept) == set()
    assert set(kept) & used == set(), "used by now: no reason is needed"
    assert set(kept) <= set(declared.names)
