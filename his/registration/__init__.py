"""Person index, patients, insurance cards, card check."""
