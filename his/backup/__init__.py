"""Backups of the embedded PostgreSQL and the way back to any second: base backups, and every log segment since."""
