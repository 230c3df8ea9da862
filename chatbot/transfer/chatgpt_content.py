"""One message of ChatGPT's export: its words, and the names of what in it is no words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.core.messages import State
from chatbot.core.text import repair
from chatbot.transfer.checked import Checked

_ENDED: Mapping[object, State] = {
    "max_tokens": "length",
    "length": "length",
    "interrupted": "stopped",
    "content_filter": "filtered",
}
_HIDDEN = "is_visually_hidden_from_conversation"
_PLACES = {
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "real_time_user_audio_video_asset_pointer": "audio",
    "video_container_asset_pointer": "video",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`role` is user, assistant or system; None where nothing of it has a place here. `lost` counts what has none."""

    role: str | None
    text: str = ""
    thoughts: str = ""
    state: State = "complete"
    finish_reason: str | None = None
    model: str | None = None
    lost: Counter[str] = field(default_factory=Counter)


def content_of(about: Checked) -> Content:
    """BadInput where a thing is of another type than it always is."""
    role = about.inside("author").text("role")
    content = about.inside("content")
    metadata = about.inside("metadata")
    kind = content.text("content_type") or "text"
    if kind == "thoughts":
        return Content(role="assistant", thoughts=_thoughts(content))
    if kind == "reasoning_recap":
        return Content(role=None)  # how long it thought: its own words are kept
    if kind in ("user_editable_context", "model_editable_context"):
        return Content(role=None, lost=Counter(["custom instructions or memory"]))
    if role == "tool" or kind in ("execution_output", "tether_quote", "tether_browsing_display", "system_error"):
        return Content(role=None, lost=Counter(["tool output"]))
    if role == "assistant" and (about.text_or_none("recipient") or "all") != "all":
        return Content(role=None, lost=Counter(["tool call"]))
    text, lost = _words(kind, content)
    if role == "system":
        hidden = metadata.raw(_HIDDEN) is True
        return Content(role=None if hidden or not text.strip() else "system", text=text)
    if role not in ("user", "assistant"):
        return Content(role=None, lost=Counter([f"message by {role[:40]!r}"]) if text else Counter())
    if metadata.raw(_HIDDEN) is True:
        return Content(role=None, lost=Counter(["hidden message"]) if text.strip() else Counter())
    model = metadata.text_or_none("model_slug") if role == "assistant" else None
    reason = metadata.inside("finish_details").text_or_none("type") if role == "assistant" else None
    state: State = _ENDED.get(reason, "complete")
    if about.raw("status") == "in_progress" and role == "assistant":
        state = "cut"
    own = metadata.inside("bytebot")
    return Content(
        role=role,
        text=text,
        thoughts=own.text("reasoning"),
        state=state,
        finish_reason=reason,
        model=model,
        lost=lost,
    )


def _thoughts(content: Checked) -> str:
    found = []
    for one in content.list("thoughts"):
        thought = Checked(one, f"{content.place}, thoughts")
        found.append("\n".join(filter(None, (thought.text("summary"), thought.text("content")))))
    return "\n\n".join(filter(None, found))


def _words(kind: str, content: Checked) -> tuple[str, Counter[str]]:
    lost: Counter[str] = Counter()
    if kind == "code":
        code = content.text("text")
        return (f"```{_language(content)}\n{code}\n```" if code else ""), lost
    parts = content.list("parts")
    if not parts and content.raw("text") is not None:
        return content.text("text"), lost
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(repair(part))
        elif isinstance(part, dict):
            found.append(_place(Checked(part, f"{content.place}, parts"), lost))
        elif part is not None:
            raise content.bad("parts", "should be a list of texts and objects")
    return "\n\n".join(filter(None, found)), lost


def _place(part: Checked, lost: Counter[str]) -> str:
    """What stands where something was that is no text."""
    kind: Any = part.raw("content_type")
    if kind == "audio_transcription" or isinstance(part.raw("text"), str):
        return part.text("text")
    name = _PLACES.get(kind, "attachment") if isinstance(kind, str) else "attachment"
    lost[name] += 1
    return f"[{name}]"


def _language(content: Checked) -> str:
    language = content.text("language")
    return language if language.isalnum() and language != "unknown" else ""
