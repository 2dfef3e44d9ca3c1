"""Weights, tracer panels and impact on one variance engine."""
