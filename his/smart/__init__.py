"""SMART on FHIR: how an app or a machine gets a token, and how the administrator admits it."""
