"""Officers' worklist, decisions, appeals, settlement."""
