"""Figures as Markdown tables, beside a reference loop that tells what the machine was like."""

import statistics
import time
from collections.abc import Sequence


def median(figures: Sequence[float]) -> float:
    return statistics.median(figures)


def reference() -> float:
    """Milliseconds of a fixed loop of plain Python: median of five. A quiet machine of 2024 needs about 40."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        total = 0
        for number in range(1_000_000):
            total += number & 7
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table with a heading; numbers are right-aligned."""
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join([*lines, ""])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def verdict(figure: float, limit: float) -> str:
    """The figure beside its limit."""
    return f"{figure:.2f} ({'within' if figure <= limit else 'ABOVE'} {limit:g})"
