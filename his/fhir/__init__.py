"""The FHIR R4 engine; it knows no resource."""
