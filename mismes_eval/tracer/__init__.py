"""Tracer panels: reading and checking, participation, attrition and its weights, work histories, indicators."""

from mismes_eval.tracer.attrition import attrition_weights, weight_history
from mismes_eval.tracer.edits import edits
from mismes_eval.tracer.months import elapsed
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.tracer.read import read
from mismes_eval.tracer.shapes import from_wide

__all__ = ["TracerPanel", "attrition_weights", "edits", "elapsed", "from_wide", "read", "weight_history"]
