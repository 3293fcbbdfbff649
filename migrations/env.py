"""How Alembic reaches the database: on the connection it is handed, in the transaction already open."""

from alembic import context

from tldops_bot.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
