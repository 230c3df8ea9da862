"""Run by Alembic, inside the transaction that `chatbot.store.schema` has opened."""

from alembic import context

from chatbot.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
