#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the inputs that the fuzzers start from, one file each, out of the cron facts.

usage: make_corpus.py FACTS_DIR SEEDS_DIR

SEEDS_DIR/cron_parser  the expressions of vectors.csv and invalid.csv
SEEDS_DIR/cron_next    those of vectors.csv with their starts; see cron_next_fuzz.cpp for the layout
"""

import csv
import datetime
import hashlib
import pathlib
import re
import sys

MS = datetime.timedelta(milliseconds=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
SPAN_MS = (EPOCH.replace(year=2111) - EPOCH) // MS
OFFSETS = range(-24, 29)  # in half hours
UTC_CHOICE = 0x7F
BOTH_DAYS = 0x80


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def next_inputs(row):
    """The layout that cron_next_fuzz.cpp reads, for both ways to match days."""
    # Python 3.10 and before read no Z and want three or six decimals.
    start = re.sub(r"\.(\d{1,3})\d*", lambda match: "." + match[1].ljust(3, "0"), row["start"])
    start = start.replace("Z", "+00:00")
    instant = datetime.datetime.fromisoformat(start)
    offset, rest = divmod(instant.utcoffset(), datetime.timedelta(minutes=30))
    choice = OFFSETS.index(offset) if offset in OFFSETS and offset and not rest else UTC_CHOICE
    folded = ((instant - EPOCH) // MS) % SPAN_MS
    for days in (0, BOTH_DAYS):
        yield folded.to_bytes(8, "little") + bytes([choice | days]) + row["expression"].encode()


HTTP_PATHS = {
    "GET": ["", "/me", "/status", "/health", "/runs?limit=1&status=failed", "/events",
            "/openapi.json", "/platform-validation", "/by-name/quick", "/assets/page.css",
            "/by-name/quick/explain?at=2024-01-15T01:00:00.000Z", "/..%2f", "/runs?cursor=x",
            "/runs/018cc251-f400-76bf-953c-4963c3008e90"],
    "POST": ["/trigger/quick", "/trigger/off", "/trigger/failing", "/quick/pause",
             "/quick/resume", "/runs/018cc251-f400-76bf-953c-4963c3008e90/cancel",
             "/runs/018cc251-f400-76bf-953c-4963c3008e90/retry"],
}
HTTP_SENDERS = ["Authorization: Bearer w", "Authorization: Bearer r",
                "Cookie: s=1\r\nSec-Fetch-Site: same-origin", "Cookie: s=1"]
HTTP_ODD = [
    "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 3,
]


def http_inputs():
    """Requests of every kind of sender, and some that no honest one sends."""
    for method, paths in HTTP_PATHS.items():
        for path in paths:
            for sender in HTTP_SENDERS:
                body = '{"reason":"x"}' if method == "POST" else ""
                more = (f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                        if body else "")
                yield (f"{method} /admin/jobs{path} HTTP/1.1\r\nHost: a\r\n{sender}\r\n{more}\r\n"
                       f"{body}").encode()
    yield from (text.encode() for text in HTTP_ODD)


def write(folder, inputs):
    """Leaves alone what is there already, so that a second run changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    names = set()
    for data in inputs:
        path = folder / hashlib.sha1(data).hexdigest()
        names.add(path.name)
        if not path.exists():
            path.write_bytes(data)
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def main():
    facts, seeds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    vectors = list(rows(facts / "vectors.csv"))
    invalid = list(rows(facts / "invalid.csv"))
    write(seeds / "cron_parser", {row["expression"].encode() for row in vectors + invalid})
    write(seeds / "http_request", set(http_inputs()))
    write(seeds / "cron_next", {data for row in vectors for data in next_inputs(row)})


main()
