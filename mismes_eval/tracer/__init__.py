"""Tracer panels: reading and checking, participation, attrition and its weights, work histories,
indicators.
"""

from mismes_eval.tracer.attrition import attrition_weights, weight_history
from mismes_eval.tracer.balance import balance, love_plot, panel_conditioning
from mismes_eval.tracer.clock import Clock
from mismes_eval.tracer.diagnostics import AttritionTests, attrition_tests
from mismes_eval.tracer.durations import first_event, hazard
from mismes_eval.tracer.edits import edits
from mismes_eval.tracer.figures import flow, flow_diagram, flow_steps, sequence_plot, sequences
from mismes_eval.tracer.histories import calendar, episodes, monthly, seam_effect, wave_states
from mismes_eval.tracer.indicators import DEFINITIONS, indicators
from mismes_eval.tracer.months import elapsed
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.tracer.read import read
from mismes_eval.tracer.refreshment import Refreshed, follow_up, refreshment
from mismes_eval.tracer.shapes import from_wide
from mismes_eval.tracer.states import transitions

__all__ = [
    "DEFINITIONS",
    "AttritionTests",
    "Clock",
    "Refreshed",
    "TracerPanel",
    "attrition_tests",
    "attrition_weights",
    "balance",
    "calendar",
    "edits",
    "elapsed",
    "episodes",
    "first_event",
    "flow",
    "flow_diagram",
    "flow_steps",
    "follow_up",
    "from_wide",
    "hazard",
    "indicators",
    "love_plot",
    "monthly",
    "panel_conditioning",
    "read",
    "refreshment",
    "seam_effect",
    "sequence_plot",
    "sequences",
    "transitions",
    "wave_states",
    "weight_history",
]
