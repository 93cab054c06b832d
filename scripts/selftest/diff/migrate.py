# SPDX-License-Identifier: GPL-2.0-only
"""States that move: in tunnel mode to another address of A's, as when a mobile node roams; in
transport mode, whose policies would not follow, to where they are.

The kernels do not take the offload along: 7.3 refuses a state that is to move with it ("Type
doesn't support offload"), and 6.12 forgets it. An IKE daemon then moves the state without.
"""
import errno
import socket
import struct

import events
from soak import net
import topo
import xfrm

MIGRATE, MIGRATE_STATE, UPDPOLICY = 0x21, 0x29, 0x19
A_MIGRATE = 17
CLEAR_OFFLOAD = 1
SELECTOR_PROTO, ICMP = 44, (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6)
# What the kernel says of the offload of a state that moves.
NO_OFFLOAD = {MIGRATE: errno.ENODATA, MIGRATE_STATE: errno.EINVAL}


def has_migrate_state(space):
    """Whether the kernel knows the message: it looks for the state that it is about."""
    netlink = net.Netlink(space)
    try:
        return netlink.request(MIGRATE_STATE, state_body("10.1.0.2", 1, ("10.1.0.1", "10.1.0.2"),
                                                         0)) == errno.ESRCH
    finally:
        netlink.close()


def state_body(dst, spi, outer, flags, selector=bytes(56), reqid=0):
    """Of MIGRATE_STATE: outer is where it goes, source and destination."""
    src, to = outer
    return (net.state_id(dst, spi) + net.packed(to) + net.packed(src) + bytes(8) + selector +
            struct.pack("=IIHH", reqid, flags, net.family_of(to), 0))


def policy_body(sa, selector, direction, old, new):
    """Of MIGRATE: the states and the template of a policy, from old to new."""
    family = net.family_of(old[0])
    addresses = b"".join(net.packed(ends[at]) for ends in (old, new) for at in (1, 0))
    return (selector + struct.pack("=IB3x", 0, xfrm.DIRECTIONS[direction]) +
            net.attr(A_MIGRATE, addresses + struct.pack("=BBHIHH", net.ESP, sa.mode, 0, sa.reqid,
                                                        family, family)))


def offload(sa):
    return net.attr(net.A_OFFLOAD, struct.pack("=iB3x", sa.ifindex,
                                               0 if sa.out else net.OFFLOAD_INBOUND))


def move(run):
    """A's other address, and how B finds it. Returns where the states were, and where they go."""
    old = run.outer
    if run.scenario.mode != "tunnel":
        return old, old
    addr = topo.ROAMED[run.scenario.outer]
    bits, more = (24, "") if run.scenario.outer == 4 else (64, " nodad")
    name = "%s/%d dev %s" % (addr, bits, run.topology.top)
    run.a.ip("addr add " + name + more)
    run.undo.append(lambda: run.a.ip("addr del " + name))
    neighbour = "%s dev %s" % (addr, run.topology.far)
    run.b.ip("neigh replace %s lladdr %s nud permanent" % (
        neighbour, run.a.mac(run.topology.top)))
    run.undo.append(lambda: run.b.ip("neigh del " + neighbour))
    run.outer = (addr, old[1])
    return old, run.outer


def ordered(ends, up):
    return ends if up else ends[::-1]


def request(run, netlink, kind, with_offload, without):
    err = netlink.request(kind, with_offload) if with_offload else NO_OFFLOAD[kind]
    if err == NO_OFFLOAD[kind]:
        err = netlink.request(kind, without)
    run.must("MIGRATE", err)


def migrate(run):
    """By policy. Policies that share states follow with their templates, but for those of ICMP,
    which the kernel does not find by their types."""
    old, new = move(run)
    moved = set()
    for netlink, selector, direction, up in run.protected:
        if selector[SELECTOR_PROTO] in ICMP:
            run.protect(netlink, selector, direction, up, UPDPOLICY)
            continue
        if run.scenario.mode != "tunnel" and (netlink, up) in moved:
            continue
        moved.add((netlink, up))
        sa = next(sa for at, sa in run.sas if at is netlink and sa.out == (direction == "out"))
        body = policy_body(sa, selector, direction, ordered(old, up), ordered(new, up))
        body += encap(sa) + (run.owner() if netlink is run.xfrm_a else b"")
        request(run, netlink, MIGRATE, body + offload(sa) if sa.ifindex else None, body)
    events.settled(run)


def encap(sa):
    """Without it the state would lose it."""
    if not sa.encap:
        return b""
    return net.attr(net.A_ENCAP, struct.pack("=HHHxx16x", 2, *map(socket.htons, sa.encap)))


def migrate_state(run):
    """State by state; then the policies' templates."""
    _, new = move(run)
    for netlink, sa in run.sas:
        up = sa.out == (netlink is run.xfrm_a)
        ends = ordered(new, up)
        selector = bytes(40) + struct.pack("=H14x", 0 if sa.unspec else net.family_of(sa.dst))
        bodies = [state_body(sa.dst, sa.spi, ends, flags, selector, sa.reqid)
                  for flags in (0, CLEAR_OFFLOAD)]
        request(run, netlink, MIGRATE_STATE, bodies[0] if sa.ifindex else None, bodies[1])
    for protected in run.protected:
        run.protect(*protected, UPDPOLICY)
    events.settled(run)


EVENTS = {"migrate": migrate, "migrate-state": migrate_state}
