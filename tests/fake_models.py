"""What GET /v1/models answers, by variant: each kind of server names a model's context in its own way."""

from tests.fake_http import CREATED, Exchange

CONTEXT = 32_768


def list_models(exchange: Exchange) -> None:
    """Variants by path: vllm (the default), openrouter, llama, mistral, lmstudio, ending, plain, and unhappy ones."""
    variant = exchange.argument or "vllm"
    if variant == "no-models":
        return exchange.error(404, "Not Found")
    if variant == "no-key":
        return exchange.error(401, "Incorrect API key provided.", code="invalid_api_key")
    if variant == "html-models":
        page = b"<!doctype html><h1>It works</h1>"
        exchange.head(200, content_type="text/html", length=len(page))
        return exchange.raw(page)
    if variant == "slow-models":
        exchange.wait(600)
    extra = {
        "vllm": {"max_model_len": CONTEXT},
        "openrouter": {"context_length": CONTEXT},
        "llama": {"meta": {"n_ctx": CONTEXT, "n_ctx_train": 4 * CONTEXT}},
        "mistral": {"max_context_length": CONTEXT},
        "lmstudio": {"loaded_context_length": CONTEXT, "max_context_length": 4 * CONTEXT},
    }.get(variant, {})
    names = ["words:200@50", "echo", "reasoning", "length:40", "slow-first:2", "silent"]
    entries = [{"id": name, "object": "model", "created": CREATED, "owned_by": "tests", **extra} for name in names]
    if variant == "ending":
        days: list[object] = ["2999-12-31", "2001-01-01", None, 5, "soon", ""]
        entries = [{**entry, "shutdown_date": day} for entry, day in zip(entries, days, strict=True)]
    return exchange.json(200, {"object": "list", "data": entries})
