"""Hospital information system of a province: one service, one PostgreSQL, many medical units."""

__version__ = "0.1.0"
