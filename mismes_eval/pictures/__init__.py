"""Pictures, each drawn once, from arrays and labels only: the same in a notebook and in a report.

A function takes axes (None: new ones of the right size), arrays and the words that stand in the
picture, and returns the axes. What has no number (NaN) leaves a gap and breaks its line.
"""
