"""Visits, transfers, diagnoses, vital signs, notes."""
