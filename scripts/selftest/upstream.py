#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Judges the kernel's own tests, for upstream.sh, by the table in upstream.md.

    upstream.py judge TEST STATUS SECONDS LOG RESULTS
        TEST has ended with STATUS and printed LOG. Prints its cases, and fails if they are not
        as the table says. Appends them to RESULTS.
    upstream.py json RESULTS FILE STARTED
        Writes RESULTS in the form that netdev's CI takes from other machines.
"""
import datetime
import fnmatch
import gzip
import json
import os
import pathlib
import re
import sys

TABLE = pathlib.Path(__file__).with_name("upstream.md")

# The tests have three ways to report a case: TAP, and two of their shell libraries'.
TAP = re.compile(r"(not ok|ok) \d+ (?:- )?(?:[^ .]*\.)?(\S+)(?: # (\w*).*)?$")
SHELL = re.compile(r"TEST: (.*?) +\[ *(\w+) *\]$")
PLAIN = re.compile(r"(PASS|FAIL|SKIP): (.*)$")
PLAN = re.compile(r"1\.\.(\d+)$", re.M)
WORDS = {"ok": "pass", "not ok": "fail", "OK": "pass", "PASS": "pass", "FAIL": "fail",
         "SKIP": "skip", "XFAIL": "xfail"}


def read_cases(text):
    """[(case, result)]. The result of one in which only the bandwidth was too low is "slow"."""
    cases = []
    reasons = set()
    for line in text.splitlines():
        if match := TAP.match(line):
            result = WORDS.get(match[3], WORDS[match[1]])
            cases.append((match[2], "slow" if reasons == {"slow"} else result))
            reasons = set()
        elif line.startswith(("# Check failed", "# Exception|")):
            reasons.add("slow" if re.search(r" < \S+ Minimum \S+bps ", line) else "fail")
        elif match := SHELL.match(line):
            cases.append((match[1], WORDS[match[2]]))
        elif match := PLAIN.match(line):
            cases.append((match[2], WORDS[match[1]]))
    return cases


def read_table(test):
    """[(pattern, [result], why)] of one test. A row "RESULT with OPTION" or "RESULT without OPTION" is
    for kernels that were built so.
    """
    with gzip.open("/proc/config.gz", "rt") as lines:
        options = {line.split("=")[0] for line in lines}
    rows = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] == test:
            words = re.fullmatch(r"(.*?)(?: (with|without) (\S+))?", cells[2])
            if not words[2] or (words[2] == "with") == (words[3] in options):
                rows.append((cells[1], words[1].split(" or "), cells[3]))
    return rows


def judge(test, status, seconds, log, results):
    text = pathlib.Path(log).read_text(errors="replace")
    cases = read_cases(text)
    rows = read_table(test)
    used = set()
    wrong = []
    for case, result in cases:
        row = next((row for row in rows if fnmatch.fnmatchcase(case, row[0])),
                   (None, ["pass"], ""))
        used.add(row[0])
        print(f"# {case}: {result}" + (f" ({row[2]})" if result != "pass" else ""))
        if result not in row[1]:
            wrong.append(f"{case}: {result}, and not {' or '.join(row[1])}")
    if os.environ.get("OV2_KSFT_ALL"):
        wrong += [f"no case is called {row[0]}" for row in rows if row[0] not in used]
    planned = sum(int(plan) for plan in PLAN.findall(text))
    failed = any(result in ("fail", "slow") for _, result in cases)
    if not cases or planned > len(cases):
        wrong.append(f"{len(cases)} results of {planned}")
    if (status != 0) != failed and status != 4:
        wrong.append(f"exit status {status}")
    for line in wrong:
        print(f"# WRONG {line}")
    if wrong:
        print("".join(f"# | {line}\n" for line in text.splitlines()[-150:]), end="")
    keep(test, status, seconds, log, cases, results)
    return bool(wrong)


def namify(name):
    """As netdev's CI spells the names of tests."""
    return re.sub(r"[^0-9a-zA-Z]+", "-", name).strip("-")


def keep(test, status, seconds, log, cases, results):
    group, name = test.rsplit("/", 1)
    outcome = {0: "pass", 4: "skip"}.get(status, "fail")
    # To that CI an expected failure is a success.
    theirs = {"xfail": "pass", "slow": "fail"}
    nested = [{"test": namify(case), "result": theirs.get(result, result)}
              for case, result in cases]
    with open(results, "a", encoding="utf-8") as out:
        json.dump({"test": namify(name), "group": "selftests-" + namify(group),
                   "result": outcome, "time": seconds, "results": nested,
                   "link": os.path.basename(log)}, out)
        out.write("\n")


def write_json(results, path, started):
    url = os.environ.get("OV2_LINK", "").rstrip("/")
    with open(results, encoding="utf-8") as lines:
        outcomes = [json.loads(line) for line in lines]
    for outcome in outcomes:
        outcome["link"] = f"{url}/{outcome['link']}"
    now = datetime.datetime.now(datetime.timezone.utc)
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"executor": "ov2sim", "branch": os.environ.get("OV2_BRANCH", ""),
                   "start": started, "end": str(now), "link": url, "results": outcomes},
                  out, indent=1)
        out.write("\n")


def main():
    if sys.argv[1] == "json":
        write_json(*sys.argv[2:])
        return 0
    test, status, seconds, log, results = sys.argv[2:]
    return judge(test, int(status), int(seconds), log, results)


sys.exit(main())
