# SPDX-License-Identifier: GPL-2.0-only
"""Faults of the NIC, demands of the NIC, and allocations that fail."""
import glob
import os

from . import ops_nic, ops_sa
from .knob import knob
from .ops import op
from .site import read, write

SLAB = "/sys/kernel/slab/"


@op(2)
def delay(world):
    return knob(world, "delay_ms", world.rng.randrange(5, 150), world.rng.randrange(1, 6))


@op()
def lose(world):
    if world.agenda.held & {"lose", "request_deadline"}:
        return False
    world.nic.param("request_deadline", world.rng.choice((100, 300)))
    # So that there are requests, sooner or later.
    knob(world, "lose", world.rng.randrange(1, 3), 10)
    ops_sa.churn(world)
    return world.agenda.hold("request_deadline", 12, world.nic.param, "request_deadline", 5000)


# These need requests: a list for all that is restored, or many short ones.
@op(2)
def refuse(world):
    return knob(world, "refuse_nth", world.rng.choice((1, 1, 2, 3)), world.rng.randrange(1, 4)) \
        and world.rng.choice((ops_nic.crash, ops_sa.churn))(world)


@op(2)
def reorder(world):
    return knob(world, "reorder", world.rng.randrange(1, 6), world.rng.randrange(1, 5)) and \
        ops_sa.churn(world)


@op(2)
def nomem(world):
    return knob(world, "nomem", world.rng.randrange(1, 8), world.rng.randrange(1, 5)) and \
        ops_sa.churn(world)


@op()
def corrupt_tx(world):
    return knob(world, "corrupt_tx", world.rng.randrange(1, 20), world.rng.randrange(1, 5))


@op()
def corrupt_rx(world):
    return knob(world, "corrupt_rx", world.rng.randrange(1, 20), world.rng.randrange(1, 5))


@op(3)
def delete_req(world):
    """The NIC demands a few SAs; demands for other reasons are counted elsewhere."""
    if "demand" in world.agenda.held:
        return False
    begin, raised = world.nic.numbers()["ipsec_sa_delete_req"], 0
    sas = [sa for sa in world.nic.sim_sas() if sa["dir"] == "in"]
    for sa in world.rng.sample(sas, min(len(sas), world.rng.randrange(1, 4))):
        raised += world.nic.demand(sa)
    return raised > 0 and world.agenda.hold("demand", world.rng.randrange(2, 6), demanded, world,
                                            raised, begin)


def demanded(world, raised, begin):
    """The core has heard of it, and answers."""
    world.tally.faults["sa_delete_req"] += min(
        raised, world.nic.numbers()["ipsec_sa_delete_req"] - begin)


@op()
def delete_req_all(world):
    return knob(world, "delete_req_all", 1, world.rng.randrange(1, 3), "demand") and world.burst()


@op()
def seq_limit(world):
    return knob(world, "seq_limit", world.rng.choice((1, 1, 50, 500)), world.rng.randrange(1, 4),
                "demand") and world.burst()


@op()
def watermark(world):
    if "demand" in world.agenda.held:
        return False
    world.nic.param("sa_watermark", world.rng.randrange(2, 20))
    return world.agenda.hold("demand", world.rng.randrange(2, 8), world.nic.param,
                             "sa_watermark", 0)


@op(2)
def policy(world):
    """The other answers, and something to be answered."""
    if "policy" in world.agenda.held:
        return False
    world.nic.param("sa_delete_req", world.another("policy", ("soft", "hard")))
    delete_req(world)
    return world.agenda.hold("policy", world.rng.randrange(4, 12), world.nic.param,
                             "sa_delete_req", "demote")


def mark_threads():
    """The NIC's threads; one may end meanwhile."""
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            if read(path).startswith("ov2sim"):
                write(os.path.dirname(path) + "/make-it-fail", 1)
        except OSError:
            continue


@op(2)
def failslab(world):
    """Allocations of the NIC's threads, or of what it and the core allocate from."""
    if world.slab.left:
        return False
    if world.rng.random() < 0.5:
        mark_threads()
        which = "task-filter"
    else:
        for path in (glob.glob(SLAB + "ov2*/failslab") +
                     glob.glob(SLAB + "skbuff_ext_cache/failslab")):
            write(path, 1)
        which = "cache-filter"
    world.slab.begin(which, world.rng.randrange(5, 60), 1000)
    world.agenda.after(world.rng.randrange(1, 5), world.slab.end)
    return world.burst()
