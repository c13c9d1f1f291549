"""Ordered services, specimens, results."""
