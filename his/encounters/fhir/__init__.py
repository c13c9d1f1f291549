"""FHIR resources of the slice encounters."""
