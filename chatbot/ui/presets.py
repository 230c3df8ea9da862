"""Servers people know, as a form filled in. Nothing is chosen, saved or asked by picking one."""

from dataclasses import dataclass

from chatbot.home.table import OPENAI, OPENAI_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """`about` says what the person still has to do."""

    title: str
    name: str
    base_url: str
    about: str


PRESETS: tuple[Preset, ...] = (
    Preset(
        title="OpenAI",
        name=OPENAI,
        base_url=OPENAI_URL,
        about="Paste a key from platform.openai.com.",
    ),
    Preset(
        title="Ollama",
        name="ollama",
        base_url="http://localhost:11434/v1",
        about="No key. Ollama must be running here.",
    ),
    Preset(
        title="LM Studio",
        name="lm-studio",
        base_url="http://localhost:1234/v1",
        about="No key. Start its local server first.",
    ),
    Preset(
        title="vLLM",
        name="vllm",
        base_url="http://localhost:8000/v1",
        about="A key only if the server was started with one.",
    ),
    Preset(
        title="llama.cpp",
        name="llamacpp",
        base_url="http://localhost:8080/v1",
        about="A key only if llama-server was started with one.",
    ),
    Preset(
        title="OpenRouter",
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        about="Paste a key from openrouter.ai.",
    ),
    Preset(
        title="Azure",
        name="azure",
        base_url="https://YOUR-RESOURCE.openai.azure.com/openai/v1",
        about="Put your resource's name into the address. The model is the name of your deployment.",
    ),
)
BY_TITLE = {preset.title: preset for preset in PRESETS}
