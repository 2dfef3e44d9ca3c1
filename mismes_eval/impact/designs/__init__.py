"""Designs beside difference-in-differences of two arms: matching, dose, treatment that comes and
goes.
"""
