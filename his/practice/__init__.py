"""Registered practice of the staff of a unit: certificate, scope, working hours."""
