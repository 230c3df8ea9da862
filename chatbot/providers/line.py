"""The one socket of a request: opened with patience, left from any thread.

A Line is what httpcore calls a network backend and the stream that it opens, both at once, since a request has one
socket. Its own errors are raised right here, where it is known how far the request was; httpx's timeouts are not used.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Iterable
from typing import Any

from chatbot.core.errors import Broken, ConnectFailed, NoAnswer, ProviderError
from chatbot.providers.patience import Patience
from chatbot.providers.provider import Cancel, Stopped

TICK = (
    0.1  # seconds between looks at the cancel while a connection is being made: a socket that has none cannot be shut
)
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, 10035)  # the last is Windows' WSAEWOULDBLOCK
_FEW, _GULP = 4, 0.06  # answers at once that are read token by token; the pause between two reads where there are more
_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
Address = tuple[socket.AddressFamily, socket.SocketKind, int, Any]


class Line:
    """Opens, reads, writes. `leave` frees whoever is blocked in it, who then raises Stopped.

    `whole`: the answer was read as far as it matters. Until it is set, closing tells the server to stop at once.
    """

    def __init__(self, patience: Patience, cancel: Cancel, address: str) -> None:
        self.patience = patience
        self.whole = False
        self._cancel = cancel
        self._address = address
        self._sock: socket.socket | None = None
        self._handle: socket.socket | None = None
        self._wake = threading.Event()
        self._lock = threading.Lock()

    def leave(self) -> None:
        """Shut the socket, so that a blocked read or write returns at once. From any thread."""
        self._wake.set()
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        if self._cancel.is_set():
            raise Stopped

    # ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "Line":
        self.patience.begin()
        failure: OSError | None = None
        for family, kind, protocol, place in self._resolve(host, port):
            sock = socket.socket(family, kind, protocol)
            try:
                self._connect(sock, place)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._keep(sock)
                return self
        there = self._address if host in self._address else f"the proxy {host}:{port}"
        raise ConnectFailed(f"Nothing answers at {there}. Is the server running?") from failure

    def _resolve(self, host: str, port: int) -> list[Address]:
        """The host's addresses. Asking for a name cannot be interrupted: it is left behind in a thread of its own."""
        with contextlib.suppress(socket.gaierror):
            return _addresses(host, port, socket.AI_NUMERICHOST)
        found: list[Address] = []
        failed: list[OSError] = []

        def ask() -> None:
            try:
                found.extend(_addresses(host, port))
            except (OSError, UnicodeError) as error:
                failed.append(error if isinstance(error, OSError) else OSError(str(error)))
            self._wake.set()

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        if not self._wake.wait(self.patience.left()):
            raise self.patience.lost()
        self.check()
        self._wake.clear()
        if not found:
            cause = failed[0] if failed else None
            raise ConnectFailed(f"The name {host!r} was not found. Check the network and the base URL.") from cause
        return found

    def _connect(self, sock: socket.socket, place: Any) -> None:
        sock.setblocking(False)
        if (number := sock.connect_ex(place)) not in _UNDER_WAY:
            raise OSError(number, "connect")
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            while not selector.select(min(TICK, self.patience.left())):
                self.check()
        self.check()
        if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, "connect")

    def _keep(self, sock: socket.socket) -> None:
        """From here on `leave` shuts this connection, by a handle of its own: TLS takes the socket over."""
        with self._lock:
            self._sock = sock
            self._handle = sock.dup()
            _open.add(self)
        self.check()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Line":
        assert self._sock is not None
        if isinstance(self._sock, ssl.SSLSocket):
            raise ConnectFailed("A proxy that is reached over TLS itself is not supported; use its http:// address.")
        try:
            self._sock.settimeout(self.patience.left())
            self._sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self.check()
            raise self._no_tls(error) from error
        return self

    def _no_tls(self, error: Exception) -> ProviderError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return ConnectFailed(f"The certificate of {self._address} cannot be trusted: {error.verify_message}.")
        if isinstance(error, TimeoutError):
            return self.patience.lost()
        return ConnectFailed(f"{self._address} does not speak TLS. Does its address begin with http:// instead?")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> "Line":
        raise ConnectFailed("A Unix socket is no address of a model's server.")

    # ── talking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        assert self._sock is not None
        if self.patience.phase == "flowing" and len(_open) > _FEW:
            # Waking up costs more than reading a token does: where many answers come at once, each is read in gulps.
            self._wake.wait(_GULP)
        self.check()
        try:
            self._sock.settimeout(self.patience.left())
            data = self._sock.recv(max_bytes)
        except TimeoutError:
            self.check()
            raise self.patience.lost() from None
        except (OSError, ValueError) as error:
            self.check()
            raise self.lost() from error
        self.check()
        if not data and self.patience.phase == "waiting":
            raise self.lost()
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        assert self._sock is not None
        if self.patience.phase == "connecting":
            self.patience.reached("waiting")
        view = memoryview(buffer)
        try:
            while view:
                self._sock.settimeout(self.patience.left())
                view = view[self._sock.send(view) :]
        except TimeoutError:
            self.check()
            raise self.patience.lost() from None
        except (OSError, ValueError) as error:
            self.check()
            # The server may have refused before it read everything: its answer is still worth reading.
            from httpcore2 import WriteError

            raise WriteError(str(error)) from error

    def lost(self) -> ProviderError:
        """The error for a connection that broke, by how far the request was."""
        if self.patience.phase in ("connecting", "waiting"):
            return NoAnswer(f"{self._address} closed the connection without an answer.")
        return Broken("The connection broke before the reply was whole.")

    def close(self) -> None:
        with self._lock:
            sockets = [self._sock, self._handle]
            self._sock = self._handle = None
            _open.discard(self)
        for sock in sockets:
            if sock is not None:
                if not self.whole:
                    # A reset. An ordinary close waits in the queue behind what is still being sent to us, and a
                    # server whose buffers are full would go on (and bill) for a minute.
                    with contextlib.suppress(OSError):
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                sock.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "socket":
            return self._sock
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        # Asked only of a connection that waits for its next request; this one has none.
        return True if info == "is_readable" else None


_open: set[Line] = set()
"""The lines of this process that have a socket."""


def _addresses(host: str, port: int, flags: int = 0) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, kind, protocol, place) for family, kind, protocol, _, place in found]
