"""Trying a connection out: does its server answer, what does it offer, and if not, why: in one sentence."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from chatbot.core.errors import ByteBotError, ProviderError
from chatbot.core.settings import Connection, Secret
from chatbot.providers.provider import Model, Quirks

NO_LIST = (404, 405, 501)
_ID = re.compile(r"\S{1,200}")
# Lists hold everything a company sells; these answer no chat.
_NO_CHAT = re.compile(
    r"embed|whisper|tts|speech|transcribe|dall-e|image|moderation|rerank|realtime|audio|sora|babbage|davinci|guard|ocr",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`works`: the server answered as one of its kind does. `models`: the ids it lists, sorted; none when it lists none.

    `error`: why it does not work. `doubtful`: the server is fine, but a chat with the chosen model would fail.
    """

    works: bool
    sentence: str
    models: tuple[str, ...] = ()
    error: ByteBotError | None = None
    doubtful: bool = False


def try_connection(connection: Connection, key: Secret | None, quirks: Quirks) -> Trial:
    """Ask the server for its models, which costs nothing. Takes 20 seconds at most; what the server does is told, not raised."""
    # Imported here: the SDK costs half a second, and the page that shows the settings must not pay it.
    from chatbot.providers.chat_completions import ChatCompletions

    provider = ChatCompletions(connection, key, quirks)
    began = time.monotonic()
    try:
        offered = provider.models()
    except ProviderError as error:
        if error.status in NO_LIST:
            return Trial(works=True, sentence=_without_list(connection))
        return Trial(works=False, sentence=error.sentence, error=error)
    except ByteBotError as error:
        return Trial(works=False, sentence=error.sentence, error=error)
    models = ids(offered)
    said = _listed(models, connection.model, time.monotonic() - began)
    missing = bool(models and connection.model) and connection.model not in models
    return Trial(works=True, sentence=said, models=models, doubtful=missing)


def ids(offered: Iterable[Model]) -> tuple[str, ...]:
    """Their ids, those that can be one."""
    return tuple(model.id for model in offered if _ID.fullmatch(model.id))


def sensible(models: Iterable[str], *preferred: str | None) -> str | None:
    """The model to begin with: the first preferred one that is listed, else the first that can chat.

    >>> sensible(["text-embedding-9", "llama-4", "qwen-4"], "gpt-6-luna")
    'llama-4'
    """
    listed = list(models)
    for model in preferred:
        if model and model in listed:
            return model
    return next((model for model in listed if not _NO_CHAT.search(model)), None)


def _listed(models: tuple[str, ...], chosen: str | None, seconds: float) -> str:
    if not models:
        return "It answers, but has no model ready. Load one there, then test again."
    count = "1 model" if len(models) == 1 else f"{len(models):,} models"
    answer = f"It answers in {seconds:.1f} s and lists {count}"
    if chosen and chosen not in models:
        return f"{answer}, but {chosen!r} is not among them. Choose another one."
    return f"{answer}." if not chosen else f"{answer}, {chosen!r} among them."


def _without_list(connection: Connection) -> str:
    return (
        f"{connection.base_url} answers, but lists no models: type the id of one. "
        "If chats then fail, check the base URL; most end with /v1."
    )
