"""The least a page can do: forward the words and append them. What nothing that streams can beat by much.

uvicorn benchmarks.floor:app
"""

import json
import os
from collections.abc import AsyncIterator

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

PAGE = """<!doctype html><meta charset="utf-8"><title>floor</title><textarea></textarea><pre></pre><script>
const input = document.querySelector("textarea"), out = document.querySelector("pre");
input.addEventListener("keydown", async event => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const reader = (await fetch("/say", {method: "POST", body: input.value})).body.getReader();
  const decoder = new TextDecoder();
  for (let piece; !(piece = await reader.read()).done;)
    out.append(decoder.decode(piece.value, {stream: true}));
});</script>"""


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def say(request: Request) -> Response:
    words = (await request.body()).decode()

    async def answer() -> AsyncIterator[bytes]:
        body = {"model": os.environ["BENCH_MODEL"], "messages": [{"role": "user", "content": words}], "stream": True}
        url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
        async with httpx2.AsyncClient(timeout=60) as client, client.stream("POST", url, json=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {") and (choices := json.loads(line[6:])["choices"]):
                    yield (choices[0]["delta"].get("content") or "").encode()

    return StreamingResponse(answer(), media_type="text/plain")


app = Starlette(routes=[Route("/", page), Route("/say", say, methods=["POST"])])
