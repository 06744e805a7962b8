#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What croniter takes to find the instant after a random one of the years 2000 to 2040, in UTC.

The expressions are those of benchmarks/schedules.cpp, but for the two that croniter does not know.
"""

import json
import math
import random
import statistics
import time
from importlib.metadata import version

from croniter import croniter

# croniter has the seconds last.
EXPRESSIONS = {
    "*/5 * * * *": None, "0 2 * * *": None, "0 0 29 2 *": None, "30 9 * * MON-FRI": None,
    "0 0 1 1 *": None, "0 0 L * *": None, "0 0 * * 5#3": None,
    "*/10 * * * * *": "* * * * * */10", "0 22 * * 1-5": None, "23 0-20/2 * * *": None}
ROUNDS = 3


def theirs_of(text):
    return EXPRESSIONS[text] or text


def measure(name, call, instants):
    each = {}
    for text in EXPRESSIONS:
        rounds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for instant in instants:
                call(theirs_of(text), instant)
            rounds.append((time.perf_counter() - start) * 1e9 / len(instants))
        each[text] = round(statistics.median(rounds), 1)
    print(json.dumps({
        "benchmark": name,
        "geometric_mean": math.exp(statistics.fmean(map(math.log, each.values()))),
        "worst": max(each.values()), "unit": "ns", "rounds": ROUNDS, "each": each,
        "setting": {"version": version("croniter")}}, separators=(",", ":")), flush=True)


def main():
    randomness = random.Random(20_240_115)
    instants = [randomness.randrange(946_684_800, 2_208_988_800) for _ in range(500)]
    iterators = {text: croniter(text, 0) for text in map(theirs_of, EXPRESSIONS)}

    def next_after(text, instant):
        iterator = iterators[text]
        iterator.set_current(instant)
        return iterator.get_next(float)

    measure("croniter.parse", lambda text, _: croniter.expand(text), instants)
    measure("croniter.next_after.utc", next_after, instants)


main()
