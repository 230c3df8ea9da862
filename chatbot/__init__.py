"""ByteBot: a chat app that you own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__version__ = "0.1.0"
__all__ = ["Chatbot", "__version__"]


def __getattr__(name: str) -> object:
    # Lazy, so that `import chatbot` loads no SDK, no database and no web framework.
    if name == "Chatbot":
        from chatbot.bot import Chatbot

        return Chatbot
    raise AttributeError(f"module 'chatbot' has no attribute {name!r}")
