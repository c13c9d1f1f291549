"""FHIR resources of the slice claims."""
