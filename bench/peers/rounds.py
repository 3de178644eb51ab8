"""How every peer is timed: a warm-up, then rounds; or, with --paired, one round for each line on stdin.

Paired rounds let the caller run ours and the peer's in turn, so that both meet the same neighbours on a shared machine.
"""

import argparse
import json
import statistics
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--paired", action="store_true")


def measure(round_, args: argparse.Namespace, tokens: int, about: dict) -> None:
    """Runs `round_`, which returns its seconds; prints one JSON line a result, `value` in tokens/s."""
    round_()
    if args.paired:
        print(json.dumps(about), flush=True)
        for _ in sys.stdin:
            print(json.dumps({"seconds": round_()}), flush=True)
        return
    seconds = [round_() for _ in range(args.repeats)]
    print(json.dumps({**about, "value": tokens / statistics.median(seconds), "unit": "tokens/s", "seconds": seconds}))
