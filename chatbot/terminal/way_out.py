"""What a person can do after a reply that is not whole, in a terminal's words."""

from collections.abc import Mapping

from chatbot.core.errors import ByteBotError, WayOut
from chatbot.core.messages import CONTINUABLE, State

# {again} is the command that goes on with the conversation.
AFTER_ASK: Mapping[WayOut, str] = {
    "continue": "Go on with: {again}",
    "retry": "Try again with: {again}",
    "wait": "Wait a while, then try again with: {again}",
    "settings": "Put the connection right on the settings page (chatbot serve), then: {again}",
    "model": "Name another model: {again} --model ID",
    "raise_limit": "Raise the limit: {again} --max-output N",
    "raise_budget": "Raise the limit with chatbot budget, then: {again}",
    "unpriced": "Ask it all the same: {again} --allow-unpriced",
    "edit": 'Send another message: {again} "…"',
    "data_folder": "See to the data folder and the space on its disk, then: {again}",
}
IN_REPL: Mapping[WayOut, str] = {
    "continue": "/continue goes on, /retry begins again.",
    "retry": "/retry tries again.",
    "wait": "Wait a while; /retry tries again.",
    "settings": "Put it right on the settings page (chatbot serve) or choose another /connection; then /retry.",
    "model": "/models lists what there is, /model ID chooses; then /retry.",
    "raise_limit": "/max N raises the limit; then /retry.",
    "raise_budget": "chatbot budget raises the limit, /model chooses a cheaper model; then /retry.",
    "unpriced": "/unpriced on asks it all the same; then /retry.",
    "edit": "Send another message.",
    "data_folder": "See to the data folder and the space on its disk; then /retry.",
}
# Before anything was stored there is no reply to try again.
_ON_ERROR: Mapping[WayOut, str] = {
    "settings": "The settings page is behind: chatbot serve",
    "retry": "Try again.",
    "wait": "Wait a while and try again.",
    "data_folder": "BYTEBOT_DATA_DIR and BYTEBOT_DATABASE_URL say where the history is.",
}


# A sentence with one of these has said the way out itself, or the settings page cannot help.
_SAID: Mapping[WayOut, tuple[str, ...]] = {
    "settings": ("settings page", " in the environment", ".env"),
    "retry": ("ry again",),
    "wait": ("ry again",),
}


def told(error: ByteBotError, *, asking: bool) -> str:
    """What went wrong and the way out, in a line. `asking`: something was to be said to a model.

    >>> from chatbot.core.errors import SettingsError, StoreLocked
    >>> told(StoreLocked("It is in use. Wait a moment, then try again."), asking=False)
    'It is in use. Wait a moment, then try again.'
    >>> told(SettingsError("OPENAI_BASE_URL in the environment: it must begin with https://."), asking=True)
    'OPENAI_BASE_URL in the environment: it must begin with https://.'
    """
    not_sent = "Nothing was sent." if asking and error.way_out == "data_folder" else None
    hint = _ON_ERROR.get(error.way_out) if error.way_out else None
    if error.way_out and any(said in error.sentence for said in _SAID.get(error.way_out, ())):
        hint = None
    return " ".join(filter(None, (error.sentence, not_sent, hint)))


def way_on(state: State, way_out: WayOut | None, *, empty: bool) -> WayOut:
    """What helps most. A part is worth going on with, whatever broke it."""
    if state in CONTINUABLE and not empty:
        return "continue"
    if state in ("filtered", "refused"):
        return "edit"
    return way_out if way_out and way_out != "continue" else "retry"
