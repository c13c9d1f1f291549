"""Measurements: `python -m tests.load` prints one JSON line each; ratios and CPU, never a pass or a fail."""
