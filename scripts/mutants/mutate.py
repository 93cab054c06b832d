#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Finds where the mutants of scripts/mutants/list belong, and makes one.

mutate.py --list         what they are; fails if one finds nothing to break
mutate.py --tree DIR NAME
                         breaks the sources in DIR; prints the files that it has changed

A line names a definition and not a file, so that moving a function to another file does not
touch the list. "mutants.sh --help" says how a line is written.
"""
import argparse
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
LIST = Path(__file__).resolve().parent / "list"
# The folders in drivers/ within which a name is the only one of its kind.
MODULES = ("ov2", "ov2sim", "ov2sim/nic")
# How a macro, an object, an object that a macro defines and a function begin. A type is none.
NAMES = (
    re.compile(r"#\s*define\s+(\w+)"),
    re.compile(r"[^(=]*?(\w+)\s*(?:\[[^]]*\]\s*)*="),
    re.compile(r"(?:static\s+)?DEFINE_\w+\((\w+)"),
    re.compile(r"[^(=;]*?(\w+)\([^;]*\{$"),
)

Mutant = namedtuple("Mutant", "name rules module names script area")
Place = namedtuple("Place", "path first end")


class Unusable(Exception):
    """A mutant that cannot be made; the text says why."""


def end_of(lines, i):
    """The line after what begins in line i, in column one."""
    opened = False
    while i < len(lines):
        line = re.sub(r"\s*/\*.*?\*/", "", lines[i]).rstrip()
        if lines[i].startswith("#"):
            if not line.endswith("\\"):
                return i + 1
        elif opened:
            if line.startswith("}"):
                return i + 1
        elif line.endswith("{"):
            opened = True
        elif line.endswith(";") or not line:
            return i + 1
        i += 1
    return i


def definitions(path):
    """Pairs of a name and its place, for all that a file defines in column one."""
    lines = path.read_text().splitlines()
    i = 0
    while i < len(lines):
        first = i
        if not re.match(r"[A-Za-z_]|#\s*define", lines[i]):
            i += 1
            continue
        i = end_of(lines, i)
        # The head of a function or an object ends with its first brace.
        head = re.sub(r"\{.*", "{", " ".join(lines[first:i]), flags=re.S)
        for pattern in NAMES:
            match = pattern.match(head)
            if match:
                yield match.group(1), Place(path, first, i)
                break


def read_index(tree, module):
    index = {}
    for path in sorted((tree / "drivers" / module).glob("*.[ch]")):
        for name, place in definitions(path):
            index.setdefault(name, []).append(place)
    return index


def read_list():
    for line in LIST.read_text().splitlines():
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) not in (5, 6) or fields[2] not in MODULES:
            raise Unusable(f"not a line of the list: {line}")
        name, rules, module, names, script, *area = fields
        yield Mutant(name, rules, module, names.split(","), script, "".join(area))


def find(mutant, index, tree):
    """The places of all that a mutant names; those of one file from its end on."""
    places = []
    for name in mutant.names:
        found = index.get(name, [])
        if len(found) != 1:
            where = ", ".join(f"{p.path.relative_to(tree)}:{p.first + 1}" for p in found)
            raise Unusable(f"{mutant.name}: {name} is defined in {where or 'no file'}")
        places.append((found[0], name))
    return sorted(places, reverse=True)


def break_it(mutant, index, tree):
    """The files that a mutant changes, with what is in them then."""
    texts = {}
    for place, name in find(mutant, index, tree):
        lines = texts.get(place.path) or place.path.read_text().splitlines(keepends=True)
        old = "".join(lines[place.first:place.end])
        new = subprocess.run(["sed", "-E", mutant.script], input=old, stdout=subprocess.PIPE,
                             text=True, check=True).stdout
        if new == old:
            raise Unusable(f"{mutant.name} breaks nothing in {name}")
        lines[place.first:place.end] = [new]
        texts[place.path] = lines
    return {path: "".join(lines) for path, lines in texts.items()}


def show():
    """Prints all of the list, and says which of it is of no use."""
    indexes = {module: read_index(TOP, module) for module in MODULES}
    errors = []
    seen = set()
    for mutant in read_list():
        if mutant.name in seen:
            errors.append(f"{mutant.name} is there twice")
        seen.add(mutant.name)
        print(f"{mutant.name:<25} {mutant.rules:<15} {mutant.module:<11} {','.join(mutant.names)}")
        try:
            break_it(mutant, indexes[mutant.module], TOP)
        except Unusable as error:
            errors.append(str(error))
    for error in errors:
        print(error, file=sys.stderr)
    return bool(errors)


def change(tree, name):
    mutant = next((m for m in read_list() if m.name == name), None)
    if not mutant:
        raise Unusable(f"no mutant is called {name}")
    texts = break_it(mutant, read_index(tree, mutant.module), tree)
    for path, text in texts.items():
        path.write_text(text)
        print(path.relative_to(tree))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--tree", type=Path)
    parser.add_argument("name", nargs="?")
    args = parser.parse_args()
    if args.list:
        return show()
    if not args.tree or not args.name:
        parser.error("--list, or --tree and a name")
    change(args.tree, args.name)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unusable as unusable:
        sys.exit(str(unusable))
