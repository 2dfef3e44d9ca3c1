"""Column templates, code lists, readers and the check for personal identifiers; pandas, no
statistics.
"""

from mismes_eval.frame.codes import code_lists, codes, labels, nearest, nearest_code
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.identifiers import (
    find_identifiers,
    hash_ids,
    identifiers,
    idle_allowances,
)
from mismes_eval.frame.parse import rows
from mismes_eval.frame.read import read
from mismes_eval.frame.schema import json_schema
from mismes_eval.frame.template import Column, Rule, Template, template, template_names
from mismes_eval.frame.validate import Checked, check, problem_frame, references, validate

__all__ = [
    "Checked",
    "Column",
    "Dataset",
    "Rule",
    "Template",
    "check",
    "code_lists",
    "codes",
    "find_identifiers",
    "hash_ids",
    "identifiers",
    "idle_allowances",
    "json_schema",
    "labels",
    "nearest",
    "nearest_code",
    "problem_frame",
    "read",
    "references",
    "rows",
    "template",
    "template_names",
    "validate",
]
