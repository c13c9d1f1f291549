"""What the slice does: tokens, consents and launches, clients."""
