"""Queue tickets, rooms, calls."""
