"""What only a PostgreSQL server does: goes away, comes back, holds locks, refuses writes."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import event, text

from chatbot.core.errors import StoreLocked, StoreReadOnly, StoreUnreachable
from chatbot.store.store import Store
from tests.postgres import Server, fresh_database
from tests.store.scene import begin, exchange

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    with fresh_database(postgres) as found:
        yield found


@pytest.fixture
def server_store(url: str) -> Iterator[Store]:
    store = Store.open(url)
    yield store
    store.close()


def end_all_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_server_that_was_restarted_is_found_again(server_store: Store, url: str) -> None:
    begun = exchange(server_store)
    end_all_connections(url)
    assert server_store.conversations.get(begun.conversation).id == begun.conversation
    end_all_connections(url)
    assert begin(server_store).created


def test_a_connection_that_breaks_in_a_transaction_keeps_nothing_half(server_store: Store, url: str) -> None:
    exchange(server_store)
    statement = text(
        "INSERT INTO quirks (owner, base_url, model, parameter, learned) VALUES ('local', 'u', 'm', 'p', now())"
    )

    def broken() -> None:
        with server_store._database.write() as connection:
            connection.execute(statement)
            end_all_connections(url)
            connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnreachable, match="does not answer"):
        broken()
    assert server_store.quirks.known("u", "m") == {}


def test_a_lock_held_too_long_is_said(server_store: Store, url: str) -> None:
    begun = exchange(server_store)
    engine = server_store._database.backend.engine
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("SET lock_timeout = '100ms'"))
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM conversations FOR UPDATE")
        with pytest.raises(StoreLocked, match="held by another program"):
            server_store.conversations.pin(begun.conversation, True)
        assert not server_store.conversations.get(begun.conversation).pinned


def test_a_database_that_may_only_be_read_is_said(server_store: Store, url: str) -> None:
    begun = exchange(server_store)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on")
    end_all_connections(url)
    with pytest.raises(StoreReadOnly):
        begin(server_store)
    assert server_store.conversations.get(begun.conversation).head == begun.reply


def test_leases_run_by_the_servers_clock(server_store: Store) -> None:
    begun = begin(server_store)
    left = text("SELECT until - extract(epoch FROM clock_timestamp()) FROM leases WHERE reply = :reply")
    with server_store._database.read() as connection:
        assert 10 < connection.execute(left, {"reply": begun.reply}).scalar_one() <= 15


def test_a_read_cannot_write(server_store: Store) -> None:
    with pytest.raises(StoreReadOnly), server_store._database.read() as connection:
        connection.execute(text("DELETE FROM messages"))
