"""FHIR resources of the slice reporting."""
