"""FHIR operations and resources of the exchange: bulk export and import, subscriptions."""
