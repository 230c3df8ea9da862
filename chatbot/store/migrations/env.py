"""Run by Alembic, inside the transaction that `chatbot.store.schema` has opened."""

from alembic import context

from chatbot.store.columns import metadata
from chatbot.store.index import ours
from chatbot.store.tables import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    include_name=ours,
)
with context.begin_transaction():
    context.run_migrations()
