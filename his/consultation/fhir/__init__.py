"""FHIR operations on the whole record."""
