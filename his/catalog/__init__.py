"""Code lists: diagnoses, services and prices, medicines, interactions, small lists; dated, versioned, searched."""
