"""FHIR resources of the slice review."""
