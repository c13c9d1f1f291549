"""The front desk: scan, match, check the card, register the visit, give a queue number."""
