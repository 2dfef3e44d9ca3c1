"""Chapters of the country report, in the order of the published country studies."""

from mismes_eval.report.chapters.base import Chapter, Context
from mismes_eval.report.chapters.claims import claims
from mismes_eval.report.chapters.data import data
from mismes_eval.report.chapters.impact import impact
from mismes_eval.report.chapters.limits import limits
from mismes_eval.report.chapters.measures import measures
from mismes_eval.report.chapters.participation import participation
from mismes_eval.report.chapters.people import people
from mismes_eval.report.chapters.sheets import sheets
from mismes_eval.report.chapters.tracer import tracer

CHAPTERS = {
    "sheets": sheets,
    "data": data,
    "inventory": measures,
    "people": people,
    "participation": participation,
    "tracer": tracer,
    "impact": impact,
    "claims": claims,
    "limits": limits,
}

__all__ = [
    "CHAPTERS",
    "Chapter",
    "Context",
    "claims",
    "data",
    "impact",
    "limits",
    "measures",
    "participation",
    "people",
    "sheets",
    "tracer",
]
