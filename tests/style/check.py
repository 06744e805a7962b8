#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks of the house that a machine can make. Prints each breach as `file:line: what`; exits 1 if any.

floors      a header includes downwards or sideways, never up; core and builtin do not know each other
mirror      each header has a test file of its own
size        no header over 400 lines, no line over 100 columns
banned      real clocks and waits outside builtin/system_clock.hpp, sleeps anywhere, TODO, absolute paths
readme      code blocks equal the example files they name, every message code is in the table
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
breaches = []


def breach(path, line, what):
    breaches.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def tracked(*patterns):
    """Files of the project, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in sorted(listed) if name and (ROOT / name).is_file()]


# What the headers of a floor may include, besides their own floor.
FLOORS = {
    "base": set(),
    "schedule": {"base"},
    "domain": {"base", "schedule"},
    "policy": {"base", "schedule", "domain"},
    "core": {"base", "schedule", "domain", "policy"},
    "builtin": {"base", "schedule", "domain", "policy"},
    "self_check": {"base", "schedule", "domain", "policy", "builtin"},
    "testing": {"base", "schedule", "domain", "policy", "core", "builtin"},
}
# The one clock of the self-check's subprocesses is the system's; nothing else crosses.
LIBRARIES = {"nlohmann", "date"}


def check_floors():
    for path in tracked("include/punctual/*.hpp"):
        parts = path.relative_to(ROOT / "include/punctual").parts
        if len(parts) < 2:
            continue
        allowed = FLOORS[parts[0]] | {parts[0]}
        for number, line in enumerate(path.read_text().split("\n"), 1):
            ours = re.match(r'#include "punctual/([a-z_]+)/', line)
            if ours and ours[1] not in allowed:
                breach(path, number, f"{parts[0]} must not include {ours[1]}")
            if re.match(r'#include "punctual/[a-z_]+\.hpp"', line) and "fwd.hpp" not in line:
                breach(path, number, "a header includes what it needs, not the contents page")
            foreign = re.match(r"#include <([a-z0-9_]+)/", line)
            if foreign and foreign[1] not in LIBRARIES | {"sys"}:
                breach(path, number, f"the library itself must not include <{foreign[1]}/…>")


def check_mirror():
    for path in tracked("include/punctual/*.hpp"):
        relative = path.relative_to(ROOT / "include/punctual")
        if len(relative.parts) == 2:
            want = ROOT / "tests/unit" / relative.parts[0] / (relative.stem + "_test.cpp")
            if not want.is_file():
                breach(path, 1, f"has no test {want.relative_to(ROOT)}")


def check_size():
    for path in tracked("include/*.hpp", "adapters/*.hpp", "examples/*.cpp", "tests/*.cpp",
                        "tests/*.hpp", "benchmarks/*.cpp"):
        if "tests/design" in str(path):
            continue  # the words of the design
        lines = path.read_text().split("\n")
        is_header = path.suffix == ".hpp" and path.parts[len(ROOT.parts)] in ("include", "adapters")
        if is_header and len(lines) > 401:
            breach(path, len(lines), f"{len(lines) - 1} lines; a header has 400 at most")
        for number, line in enumerate(lines, 1):
            if len(line) > 100:
                breach(path, number, f"{len(line)} columns; a line has 100 at most")


BANNED = [
    (r"\b(system_clock|steady_clock|high_resolution_clock)::now|\bgettimeofday\(|\bclock_gettime\(|"
     r"\b(localtime|gmtime|mktime)\(|[^_a-z:]time\((nullptr|NULL|0|&)", "reads a real clock",
     ("include", "adapters"), {"include/punctual/builtin/system_clock.hpp"}),
    (r"sleep_for|sleep_until|\busleep\(|\bnanosleep\(|\bsleep\(", "sleeps",
     ("include", "adapters", "tests", "examples"), {"tests/style/check.py"}),
    (r"\b(TODO|FIXME|XXX)\b", "is left for later",
     ("include", "adapters", "tests", "examples", "benchmarks"), {"tests/style/check.py"}),
    (r"/home/|/root/|/work/", "names a path of a machine",
     ("include", "adapters", "tests", "examples", "benchmarks"), {"tests/style/check.py"}),
]


def check_banned():
    for pattern, what, places, exempt in BANNED:
        for path in tracked(*places):
            if str(path.relative_to(ROOT)) in exempt or path.suffix not in (
                    ".hpp", ".cpp", ".md", ".sh", ".py", ".txt", ".cmake", ".js", ".css", ".html"):
                continue
            for number, line in enumerate(path.read_text().split("\n"), 1):
                code = line if what != "reads a real clock" else line.split("//")[0]
                if re.search(pattern, code):
                    breach(path, number, f"{what}: {line.strip()[:60]}")


def check_readme():
    readme = ROOT / "README.md"
    if not readme.is_file():
        return
    text = readme.read_text()
    # ```cpp examples/01_quick_start/main.cpp: the block is that file from its first #include on.
    for match in re.finditer(r"<!-- (\S+) -->\n```\w*\n(.*?)```", text, re.S):
        source = (ROOT / match[1]).read_text()
        if source.startswith("//"):
            source = source[source.index("#include"):]
        if match[2] != source:
            breach(readme, text[:match.start()].count("\n") + 1, f"differs from {match[1]}")
    codes = set()
    for path in tracked("include/*.hpp", "adapters/*.hpp"):
        codes |= set(re.findall(r'Error\{\s*"([A-Z][A-Z_]+)"', path.read_text()))
    codes |= set(re.findall(r'= "([A-Z_]+)";',
                            (ROOT / "include/punctual/domain/message_code.hpp").read_text()))
    for code in sorted(codes):
        if f"`{code}`" not in text:
            breach(readme, 1, f"does not list the code {code}")
    if len(text.split("\n")) > 260:
        breach(readme, 1, "has more than 260 lines")


for check in (check_floors, check_mirror, check_size, check_banned, check_readme):
    check()
print("\n".join(breaches) if breaches else "no breaches")
sys.exit(1 if breaches else 0)
