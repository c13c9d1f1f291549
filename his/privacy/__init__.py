"""Personal data: who opened a record, unusual access, requests of data subjects, what the law asks."""
