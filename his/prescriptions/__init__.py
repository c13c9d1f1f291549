"""Prescribing and medication safety."""
