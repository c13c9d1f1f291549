"""Decisions of the front desk: route facts, sources of fields, the money beforehand, what to know before saving."""
