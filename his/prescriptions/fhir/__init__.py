"""FHIR resources of the slice prescriptions."""
