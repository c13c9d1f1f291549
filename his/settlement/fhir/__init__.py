"""FHIR resources of the settlement."""
