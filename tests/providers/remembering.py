"""Quirks that last as long as a test."""


class Remembering:
    def __init__(self) -> None:
        self.learned: dict[tuple[str, str], dict[str, str | None]] = {}

    def known(self, base_url: str, model: str) -> dict[str, str | None]:
        return dict(self.learned.get((base_url, model), {}))

    def learn(self, base_url: str, model: str, parameter: str, instead: str | None) -> None:
        self.learned.setdefault((base_url, model), {})[parameter] = instead
