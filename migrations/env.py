"""Alembic environment: one connection as the owner, no configuration file."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool

dsn = context.config.attributes["dsn"]
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=pool.NullPool)
with engine.begin() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    context.run_migrations()
