"""Tracer studies: panels in which "abroad" is a state, response rates, attrition weights."""

from mismes_eval.tracer.panel import AttritionPlan, TracerPanel, attrition_weights

__all__ = ["AttritionPlan", "TracerPanel", "attrition_weights"]
