"""Practice as FHIR resources."""
