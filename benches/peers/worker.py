"""The line protocol of a Python peer; see benches/peers/main.rs for the commands.

A peer is started as `python peer.py PARAMETERS.json` and gives `serve` a function
`totals(parameters, first, trials, threads)`, which returns the six plan totals of the trials from
`first` on as an array of shape (6, trials), and `sums`, which returns their sums alone, computed
as fast as it can.
"""

import json
import sys
import time

import numpy as np

SEED = 20_260_401


def relative(spread):
    """mu and sigma of the mean-one lognormal of that relative standard deviation."""
    variance = np.log1p(spread * spread)
    return -0.5 * variance, np.sqrt(variance)


def serve(sums, columns, warm):
    for line in sys.stdin:
        match line.split():
            case ["time", _, trials, threads]:
                warm(int(threads))
                start = time.perf_counter()
                found = sums(int(trials), int(threads))
                seconds = time.perf_counter() - start
                answer = {"seconds": seconds, "sums": [float(x) for x in found]}
            case ["write", _, trials, path]:
                columns(int(trials)).astype("<f8").tofile(path)
                answer = {}
            case _:
                raise ValueError(f"no command: {line}")
        print(json.dumps(answer), flush=True)


def parameters():
    with open(sys.argv[1], encoding="utf-8") as file:
        return json.load(file)
