"""Clinical papers of a visit: what a doctor issues, corrects and withdraws."""
