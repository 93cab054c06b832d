#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""profile.py FOLDER LINES: prints what scripts/bench/profile.sh has left in FOLDER, by function."""
import bisect
import collections
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
symbols = []
for line in (folder / "kallsyms").read_text().splitlines():
    addr, kind, name, *module = line.split()
    if kind in "tTwW":
        symbols.append((int(addr, 16), " ".join([name, *module])))
symbols.sort()
starts = [addr for addr, _ in symbols]


def name_of(addr):
    index = bisect.bisect_right(starts, addr) - 1
    return symbols[index][1] if index >= 0 else "user"


steps = [line for line in map(json.loads, (folder / "results").read_text().splitlines())
         if line["bench"] in ("core", "packet")]
stretches = (folder / "blocks").read_text().split("-\n")[1:]
for step, stretch in zip(steps, stretches, strict=True):
    ran = collections.Counter()
    for line in stretch.splitlines():
        addr, number = line.split()
        ran[name_of(int(addr, 16))] += int(number)
    packet = step["bench"] == "packet"
    count = max(step["packets" if packet else "count"], 1)
    name = " ".join([step["over"], step["mode"], step["kind"], str(step["size"])]) if packet \
        else step["step"]
    print(f"{name}: {count} times, {sum(ran.values()) / count:,.0f} instructions each")
    for name, number in ran.most_common(int(sys.argv[2])):
        print(f"{number / count:10,.1f}  {name}")
