"""The store in a PostgreSQL database, through `asyncpg`: what is opened here, and nothing that decides."""

from router.store.postgresql.store import PostgresqlStore, open_postgresql

__all__ = ["PostgresqlStore", "open_postgresql"]
