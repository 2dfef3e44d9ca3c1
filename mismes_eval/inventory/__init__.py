"""The repository of migrant support measures: template, imports, quality, portfolio, evaluation
register, a page to browse.
"""

from mismes_eval.inventory.duplicates import likely_duplicates
from mismes_eval.inventory.export import to_csv, to_excel
from mismes_eval.inventory.iati import read_iati
from mismes_eval.inventory.intake import Intake
from mismes_eval.inventory.inventory import (
    Inventory,
    combine,
    evaluation_due,
    from_intake,
    profile,
    read,
    schema,
    template,
    workbook,
)
from mismes_eval.inventory.mapping import read_mapped
from mismes_eval.inventory.mapping_file import load_mapping, shipped_mappings
from mismes_eval.inventory.money import Converted, to_euro
from mismes_eval.inventory.portfolio import Profile
from mismes_eval.inventory.quality import (
    Completeness,
    completeness,
    item_missing,
    kappa,
    response_rate,
)
from mismes_eval.inventory.register import EvaluationRegister
from mismes_eval.inventory.relations import Merged, allocate, merge_decided
from mismes_eval.inventory.submission import Submission, accept, submit, undo

__all__ = [
    "Completeness",
    "Converted",
    "EvaluationRegister",
    "Intake",
    "Inventory",
    "Merged",
    "Profile",
    "Submission",
    "accept",
    "allocate",
    "combine",
    "completeness",
    "evaluation_due",
    "from_intake",
    "item_missing",
    "kappa",
    "likely_duplicates",
    "load_mapping",
    "merge_decided",
    "profile",
    "read",
    "read_iati",
    "read_mapped",
    "response_rate",
    "schema",
    "shipped_mappings",
    "submit",
    "template",
    "to_csv",
    "to_euro",
    "to_excel",
    "undo",
    "workbook",
]
