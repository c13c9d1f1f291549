"""Units, departments, staff, roles, sign-in, machine clients."""
