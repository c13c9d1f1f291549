"""FHIR resources of the slice wards."""
