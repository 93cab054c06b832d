# SPDX-License-Identifier: GPL-2.0-only
"""The end of a run: every SA works, xfrm, core and NIC agree, and nothing is left."""
import collections
import os
import socket

from . import ike, ops_pair
from .site import SETTLED, Failure, read, wait, write

XFRM_STATE = "/sys/kernel/slab/xfrm_state/"


def calm(world):
    """Everything off that was switched on, and the other way round."""
    world.agenda.due(now=True)
    # The actions that those have put off.
    world.agenda.due(now=True)
    world.slab.end()
    if world.pair.site:
        ops_pair.end(world)
    world.nic.param("requests_max", 4)
    world.nic.param("sa_reoffer", "false")
    # The last expires of before.
    wait("requests are through", lambda: not world.nic.busy())
    # While the NIC evicts SAs, it takes new ones in packet mode at a pace only.
    wait("what was refused or demanded in packet mode is there",
         lambda: not (demanded(world) or broken(world) or world.nic.busy()))


def demanded(world):
    """SAs in packet mode that xfrm expires when the next packet of them brings SaDeleteReq."""
    return [sa for sa in world.nic.sim_sas()
            if int(sa["delete_req"]) and world.book.by_spi[int(sa["spi"], 0)].packet]


def broken(world):
    ike.listen(world, world.main)
    # Those in packet mode that have to leave the NIC go before xfrm expires them.
    for conn in world.main.conns.values():
        if conn.packet:
            ike.retire(world, conn)
    return any(conn.broken for conn in world.main.conns.values())


def disagreement(world):
    """The first difference between the SAs of xfrm, core and NIC, if there is one."""
    site = world.main
    want = collections.Counter(gen.spi + i for conn in site.conns.values() for gen in conn.gens
                               for i in (0, 1))
    for name, xfrm in (("a", site.xfrm_a), ("b", site.xfrm_b)):
        have = collections.Counter(xfrm.spis())
        if have != want:
            return "xfrm at %s lacks %s, and has %s for nobody; of %s" % (
                name, sorted(want - have), sorted(have - want),
                "; ".join({str(world.book.by_spi.get(spi))
                           for spi in (want - have) | (have - want)}))
    core = world.nic.core_sas()
    bad = [sa for sa in core if sa["state"] not in SETTLED]
    if bad:
        return "SAs of the core: %s" % bad
    has = sorted((sa["cookie"], sa["handle"]) for sa in core if sa["state"] == "offloaded")
    sims = sorted((sa["cookie"][2:], sa["handle"][2:]) for sa in world.nic.sim_sas())
    return has != sims and "the core has %s in the NIC, the NIC has %s" % (has, sims)


def check_tables(world):
    """Not all is read at once, and devlink recovers a crashed NIC a moment later."""
    try:
        wait("tables agree", lambda: not disagreement(world), 20)
    except Failure as err:
        raise Failure("%s: %s" % (err, disagreement(world))) from None
    if world.nic.numbers()["ipsec_protocol_errors"]:
        raise Failure("protocol errors")


def check_traffic(world, when):
    lost = world.traffic.call("check", [28, 64, 300, 1000, 1300], 100)
    if lost:
        conns = [world.main.conns[i] for i in lost]
        raise Failure("%s: no traffic on %s\n%s" % (
            when, "; ".join(str(conn) for conn in conns), "\n".join(
                str(sa) for sa in world.nic.sim_sas() + world.nic.core_sas()
                if world.book.by_spi.get(int(sa["spi"], 0)) in conns)))


def prove(world):
    """Returns how many SAs of each state the core has at the end of the run."""
    nic = world.nic
    calm(world)
    check_tables(world)
    check_traffic(world, "after the soak")
    states = collections.Counter(sa["state"] for sa in nic.core_sas())
    nic.param("sa_reoffer", "true")
    # An SA that was refused stays in software for good; the next generation comes in.
    ike.repair_all(world)
    wait("what was refused in packet mode is there", lambda: not broken(world))
    total = 2 * len(world.main.conns)
    wait("all for which there is room are offloaded", lambda: sum(
        sa["state"] == "offloaded" for sa in nic.core_sas()) >= min(total, world.slots))
    # From here on they do not change, and the NIC wants none of them.
    nic.param("sa_reoffer", "false")
    wait("requests are through", lambda: not nic.busy() and not any(
        int(sa["delete_req"]) for sa in nic.sim_sas()))
    left = demand_some(world)
    check_traffic(world, "after the last rekey")
    wait("demands are answered", lambda: not nic.busy())
    check_tables(world)
    have = offloaded_spis(nic)
    if have != left:
        raise Failure("the NIC has %s, not %s" % (sorted(have), sorted(left)))
    idle = [sa["spi"] for sa in nic.sim_sas() if not int(sa["packets"])]
    if idle:
        raise Failure("offloaded SAs that the NIC has done nothing with: %s" % idle)
    return states


def offloaded_spis(nic):
    return {int(sa["spi"], 0) for sa in nic.sim_sas()}


def demand_some(world):
    """Half of the SAs in crypto mode are to leave the NIC, under traffic, each with its counterpart;
    nothing else takes them away. Returns those that stay."""
    left = offloaded_spis(world.nic)
    for sa in world.nic.sim_sas():
        if sa["dir"] == "in" and not world.book.by_spi[int(sa["spi"], 0)].packet and \
                world.rng.random() < 0.5 and world.nic.demand(sa):
            left -= {int(sa["spi"], 0), int(sa["spi"], 0) - 1}
    return left


def end(world):
    """Nothing keeps a state. Returns how many frames each near end has sent."""
    for conn in list(world.main.conns.values()):
        ike.delete_conn(world, conn)
    world.traffic.close()
    sent = [world.main.stats(0)["tx_wire_frames"], world.pair.sent[0]]
    wait("xfrm frees all SAs, nothing holds one", lambda: states() <= world.guards, 20)
    return sent


def states():
    """How many structs xfrm_state exist. Each NIC has one, for packet mode."""
    cpus = os.sched_getaffinity(0)
    # A datagram that was read on another CPU than it came in on is freed, and lets go of its
    # state, when that one receives something again (skb_attempt_defer_free()).
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            sock.sendto(b"", sock.getsockname())
            sock.recv(1)
    os.sched_setaffinity(0, cpus)
    write(XFRM_STATE + "shrink", 1)
    return int(read(XFRM_STATE + "objects").split()[0])
