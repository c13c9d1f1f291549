"""FHIR resources of registration."""
