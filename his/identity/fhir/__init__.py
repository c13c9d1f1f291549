"""FHIR resources of the slice identity."""
