"""Who saw or changed what; AuditEvent; hash chain and anchors."""
