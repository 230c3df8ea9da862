"""A price list as genai-prices publishes it, made from the installed one, and a server that plays the place it is at."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from genai_prices.data_snapshot import get_snapshot


def published(**openai: Any) -> list[dict[str, Any]]:
    """Every provider and model. `openai`: prices of one of its models by id, such as `{"gpt-6-luna": {...}}`; None: gone."""
    providers = []
    for provider in get_snapshot().providers:
        models = []
        for model in provider.models:
            change = openai.get(model.id, {}) if provider.id == "openai" else {}
            if change is not None:
                models.append({"id": model.id, "match": {"equals": model.id}, "prices": _prices(model) | change})
        if provider.id == "openai":
            known = {model["id"] for model in models}
            for name, prices in openai.items():
                if name not in known and prices is not None:
                    models.append({"id": name, "match": {"equals": name}, "prices": prices})
        pattern = provider.api_pattern
        providers.append({"id": provider.id, "name": provider.name, "api_pattern": pattern, "models": models})
    return providers


def _prices(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # Of now: some vendors charge less by night, and what has changed is told of the prices of now.
    for name, price in vars(model.get_prices(datetime.now(UTC))).items() if model.prices else ():
        if isinstance(price, Decimal):
            found[name] = float(price)
        elif price is not None:
            tiers = [{"start": tier.start, "price": float(tier.price)} for tier in price.tiers]
            found[name] = {"base": float(price.base), "tiers": tiers}
    return found


class Publisher:
    """What is served, and what was asked."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.promised = 0
        """Bytes that the head promises beyond the body, which then breaks off."""
        self.wait = threading.Event()
        self.wait.set()
        self.asked = 0
        self.url = ""

    def publish(self, content: object) -> "Publisher":
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self


@contextmanager
def publisher() -> Iterator[Publisher]:
    """A server on loopback."""
    playing = Publisher()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            playing.asked += 1
            playing.wait.wait(20)
            self.send_response(playing.status)
            self.send_header("Content-Length", str(len(playing.body) + playing.promised))
            self.end_headers()
            self.wfile.write(playing.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    playing.url = f"http://127.0.0.1:{server.server_port}/data.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield playing
    finally:
        playing.wait.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
