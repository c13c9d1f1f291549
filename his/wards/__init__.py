"""Beds of the wards, who lies in them, and the board of a department."""
