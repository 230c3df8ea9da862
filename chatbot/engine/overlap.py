"""Joining a continuation to the part before it: what is said twice is dropped."""

LONGEST = 200  # characters of the part that a continuation may say again
SURE = 10  # a shared run this long is no coincidence, wherever it begins


class Overlap:
    """Feed it the continuation as it comes; it gives back what is new.

    The first words are held until they cannot be a repetition any more: of the part's end, or of all of it, since some
    models begin anew.

    >>> overlap = Overlap("The capital of France is Par")
    >>> overlap.feed("France"), overlap.feed(" is Paris"), overlap.end()
    ('', 'is', '')
    >>> Overlap("It was the end").feed(" of it")
    ' of it'
    """

    def __init__(self, part: str) -> None:
        tail = part[-LONGEST:]
        self._suffixes = [tail[at:] for at in range(len(tail)) if _worth(tail, at, whole=len(part) == len(tail))]
        if len(part) > len(tail):
            self._suffixes.append(part)
        self._held = ""
        self._decided = not self._suffixes

    def feed(self, text: str) -> str:
        if self._decided:
            return text
        self._held += text
        if any(len(suffix) > len(self._held) and suffix.startswith(self._held) for suffix in self._suffixes):
            return ""
        return self.end()

    def end(self) -> str:
        """What is still held, without what it repeats."""
        if self._decided:
            return ""
        self._decided = True
        repeated = max((len(s) for s in self._suffixes if self._held.startswith(s)), default=0)
        return self._held[repeated:]


def _worth(tail: str, at: int, *, whole: bool) -> bool:
    """Is the suffix from `at` long enough, or does it begin a word? ("the end" + "end of" repeats; "e" + "end" does not.)"""
    suffix = tail[at:]
    if not suffix.strip():
        return False
    if len(suffix) >= SURE:
        return True
    begins_word = (whole if at == 0 else not tail[at - 1].isalnum()) and suffix[0].isalnum()
    return begins_word and len(suffix) >= 3
