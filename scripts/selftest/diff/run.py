#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Differential runs: each scenario with software xfrm over veth (sw), with software over ov2sim
(sn), in crypto mode (hw) and, where that is possible, in packet mode (pk); what came of it is
compared.

run.py check [PART OF A NAME]...    the fixed set, as KTAP
run.py --seed N [--count M]         M scenarios at random, or until every pair has occurred
run.py --only 'topo=bridge ...'     one scenario, its differences in full
--kinds 'sw sn'              only these
--without 'topo=bond ...'    none that has one of these values
--with 'topo=ifb topo=gre ...'  all have one of these, for each axis that is named
"""
import argparse
import os
import subprocess
import sys
import time
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import compare
import fixed
import migrate
import observe
import plain
import play
import scenario as scenarios
import topo
import world as worlds
from soak.site import write


class Runner:
    """Worlds are kept while the topology is the same."""

    def __init__(self, kinds, seed=0):
        self.kinds, self.seed = kinds, seed
        self.worlds, self.topology, self.before = {}, None, None
        self.klog = observe.Klog()
        names = sorted({name for t in topo.TOPOLOGIES.values() for name in t.modules} |
                       set(topo.MODULES))
        subprocess.run(["modprobe", "-qa"] + names, check=False)
        # What waits for a neighbour does so until it is known, on a slow machine as well.
        for family in ("ipv4", "ipv6"):
            write("/proc/sys/net/%s/neigh/default/mcast_solicit" % family, 60)

    def world(self, kind, name):
        if self.topology != name:
            self.close()
            self.topology = name
        if kind not in self.worlds:
            self.worlds[kind] = topo.build(topo.TOPOLOGIES[name], kind)
        return self.worlds[kind]

    def ready(self, kind, scenario):
        """A world that passes plain traffic. One that an earlier scenario has broken is made
        once more."""
        lost = plain.lost(self.world(kind, scenario.topo), scenario)
        if lost:
            print("# %s: %s of topo=%s passed nothing, and is made anew; before: %s" % (
                kind, ", ".join(lost), scenario.topo, self.before), flush=True)
            self.worlds.pop(kind).close()
            lost = plain.lost(self.world(kind, scenario.topo), scenario)
        if lost:
            raise worlds.SetupError("the harness is broken: %s of a new world passes nothing" %
                                    ", ".join(lost))
        return self.worlds[kind]

    def one(self, scenario):
        """The results by kind, and the differences."""
        results = {}
        for kind in self.kinds:
            if kind == worlds.PACKET and not scenario.packet():
                continue
            try:
                results[kind] = play.Run(self.ready(kind, scenario), scenario, self.seed).play()
            except worlds.SetupError as err:
                results[kind] = {"setup": str(err)}
            if "setup" in results[kind]:
                # What is left of it is not known.
                self.close()
        found = compare.differences(scenario, results)
        found += ["kernel log: " + line for line in self.klog.splats()]
        self.before = scenario
        return results, found

    def close(self):
        for world in self.worlds.values():
            world.close()
        self.worlds, self.topology = {}, None


def lacking():
    """Values that this kernel cannot do."""
    space = worlds.Space("probe")
    try:
        return [] if migrate.has_migrate_state(space) else ["event=migrate-state"]
    finally:
        space.close()


def command(scenario):
    return "scripts/vm.sh -- scripts/selftest/diff.sh --only '%s'" % scenario


def say(found, scenario):
    for line in found[:12]:
        print("# " + line)
    if len(found) > 12:
        print("# ... and %d more" % (len(found) - 12))
    print("# again: " + command(scenario), flush=True)


def check(parts, kinds):
    """The fixed set."""
    chosen = [(name, line) for name, line in fixed.SET
              if not parts or any(part in name for part in parts)]
    print("KTAP version 1\n1..%d" % (len(chosen) + 1))
    runner, bad, without = Runner(kinds), 0, lacking()
    for number, (name, line) in enumerate(sorted(chosen, key=topology_first), 1):
        scenario = scenarios.Scenario.parse(line)
        skipped = [word for word in without if word in line.split()]
        if skipped:
            print("ok %d %s # SKIP the kernel has no %s" % (number, name, skipped[0]))
            continue
        _, found = runner.one(scenario)
        if found:
            say(found, scenario)
        bad += bool(found)
        print("%s %d %s" % ("not ok" if found else "ok", number, name), flush=True)
    left = leave(runner)
    for line in left:
        print("# " + line)
    print("%s %d nothing is left and the kernel log is clean" % (
        "not ok" if left else "ok", len(chosen) + 1), flush=True)
    return 1 if bad or left else 0


def topology_first(item):
    return scenarios.Scenario.parse(item[1]).topo


def leave(runner):
    """What must not be there at the end."""
    runner.close()
    worlds.Birthplace.close()
    found = runner.klog.splats()
    if os.listdir("/sys/bus/ov2sim/devices"):
        found.append("NICs are left")
    return found


def only(line, kinds):
    scenario = scenarios.Scenario.parse(line)
    runner = Runner(kinds)
    start = time.monotonic()
    results, found = runner.one(scenario)
    names = sorted(set().union(*results.values()))
    for name in names:
        values = [results[kind].get(name, 0) for kind in results]
        if any(values):
            print("%-32s %s" % (name, "  ".join(compare.short(value) for value in values)))
    for sentence in found:
        print("DIFFERS " + sentence)
    print("%.2f s, with the worlds" % (time.monotonic() - start))
    left = leave(runner)
    for sentence in left:
        print("LEFT " + sentence)
    return 1 if found or left else 0


# Of so many scenarios one may differ for once: runs are not alike to the packet where timers of
# TCP, a program behind NFQUEUE or netem decide.
UNSTEADY = 50


def repeats(runner, scenario, found):
    """Is a difference there when the scenario is played once more? What must never happen counts
    at once."""
    if any("kernel log" in line or any(name in line for name in compare.NEVER) for line in found):
        return True
    return bool(runner.one(scenario)[1])


def many(seed, count, kinds, without, always):
    """By a seed; topologies in turn, for their worlds take long to make."""
    without = without + lacking()
    generator = scenarios.Generator(seed, without, always)
    drawn = []
    while len(drawn) < count if count else generator.left:
        drawn.append(generator.next())
    drawn.sort(key=lambda s: s.topo)
    print("# seed %d: %d scenarios, %d pairs of values have not occurred" % (
        seed, len(drawn), len(generator.left)), flush=True)
    runner, bad, unsteady, start = Runner(kinds, seed), 0, 0, time.monotonic()
    for scenario in drawn:
        again = True
        try:
            _, found = runner.one(scenario)
            again = not found or repeats(runner, scenario, found)
        except Exception:
            found = traceback.format_exc().splitlines()[-6:]
            runner.close()
        if found:
            bad += again
            unsteady += not again
            print("%s %s" % ("FAIL" if again else "once", scenario))
            say(found, scenario)
    seconds = time.monotonic() - start
    print("%d scenarios, %d with differences, %d that differed once, %.2f s each" % (
        len(drawn), bad, unsteady, seconds / len(drawn)))
    bad += unsteady > max(1, len(drawn) // UNSTEADY)
    left = leave(runner)
    for line in left:
        print("# " + line)
    return 1 if bad or left else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--only", action="append")
    parser.add_argument("--without", default="")
    parser.add_argument("--with", dest="always", default="")
    parser.add_argument("--kinds", default=" ".join(worlds.KINDS))
    parser.add_argument("parts", nargs="*")
    args = parser.parse_args()
    if args.only:
        return max(only(line, args.kinds.split()) for line in args.only)
    if args.seed is not None:
        return many(args.seed, args.count, args.kinds.split(), args.without.split(),
                    args.always.split())
    return check(args.parts, args.kinds.split())


if __name__ == "__main__":
    sys.exit(main())
