"""FHIR resources of the slice billing."""
