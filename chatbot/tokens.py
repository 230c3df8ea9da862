"""Counting tokens in a script, and how sure the count is.

from chatbot import tokens
tokens.count("Hello there", "gpt-5")        # Counted(tokens=2, sure=True, vocabulary='o200k_base')
tokens.count("Hello there", "gpt-6-luna")   # the likeliest vocabulary, and not sure
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """`sure`: the model's own vocabulary is known, so that this is no estimate. `vocabulary`: whose tokens they are.

    It is of the text alone: a message costs about four tokens more.
    """

    tokens: int
    sure: bool
    vocabulary: str

    def __str__(self) -> str:
        return f"{'' if self.sure else '≈ '}{self.tokens:,} tokens"


def count(text: str, model: str | None = None) -> Counted:
    """The tokens of a text for a model; without one, by the newest vocabulary that is public.

    The first count of a vocabulary loads it (0.3 s, 90 MB). Nothing is ever downloaded. Source: tiktoken.
    """
    from chatbot.home.home import Home
    from chatbot.providers.tokenizer import counter, sure, vocabulary

    cache = Home.open().folders.cache
    return Counted(tokens=counter(model, cache)(text), sure=sure(model), vocabulary=vocabulary(model))
