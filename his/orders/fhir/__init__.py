"""FHIR resources of the slice orders."""
