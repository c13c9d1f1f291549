"""AuditEvent: the trail through FHIR."""
