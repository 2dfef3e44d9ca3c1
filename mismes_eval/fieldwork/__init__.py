"""Before the data: questions, forms made of them, and what comes back from the field."""

from mismes_eval.fieldwork.collect import Collected, collect
from mismes_eval.fieldwork.paper import paper
from mismes_eval.fieldwork.questions import FORMS, LANGUAGES, categories, questions
from mismes_eval.fieldwork.xlsform import compiled, xlsform

__all__ = [
    "FORMS",
    "LANGUAGES",
    "Collected",
    "categories",
    "collect",
    "compiled",
    "paper",
    "questions",
    "xlsform",
]
