"""Servers that do not take a parameter, each in the words of its kind."""

from tests.fake_http import Exchange


def refuse_parameter(exchange: Exchange, argument: str) -> bool:
    """Answer 400, if the request has the parameter; true when it did.

    "temperature" speaks as OpenAI; "temperature@vllm", "@ollama", "@plain" and "@nested" as others do. Several
    parameters are parted by commas and refused one at a time.
    """
    names, _, dialect = argument.partition("@")
    parameter = next((name for name in names.split(",") if name in (exchange.request.body or {})), None)
    if parameter is None:
        return False
    value = exchange.request.body[parameter]
    if dialect == "vllm":
        message = (
            f"[{{'type': 'extra_forbidden', 'loc': ('body', '{parameter}'), 'msg': 'Extra inputs are not permitted'}}]"
        )
        body = {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}
        exchange.json(400, body)
    elif dialect == "ollama":
        exchange.json(
            400, {"error": {"message": f'"{exchange.model}" does not support {parameter}', "type": "api_error"}}
        )
    elif dialect == "plain":
        exchange.json(
            422, {"detail": [{"loc": ["body", parameter], "msg": "extra fields not permitted", "type": "value"}]}
        )
    elif dialect == "nested":
        exchange.error(400, f"Unrecognized request argument supplied: {parameter}", param=None)
    elif parameter in ("temperature", "reasoning_effort"):
        message = (
            f"Unsupported value: '{parameter}' does not support {value} with this model. "
            "Only the default (1) value is supported."
        )
        exchange.error(400, message, code="unsupported_value", param=parameter)
    elif parameter == "max_tokens":
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        exchange.error(400, message, code="unsupported_parameter", param=parameter)
    else:
        message = f"Unsupported parameter: '{parameter}' is not supported with this model."
        exchange.error(400, message, code="unsupported_parameter", param=parameter)
    return True
