"""Tasks that put out something of every kind, for tests of the page that shows it."""

import time
from typing import Any

from celery import shared_task

from tasks import log, progress, publish, track

# The smallest PNG: one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8ffffff7f0009fb03fd"
    "055d5d9e0000000049454e44ae426082"
)


@shared_task
def everything(rows: int = 300) -> dict[str, Any]:
    """Put out a note, tables, a chart, pictures, data and a file."""
    publish(
        "# Report\n\nAll of **it** is [here](https://example.com/).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", name="note"
    )
    table = [{"city": f"City {n % 7}", "n": n, "share": (n * 37 % 101) / 100} for n in range(rows)]
    publish(table, name="cities")
    publish(
        [{"step": n, "loss": 10 / (n + 1), "accuracy": n / (n + 2)} for n in range(60)], name="training", chart="line"
    )
    for n in range(3):
        publish(PIXEL, name=f"picture {n}")
    publish({"model": {"name": "forest", "sizes": [1, 2, {"deep": [3, 4]}]}, "ok": True}, name="data")
    publish(b"a,b\n1,2\n", name="rows.csv")
    return {"rows": rows, "cities": table[:3], "nested": {"a": {"b": {"c": {"d": [1, 2, 3]}}}}}


@shared_task
def steps(seconds: float = 3) -> int:
    """Work through steps inside steps."""
    for _ in track(range(20), "Looking for the encoding"):
        time.sleep(0.02)
    with progress(total=100, description="Reading the orders") as step:
        for n in range(100):
            with progress(total=10, description=f"sheet {n}") as sheet:
                time.sleep(seconds / 100)
                sheet.advance(10)
            log(f"sheet {n}")
            step.advance()
    return 100
