"""Time of `import bridge` as a multiple of `import numpy`; fails over the limit."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 20
LIMIT = 1.5
PROGRAM = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""


def seconds(module):
    """Seconds that a fresh interpreter takes for one import."""
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    result = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return float(result.stdout)


def main():
    # Taken in turns, so that a slow moment of the machine hits both; the best of each
    # is the least disturbed.
    times = [(seconds("bridge"), seconds("numpy")) for _ in range(ROUNDS)]
    bridge, numpy = (min(column) for column in zip(*times, strict=True))
    ratio = bridge / numpy
    print(
        f"import bridge = {ratio:.2f} x import numpy"
        f" ({1000 * bridge:.0f} ms / {1000 * numpy:.0f} ms, best of {ROUNDS};"
        f" limit {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
