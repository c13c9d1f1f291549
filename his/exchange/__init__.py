"""Signed parcels in and out, outbox, receipts; knows transports, not contents."""
