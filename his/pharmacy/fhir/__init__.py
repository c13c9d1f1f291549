"""FHIR resources of the slice pharmacy."""
