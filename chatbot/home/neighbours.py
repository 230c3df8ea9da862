"""Model servers of other programs on this machine, found on their usual ports: offered to the person, never chosen."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.core.settings import Connection

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a program usually answers. `is_it` tells its answer at `path` from some other program's."""

    name: str
    port: int
    path: str
    is_it: Callable[[Any], bool]


def _is_ollama(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("version"), str)


def _is_list_of_models(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("data"), list)


PLACES = (
    Place(name="ollama", port=11434, path="/api/version", is_it=_is_ollama),
    Place(name="lm-studio", port=1234, path="/v1/models", is_it=_is_list_of_models),
)


def neighbours(timeout: float = 0.3, places: Sequence[Place] = PLACES) -> list[Connection]:
    """A connection for each program that answers within `timeout` seconds, in the order of `places`.

    All are asked at once. A connection's model is the first that the server lists, None when it lists none in time.
    """
    deadline = time.monotonic() + timeout
    found: dict[str, Connection] = {}

    def ask(place: Place) -> None:
        answer = _get(place.port, place.path, deadline)
        if not place.is_it(answer):
            return
        base_url = f"http://127.0.0.1:{place.port}/v1"
        found[place.name] = Connection(name=place.name, base_url=base_url)
        model = _first_model(_get(place.port, "/v1/models", deadline))
        found[place.name] = Connection(name=place.name, base_url=base_url, model=model)

    threads = [threading.Thread(target=ask, args=(place,), daemon=True) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()) + 0.05)
    answered = dict(found)
    return [answered[place.name] for place in places if place.name in answered]


def _first_model(answer: Any) -> str | None:
    models = answer["data"] if _is_list_of_models(answer) else []
    ids = (model.get("id") for model in models if isinstance(model, dict))
    return next((id_ for id_ in ids if isinstance(id_, str) and id_), None)


def _get(port: int, path: str, deadline: float) -> Any:
    """The JSON that answers there, None when there is none in time."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(0.01, deadline - time.monotonic()))
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        return json.loads(response.read(MOST_BYTES)) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()
