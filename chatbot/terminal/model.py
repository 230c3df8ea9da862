"""Fetching the offline model with a line of progress: `python -m chatbot.terminal.model`."""

import sys

from chatbot.core.errors import EmbeddedUnavailable, SettingsError
from chatbot.home import weights
from chatbot.home.home import Home
from chatbot.providers.embedded import embedded_available


def fetch_model() -> bool:
    """Fetch the offline model unless it is there; prints what it does. False when there is none afterwards."""
    try:
        folder = Home.open().folders.cache
        if why_not := embedded_available():
            print(f"==> No offline model: {why_not}", flush=True)
            return False
        if weights.present(folder):
            return True
        print("==> Fetching the offline model (98 MB)", flush=True)
        weights.fetch(folder, progress=_Line())
    except (EmbeddedUnavailable, SettingsError) as error:
        print(f"==> {error}", flush=True)
        return False
    return True


class _Line:
    """Progress: rewritten in place on a terminal, silent in a log."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, arrived: int, total: int) -> None:
        percent = 100 * arrived // total
        if sys.stdout.isatty() and percent != self._shown:
            self._shown = percent
            print(f"\r    {percent} %", end="\n" if percent == 100 else "", flush=True)


if __name__ == "__main__":
    sys.exit(0 if fetch_model() else 1)
