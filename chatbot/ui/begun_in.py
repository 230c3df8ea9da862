"""Where a conversation may have begun, in the words of the pages."""

BEGUN_IN = {
    "browser": "the browser",
    "terminal": "the terminal",
    "script": "a script",
    "chatgpt": "ChatGPT",
    "openwebui": "Open WebUI",
    "librechat": "LibreChat",
    "claude": "Claude",
    "llm": "llm",
    "markdown": "a Markdown file",
}
