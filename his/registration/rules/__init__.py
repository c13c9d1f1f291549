"""Decisions of registration: reading scans, judging matches, gateway codes, cards by date, a patient's data."""
