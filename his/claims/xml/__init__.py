"""The XML tables of the claim standard: written from facts, read back from anybody's file."""
