"""A stand-in for the insurance authority's gateway: a real HTTP server with seeded faults, for demonstration and tests."""
