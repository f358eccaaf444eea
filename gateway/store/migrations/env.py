"""Alembic runs this to migrate, on the connection and in the transaction of `gateway.store.migrate`."""

from alembic import context

from gateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
