"""A fake of OpenAI's HTTP API on loopback, for tests, the browser and benchmarks.

    with FakeOpenAI() as server:
        ... talk to server.base_url ...
        server.requests[0].body["model"]

It answers GET /v1/models, GET /v1/organization/… and POST /v1/chat/completions. The *model's name* picks the script, so that any face of the
program can choose how it is answered: "echo", "words:200@50", "silent", "fault:stall:later". `SCRIPTS` (with a word on
each) and `FAULTS` (every way a stream can fail, and what is right) list them. A first path segment picks a variant
of the models or the organization endpoint: `server.url("no-models")`.

Also runs by itself: python -m tests.fake_openai --port 9999
"""

import argparse
import contextlib
import socket
import ssl
import threading
from collections import Counter
from types import TracebackType

from tests.fake_admin import organization
from tests.fake_faults import FAULTS, play_fault
from tests.fake_http import ClientLeft, Exchange, Recorded, read_request
from tests.fake_models import list_models
from tests.fake_right import POINTS, Fault, Right
from tests.fake_scripts import SCRIPTS, Script, words_text

__all__ = ["FAULTS", "POINTS", "SCRIPTS", "FakeOpenAI", "Fault", "Recorded", "Right", "words_text"]


class FakeOpenAI:
    """The server. `port` 0 takes a free one; `tls` makes it speak https. Use it as a context manager, or call close()."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Recorded] = []
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._spare: list[socket.socket] = []
        self._listener = socket.create_server((host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.host = host
        self._accepting = threading.Thread(target=self._accept, name="fake-openai", daemon=True)
        self._accepting.start()

    @property
    def base_url(self) -> str:
        return f"{self._scheme}://{self.host}:{self.port}/v1"

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    def url(self, variant: str = "") -> str:
        """A base URL of this server: of a variant of the models endpoint, or of an address where nothing answers.

        "refused", "not-tls", "unknown-host" and "blackhole" (never accepts: connecting hangs) are such addresses.
        """
        if variant == "refused":
            return f"http://127.0.0.1:{self._bound()}/v1"
        if variant == "blackhole":
            return f"http://127.0.0.1:{self._blackhole()}/v1"
        if variant == "not-tls":
            return f"https://{self.host}:{self.port}/v1"
        if variant == "unknown-host":
            return "http://no-such-host.invalid/v1"
        return f"{self._scheme}://{self.host}:{self.port}/{variant}/v1" if variant else self.base_url

    def chats(self, model: str | None = None) -> list[Recorded]:
        """The recorded chat completions, of one model or all."""
        return [
            request
            for request in list(self.requests)
            if request.path.endswith("/chat/completions") and (model is None or request.model == model)
        ]

    def forget(self) -> None:
        """Forget every request and every count of attempts: what had healed is ill again."""
        with self._lock:
            self.requests.clear()
            self._attempts.clear()

    def close(self) -> None:
        self._closing.set()
        # Closing a listening socket does not wake a blocked accept; a shutdown does.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            sockets = [self._listener, *self._sockets, *self._spare]
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._accepting.join(2)

    def __enter__(self) -> "FakeOpenAI":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _bound(self) -> int:
        """A port that is taken, so that nobody else answers there, and refuses."""
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        self._spare.append(sock)
        return int(sock.getsockname()[1])

    def _blackhole(self) -> int:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self._spare.append(listener)
        for _ in range(4):  # fill the queue: further connects get no answer at all
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            self._spare.append(filler)
        return int(listener.getsockname()[1])

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets.add(sock)
            threading.Thread(target=self._serve, args=(sock,), name="fake-openai-answer", daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        """All requests of one connection."""
        if self._tls:
            try:
                sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                return sock.close()  # the client does not trust us, or does not speak TLS
        reader = sock.makefile("rb")
        try:
            while (request := read_request(reader)) is not None and self._answer(sock, request):
                pass
        except (OSError, ValueError):
            pass  # the client left, or does not speak HTTP: nothing to answer
        finally:
            reader.close()
            sock.close()
            with self._lock:
                self._sockets.discard(sock)

    def _answer(self, sock: socket.socket, request: Recorded) -> bool:
        """Play the script; true when the connection can be used again."""
        with self._lock:
            key = (request.headers.get("authorization", ""), request.model)
            self._attempts[key] += 1
            request.attempt = self._attempts[key]
            self.requests.append(request)
        script, argument = self._script(request)
        exchange = Exchange(sock, request, argument, self._closing)
        try:
            script(exchange)
        except ClientLeft:
            return False
        finally:
            request.answered = True
        return exchange.open

    def _script(self, request: Recorded) -> tuple[Script, str]:
        path = request.path.split("?")[0]
        if path.endswith("/v1/models") and request.method == "GET":
            return list_models, path.removesuffix("/v1/models").strip("/")
        if "/v1/organization/" in path and request.method == "GET":
            return organization, path.partition("/v1/")[0].strip("/")
        if not path.endswith("/v1/chat/completions") or request.method != "POST":
            return (lambda exchange: exchange.error(404, f"Unknown request URL: {request.path}")), ""
        words = request.last_user if request.model == "told" else request.model
        name, _, argument = words.partition(":")
        if name == "fault":
            return play_fault, argument
        if name in SCRIPTS:
            return SCRIPTS[name].play, argument
        return unknown_model, argument


def unknown_model(exchange: Exchange) -> None:
    message = f"The model `{exchange.model}` does not exist or you do not have access to it."
    exchange.error(404, message, code="model_not_found")


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake OpenAI server; the model's name picks what it does.")
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--list", action="store_true", help="print the scripts and faults, and leave")
    chosen = parser.parse_args()
    if chosen.list:
        for name, entry in SCRIPTS.items():
            print(f"{name:28} {entry.words}")
        for name, fault in FAULTS.items():
            print(f"fault:{name:22} {fault.row} ({', '.join(fault.points)})")
        return
    with FakeOpenAI(chosen.port, chosen.host) as server:
        print(server.base_url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
