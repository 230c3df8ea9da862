"""What a server's list of models says."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chatbot.core.errors import NotAStream
from chatbot.providers.provider import Model

_CONTEXT = (
    "max_model_len",  # vLLM
    "loaded_context_length",  # LM Studio: what it runs with, not what the model could
    "n_ctx",  # llama.cpp, inside meta
    "context_length",  # OpenRouter and many others
    "context_window",  # Groq
    "max_context_length",  # Mistral
)


def read_models(payload: object) -> list[Model]:
    """The models in the answer to GET /models, sorted by id; NotAStream when it is no list of models."""
    entries = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(entries, list):
        raise NotAStream("The server answered with something that is no list of models. Is the base URL right?")
    found = {
        entry["id"]: Model(id=entry["id"], context=context_length(entry), shutdown=shutdown(entry))
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]
    }
    return [found[name] for name in sorted(found)]


def context_length(entry: Mapping[str, Any]) -> int | None:
    """Tokens a model can handle in one request, from its entry: each kind of server has a name of its own for it.

    >>> context_length({"id": "m", "meta": {"n_ctx_train": 131072, "n_ctx": 4096}})
    4096
    """
    meta = entry.get("meta")
    for holder in (entry, meta if isinstance(meta, dict) else {}):
        for name in _CONTEXT:
            found = holder.get(name)
            if isinstance(found, int) and not isinstance(found, bool) and found > 0:
                return found
    return None


def shutdown(entry: Mapping[str, Any]) -> date | None:
    """The day on which a model is shut down, from its entry; None when the server names none, or nothing that is a day.

    >>> shutdown({"id": "m", "shutdown_date": "2027-01-14"}), shutdown({"id": "m", "shutdown_date": "soon"})
    (datetime.date(2027, 1, 14), None)
    """
    found = entry.get("shutdown_date")
    try:
        return date.fromisoformat(found[:10]) if isinstance(found, str) else None
    except ValueError:
        return None
