"""Indicators, rollups, province page, MeasureReport."""
