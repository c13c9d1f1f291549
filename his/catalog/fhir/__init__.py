"""Terminology operations on the code lists."""
