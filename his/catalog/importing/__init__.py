"""Reading lists from files: parsing with complaints a person can act on, one source per list, loading as a whole."""
