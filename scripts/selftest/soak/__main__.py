# SPDX-License-Identifier: GPL-2.0-only
"""The soak: operations at random, while traffic flows, and then the proof that all is well.

python3 -m soak SEED SECONDS FOLDER
The namespaces and NICs of soak.sh are in place. For soak.proof FOLDER/run gets what the
captures must and may show: each SPI, and how many frames each end has sent.
Step N draws from random.Random("SEED/N"): what it does depends on the seed and on what is
there, not on how long the steps before it took. A deck has each operation at least once, so
that none is left out by chance.
"""
import json
import select
import sys
import time

# The last four for the operations in them.
from . import account, ike, ops, verdict, ops_sa, ops_nic, ops_fault, ops_pair
from .site import Failure, tool, write
from .world import World

# Where there is too little of something after that time the soak goes on, so many times as long.
PATIENCE = 3


def steps(world, seconds):
    """Operations until the time is over. Returns how long it took."""
    for _ in range(ops_sa.CONNS_MIN):
        ike.add_conn(world, world.main)
    begin = time.monotonic()
    deck = []
    while time.monotonic() < begin + seconds or \
            time.monotonic() < begin + PATIENCE * seconds and account.few(world, seconds):
        world.begin_step()
        if not deck:
            deck = ops.deck()
            world.rng.shuffle(deck)
        name = deck.pop()
        world.agenda.history.append("%8.2f %d %s" % (
            time.monotonic() - begin, world.agenda.step, name))
        world.tally.count[name] += ops.run(name, world)
        world.agenda.due()
        # The pace: traffic has a turn, unless an expire comes.
        select.select([world.main.events.sock], [], [], world.rng.random() / 20)
        for site in world.sites():
            ike.listen(world, site)
    return time.monotonic() - begin


def explain(world, err):
    print("\n".join(world.agenda.history))
    print("seed %s, step %d: %s" % (world.seed, world.agenda.step, err))
    for end in "ab":
        print("xfrm at %s: %s" % (end, "; ".join(
            line for line in tool("nsenter", "--net=/run/netns/" + end, "cat",
                                  "/proc/net/xfrm_stat").splitlines()
            if not line.endswith("\t0"))))
    print(world.nic.numbers())


def report(world, took, states, numbers):
    print("seed %s, %d slots, GSO %s: %d steps in %d s" % (
        world.seed, world.slots, "on" if world.main.gso else "off", world.agenda.step, took))
    print("SAs at the end of it:", ", ".join("%s %d" % item for item in sorted(states.items())))
    for name, (values, _) in numbers.items():
        print("%s: %s" % (name, ", ".join("%s %d" % item for item in sorted(values.items()))))
    traffic = numbers["traffic"][0]
    print("in short: %d operations, %d faults, %d datagrams, %d kB in %d streams" % (
        numbers["operations"][0].total(), numbers["faults"][0].total(),
        traffic["sent"] + traffic["received"], traffic["bytes"] // 1000, traffic["streams"]))


def main():
    seed, seconds, folder = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    world = World(seed)
    world.guards = verdict.states()
    sent = [0, 0]
    try:
        took = steps(world, seconds)
        states = verdict.prove(world)
        numbers, few = account.numbers(world), account.few(world, seconds)
        sent = verdict.end(world)
    except Exception as err:
        explain(world, err)
        if not isinstance(err, Failure):
            raise
        return 1
    finally:
        world.slab.end()
        write(folder + "/run", json.dumps({
            "spis": world.book.spis, "lives": world.book.lives, "sent": sent,
            "both": int(account.BOTH_MIN * seconds / 120)}))
    report(world, took, states, numbers)
    if few:
        print("too few for %d seconds: %s" % (seconds, ", ".join(few)))
    return 1 if few else 0


if __name__ == "__main__":
    sys.exit(main())
