"""Offers requests to a sampler at a steady rate, and counts what it keeps.

So many requests for each path in every second. Prints, about four times a second, a line of JSON with all that was
offered and kept so far: {"/path": [offered, kept], ...}. The process ends when its standard input does.
"""

import json
import os
import sys
import threading
import time

# Requests are offered in so many portions a second.
PORTIONS = 20


def run(arguments, keep):
    """Takes REQUESTS_PER_SECOND PATH... and runs until the process ends. `keep` takes a path and says the decision."""
    per_second, *paths = arguments
    counts = {path: [0, 0] for path in paths}
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    start, portion = time.monotonic(), 0
    while True:
        portion += 1
        time.sleep(max(0, start + portion / PORTIONS - time.monotonic()))
        for path, count in counts.items():
            while count[0] < portion * int(per_second) // PORTIONS:
                count[0] += 1
                count[1] += bool(keep(path))
        if portion % (PORTIONS // 4) == 0:
            print(json.dumps(counts), flush=True)
