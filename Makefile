# The commands of the README. Each is safe to repeat and does its own set-up; `make run PYTHON=…` names a Python.
PORT = 8501
PYTEST = .venv/bin/python -m pytest
# Where a shell sets it, each of a few hundred child processes would compile all of ByteBot again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test soak bench check clean help

help:
	@echo "make run     serve the chat on http://127.0.0.1:$(PORT) (another one: make run PORT=…)"
	@echo "make test    every test, with what it needs"
	@echo "make check   format, lint, types and the import law"
	@echo "make soak    the long runs: hundreds of kills"
	@echo "make bench   the speed tables"
	@echo "make clean   remove what these made; your conversations stay"

run:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh run
	@exec .venv/bin/python -m chatbot.terminal.serve --port $(PORT)

test:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh test
	@sh scripts/browser.sh
	@.venv/bin/python -m chatbot.terminal.model || true
	$(PYTEST) -m "not soak" -n 3 --dist loadgroup --no-loadscope-reorder

soak:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh test
	@sh scripts/browser.sh
	@.venv/bin/python -m chatbot.terminal.model || true
	$(PYTEST) -m soak --timeout 7200

bench:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh test
	@sh scripts/browser.sh
	.venv/bin/python -m benchmarks.run

check:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh test
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m ruff check .
	.venv/bin/python -m mypy
	$(PYTEST) -q tests/test_architecture.py

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
