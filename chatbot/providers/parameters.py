"""Which parameters a model takes: what is known beforehand, and what its server's refusals teach.

A request leaves through `body`; a 400 comes back through `lesson`. What was learned is kept by `Quirks`, per base URL
and model, so that it is learned once.
"""

import re
from collections.abc import Mapping
from typing import Any

from chatbot.core.errors import ParameterRefused
from chatbot.providers.address import host
from chatbot.providers.provider import Request
from chatbot.providers.refusals import Asked, Words

LIMIT = "max_tokens"
NEW_LIMIT = "max_completion_tokens"
OPTIONAL = ("temperature", LIMIT, NEW_LIMIT, "stream_options", "reasoning_effort", "stop", "top_p", "seed")
"""What can be left out of a request without changing what is asked."""
_ALSO_CALLED = {"reasoning_effort": "reasoning.effort|reasoning effort|thinking", "stream_options": "include_usage"}

_REASONS = re.compile(r"(?:gpt-[5-9]|o[1-9])(?![0-9])")  # OpenAI's reasoning families
_NO_NONE = re.compile(r"gpt-6-astra|gpt-6\.1-sol|gpt-5(?:-mini|-nano|-pro)?(?:-\d{4}.*)?$|o[1-9]|gpt-5-codex")
_NONE_BY_DEFAULT = re.compile(r"gpt-6-luna")
_CHAT_ONLY = re.compile(r"gpt-[5-9][\d.]*-chat")
_REFUSING = re.compile(
    r"(?i)unsupported|not supported|does ?n[o']t support|not support|unrecognized|unknown|unexpected|not permitted"
    r"|not allowed|extra (?:inputs|fields)|not (?:a )?(?:valid|compatible)|invalid (?:parameter|argument|field)"
    r"|cannot be used|only the default|deprecated|is not available"
)
_INSTEAD = re.compile(r"(?i)(?:use|with|to)\s+['\"`]?(max_completion_tokens|max_tokens)['\"`]?(?:\s+instead)?")


def takes_openai_names(base_url: str) -> bool:
    """OpenAI and Azure call the limit max_completion_tokens; others know max_tokens alone."""
    return host(base_url).endswith(
        (".openai.com", ".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
    )


def family(model: str) -> str:
    """A model's name without the vendor's prefix: "openai/gpt-5" is of the family "gpt-5"."""
    return model.rpartition("/")[2].lower()


def reasons(model: str) -> bool:
    """An OpenAI reasoning model, by its name.

    >>> [reasons(name) for name in ("gpt-6-luna", "openai/o3", "gpt-4o", "gpt-5-chat-latest", "llama-3")]
    [True, True, False, False, False]
    """
    name = family(model)
    return bool(_REASONS.match(name)) and not _CHAT_ONLY.match(name)


def body(request: Request, base_url: str, known: Mapping[str, str | None]) -> dict[str, Any]:
    """The request's JSON, with the names this server takes and without what it is known to refuse."""
    limit = NEW_LIMIT if takes_openai_names(base_url) else LIMIT
    wanted: dict[str, Any] = {
        "temperature": request.temperature,
        limit: request.max_output,
        "reasoning_effort": effort(request, base_url),
        "stream_options": {"include_usage": True},
    }
    if "temperature" in fixed(request.model, base_url, effort(request, base_url)):
        del wanted["temperature"]
    sent: dict[str, Any] = {"model": request.model, "messages": list(request.messages), "stream": True}
    for parameter, value in wanted.items():
        name = _now_called(parameter, known)
        if value is not None and name is not None:
            sent[name] = value
    return sent


def _now_called(parameter: str, known: Mapping[str, str | None]) -> str | None:
    """The name a server takes for a parameter; None where it takes it under no name it was tried with."""
    tried: list[str] = []
    name: str | None = parameter
    while name is not None and name in known:
        tried.append(name)
        name = known[name]
        if name in tried:
            return None
    return name


def effort(request: Request, base_url: str) -> str | None:
    """The reasoning effort to send: what was chosen, else "none" for the model that is quick without."""
    if request.effort is not None:
        return request.effort
    quick = takes_openai_names(base_url) and _NONE_BY_DEFAULT.match(family(request.model))
    return "none" if quick else None


def fixed(model: str, base_url: str, effort: str | None) -> dict[str, str]:
    """Parameters this model is known beforehand not to take, each with a sentence."""
    if not takes_openai_names(base_url) or not reasons(model):
        return {}
    if effort == "none" and not _NO_NONE.match(family(model)):
        return {}
    if _NO_NONE.match(family(model)):
        return {"temperature": f"{model} does not take temperature."}
    return {"temperature": f"{model} takes temperature only with reasoning effort “none”."}


def refused(model: str, base_url: str, known: Mapping[str, str | None]) -> dict[str, str]:
    """Everything this model is known not to take, each with a sentence; what was only renamed is not among it."""
    found = fixed(model, base_url, effort(Request(messages=(), model=model), base_url))
    for parameter, instead in known.items():
        if instead is None:
            found[parameter] = f"{model} does not take {parameter}."
    return found


def lesson(
    status: int, words: Words, sent: Mapping[str, Any], asked: Asked, known: Mapping[str, str | None]
) -> ParameterRefused | None:
    """What a refusal teaches about one parameter that was sent; None when it was about something else.

    What is `known` is not sent again, so that nothing is taught twice.
    """
    if status not in (400, 422):
        return None
    parameter = _named(words, sent, asked.model)
    if parameter is None:
        return None
    instead = _instead(parameter, words)
    if instead is not None and instead not in sent and instead not in known:
        sentence = f"{asked.model} does not take {parameter}; {instead} was sent instead."
    else:
        instead = None
        sentence = f"{asked.model} does not take {parameter}; it was left out."
    return ParameterRefused(sentence, parameter=parameter, instead=instead, status=status)


def _named(words: Words, sent: Mapping[str, Any], model: str) -> str | None:
    """The optional parameter, among those sent, that a refusal is about."""
    there = [name for name in OPTIONAL if name in sent]
    if not (words.code.startswith(("unsupported", "unknown")) or _REFUSING.search(words.message)):
        return None  # a value out of range, say: the person chose it and can choose another
    if words.parameter:
        top = re.split(r"[.\[]", words.parameter.removeprefix("body."))[0]
        return top if top in there else None
    # A model may be called after a parameter, and be named first.
    said = words.message.replace(model, "") if any(name in model for name in there) else words.message
    spellings = {name: f"{name}|{_ALSO_CALLED[name]}" if name in _ALSO_CALLED else name for name in there}
    found = [(match.start(), name) for name in there if (match := re.search(rf"\b(?:{spellings[name]})\b", said))]
    return min(found)[1] if found else None


def _instead(parameter: str, words: Words) -> str | None:
    if parameter not in (LIMIT, NEW_LIMIT):
        return None
    other = NEW_LIMIT if parameter == LIMIT else LIMIT
    match = _INSTEAD.search(words.message)
    if match and match[1] != parameter:
        return match[1]
    # A server that does not know the new name at all knows the old one.
    return other if parameter == NEW_LIMIT else None
