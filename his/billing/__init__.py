"""Charges, benefit computation, statements, payments."""
