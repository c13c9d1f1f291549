"""Settlement of a month between a unit and its insurer: figures, four-eyes, lock, payment, and their papers."""
