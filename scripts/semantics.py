#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which tests hold which rule of scripts/semantics.md to be true.

Without arguments: fails if a rule lacks a test of a kind that its row asks for, or a
mutant in scripts/mutants/list that shows that its tests are worth something, or if the
table's last column is not what the tests say. With --update: writes the column.

A KUnit case tests the rules whose numbers are in it or in the comment before it, and a
suite those that are elsewhere in its file. A selftest (a T line) tests those in its name,
and in the comment right before the function that it runs, or that it stands in. An area
that runs another one in a different way tests what that one tests, and the rules in its
own first comment.
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / "scripts/semantics.md"
SELFTEST = TOP / "scripts/selftest"
MUTANTS = TOP / "scripts/mutants/list"
ROW = re.compile(r"^\| (S\d+) \| ([CNE ]+|n/a) \| (.*) \| (.*) \|$")
KINDS = {"C": "a KUnit case of the core", "N": "a KUnit case of the NIC", "E": "a selftest"}


def numbers(text):
    return re.findall(r"\bS\d{1,2}\b", text)


def kunit_tests(path):
    """Pairs of a rule and the name of what tests it."""
    text = path.read_text()
    suite = re.search(r'\.name = "(ov2\w+)"', text)
    cases = set(re.findall(r"KUNIT_CASE\w*\((\w+)", text))
    if not suite or not cases:
        return
    # A function with the comment before it.
    chunk = re.compile(r"(?:^/\*(?:(?!\*/).)*?\*/\n)?^static [^;=\n]*?\b(\w+)\([^;{]*\)\n\{.*?^\}\n",
                       re.S | re.M)
    rest = []
    last = 0
    for match in chunk.finditer(text):
        if match.group(1) in cases:
            for number in numbers(match.group(0)):
                yield number, f"{suite.group(1)}.{match.group(1)}"
            rest.append(text[last:match.start()])
            last = match.end()
    rest.append(text[last:])
    for number in numbers("".join(rest)):
        yield number, suite.group(1)


def selftest_numbers(text):
    # A shell function with the comment right before it.
    functions = {}
    for match in re.finditer(r"((?:^#[^\n]*\n)*)^(\w+)\(\)\n\{\n(.*?)^\}\n", text, re.S | re.M):
        comment, name, body = match.groups()
        functions[name] = numbers(comment)
        if re.search(r"^\s+T ", body, re.M):
            yield from numbers(comment)
    for name, function in re.findall(r'^\s*T "([^"]*)"\s+(?:\\\n\s*)?(\w+)', text, re.M):
        yield from numbers(name)
        yield from functions.get(function, [])
    area = re.search(r'^\. "\$\(dirname "\$0"\)/(?!lib[./])(\w+)\.sh"$', text, re.M)
    if area:
        yield from numbers(text)
        yield from selftest_numbers((SELFTEST / f"{area[1]}.sh").read_text())


def gather():
    found = {}
    for path in sorted((TOP / "kunit").glob("*_kunit.c")):
        kind = "N" if path.name.startswith("nic_") else "C"
        for number, name in kunit_tests(path):
            found.setdefault(number, {}).setdefault(kind, set()).add(name)
    for path in sorted(SELFTEST.glob("*.sh")):
        if path.stem in ("lib", "run"):
            continue
        for number in selftest_numbers(path.read_text()):
            found.setdefault(number, {}).setdefault("E", set()).add(path.stem)
    return found


def broken():
    """The rules that some mutant breaks."""
    fields = [line.split("\t") for line in MUTANTS.read_text().splitlines() if line[0] != "#"]
    return {number for field in fields for number in numbers(field[1])}


def column(tests):
    names = []
    for kind in "CNE":
        of_kind = tests.get(kind, set())
        # A suite as such only where no case of it is named.
        names += sorted(n for n in of_kind
                        if "." in n or not any(o.startswith(n + ".") for o in of_kind))
    return ", ".join(names)


def main():
    found = gather()
    mutants = broken()
    lines = TABLE.read_text().splitlines()
    errors = []
    known = set()
    for i, line in enumerate(lines):
        row = ROW.match(line)
        if not row:
            continue
        number, kinds, rule, _ = row.groups()
        known.add(number)
        tests = found.get(number, {})
        if kinds == "n/a":
            continue
        errors += [f"{number} has not {KINDS[k]}: {rule}" for k in kinds.split() if k not in tests]
        if number not in mutants:
            errors.append(f"{number} has no mutant in {MUTANTS.relative_to(TOP)}: {rule}")
        lines[i] = f"| {number} | {kinds} | {rule} | {column(tests)} |"
    errors += [f"{n} is tested and not in the table" for n in sorted(set(found) - known)]
    errors += [f"S{n} is not in the table" for n in range(1, 70) if f"S{n}" not in known]
    text = "\n".join(lines) + "\n"
    if text != TABLE.read_text():
        if "--update" in sys.argv[1:]:
            TABLE.write_text(text)
        else:
            errors.append("the table is not up to date: run scripts/semantics.py --update")
    print("\n".join(errors), end="\n" if errors else "")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
