# SPDX-License-Identifier: GPL-2.0-only
"""Acts as an IKE daemon does: adds connections, replaces their SAs, listens to expires."""
import errno
import os
import types

from . import net
from .site import Conn, Failure


# What becomes of a state or a policy of packet mode that the NIC does not take, for lack of room, or
# because of a fault or a switch.
REFUSED = (errno.ENOSPC, errno.EOPNOTSUPP, errno.EBUSY, errno.EIO, errno.ETIMEDOUT, errno.ENOMEM)


def request(world, xfrm, kind, body, undo=None, fine=()):
    """A request that is sure to be done. Sometimes an allocation fails in its first try.

    undo: SPI, and the request that deletes what the first try left."""
    nth = world.rng.random() < 0.25
    for attempt in range(50):
        if nth and not attempt:
            world.slab.arm(world.rng.randrange(1, 50))
        try:
            err = xfrm.request(kind, body)
        finally:
            hit = nth and not attempt and world.slab.disarm()
        if not err or err in fine and not (hit and err in net.NO_MEMORY):
            return err
        # Other parts of the kernel have other errors for a lack of memory.
        if not hit and (err not in net.NO_MEMORY or not world.slab.left):
            raise Failure("xfrm request 0x%x: %s" % (kind, os.strerror(err)))
        # It may have been done, and only the answer failed.
        if undo and not xfrm.request(*undo[1:]):
            world.book.lives[undo[0]] += 1
        if attempt == 20:
            world.slab.end()
    raise Failure("xfrm request 0x%x: %s, for ever" % (kind, os.strerror(err)))


def refusable(sa):
    return REFUSED if sa.packet and sa.ifindex else ()


def add_sa(world, xfrm, sa):
    """0, or the errno with which it was refused."""
    return request(world, xfrm, net.NEWSA, net.state(sa),
                   (sa.spi, net.DELSA, net.state_id(sa.dst, sa.spi)), refusable(sa))


def delete_sa(world, xfrm, sa):
    request(world, xfrm, net.DELSA, net.state_id(sa.dst, sa.spi), fine=(errno.ESRCH,))


def add_gen(world, conn):
    book = world.book
    gen = types.SimpleNamespace(
        spi=book.next_spi, keys=[net.new_keys(conn.alg, world.rng) for _ in range(2)])
    book.next_spi += 2
    for spi in (gen.spi, gen.spi + 1):
        book.spis[spi] = (net.iv_len(conn.alg), net.in_clear(conn.alg), conn.seq)
        book.by_spi[spi] = conn
    conn.gens.append(gen)
    for xfrm, sa in conn.sas(gen):
        err = add_sa(world, xfrm, sa)
        if err:
            refused(world, conn, err)


def refused(world, conn, err):
    """It is tried again later, as a daemon does for a CHILD_SA."""
    conn.broken = True
    world.tally.count["refused: " + errno.errorcode[err]] += 1
    world.agenda.history.append("    refused: %s: %s" % (conn, errno.errorcode[err]))


def add_policies(world, conn):
    for xfrm, select, out, template, dev in conn.policies():
        err = request(world, xfrm, net.NEWPOLICY, net.policy(select, out, template, dev),
                      fine=(errno.EEXIST,) + (REFUSED if dev else ()))
        if err and err != errno.EEXIST:
            refused(world, conn, err)


def delete_gen(world, conn, gen):
    for xfrm, sa in conn.sas(gen):
        delete_sa(world, xfrm, sa)
    conn.gens.remove(gen)


def add_conn(world, site):
    conn = Conn(site, world.book.next_id, world.rng)
    world.book.next_id += 1
    world.agenda.history.append("    connection %s" % conn)
    world.tally.count["packet mode"] += conn.packet
    add_gen(world, conn)
    add_policies(world, conn)
    site.conns[conn.id] = conn
    src, dst = conn.ends()
    world.traffic.call("start", conn.id, site.names, conn.proto, src, dst, conn.down,
                       1200 if net.in_clear(conn.alg) else 3000)


def delete_conn(world, conn):
    world.traffic.call("stop", conn.id)
    for gen in list(conn.gens):
        delete_gen(world, conn, gen)
    for xfrm, select, out, _, _ in conn.policies():
        request(world, xfrm, net.DELPOLICY, net.policy_id(select, out), fine=(errno.ENOENT,))
    del conn.site.conns[conn.id]


def retire(world, conn):
    """All generations but the last go."""
    if conn.id in conn.site.conns:
        for gen in conn.gens[:-1]:
            delete_gen(world, conn, gen)


def repair(world, conn):
    """Replaces SAs that are gone, as an IKE daemon does for a CHILD_SA."""
    for gen in list(conn.gens):
        delete_gen(world, conn, gen)
    conn.broken = False
    add_gen(world, conn)
    # xfrm flushes those of packet mode with their device.
    if conn.packet:
        add_policies(world, conn)


def repair_all(world):
    for conn in list(world.main.conns.values()):
        repair(world, conn)


def listen(world, site):
    """A soft expire asks for a rekey, a hard one for SAs in the place of those that are gone."""
    for spi, hard in list(site.events.expired()):
        conn = world.book.by_spi.get(spi)
        if not conn or conn.id not in conn.site.conns:
            continue
        world.tally.count["hard expires" if hard else "soft expires"] += 1
        if hard or not any(spi - gen.spi in (0, 1) for gen in conn.gens[-1:]):
            conn.broken = conn.broken or hard
        else:
            add_gen(world, conn)
    for conn in list(site.conns.values()):
        if conn.broken:
            repair(world, conn)
            world.tally.count["repairs"] += 1
