# SPDX-License-Identifier: GPL-2.0-only
"""Operations on SAs and connections, as users and IKE daemons do them."""
import errno

from . import ike, net
from .ops import op

CONNS_MIN, CONNS_MAX = 8, 20


def some_conn(world):
    return world.rng.choice(list(world.main.conns.values()))


@op(7)
def add(world):
    count = min(world.rng.randrange(1, 4), CONNS_MAX - len(world.main.conns))
    for _ in range(count):
        ike.add_conn(world, world.main)
    return count > 0


@op(6)
def delete(world):
    count = min(world.rng.randrange(1, 4), len(world.main.conns) - CONNS_MIN)
    for _ in range(count):
        ike.delete_conn(world, some_conn(world))
    return count > 0


@op(6)
def rekey(world):
    conn = some_conn(world)
    if len(conn.gens) > 1:
        ike.retire(world, conn)
    ike.add_gen(world, conn)
    world.agenda.after(world.rng.randrange(0, 6), ike.retire, world, conn)
    return True


@op(3)
def update(world):
    """UPDSA on a live SA: for a moment there are two of it."""
    conn = some_conn(world)
    xfrm, sa = world.rng.choice(conn.sas(conn.gens[-1])[1::2])
    # Nothing is undone: what is there is what is wanted. It may have expired.
    return not ike.request(world, xfrm, net.UPDSA, net.state(sa),
                           fine=(errno.ESRCH,) + ike.refusable(sa))


@op()
def flush(world):
    ike.request(world, world.main.xfrm_a, net.FLUSHSA, bytes((0,)), fine=(errno.ESRCH,))
    ike.repair_all(world)
    return True


@op(2)
def churn(world):
    """Many SAs that nothing is sent with, for a moment: lists and pressure."""
    spi, xfrm = world.book.next_spi, world.main.xfrm_a
    todo = [net.Sa(
        src="10.1.0.1" if out else "10.8.0.%d" % i, dst="10.8.0.%d" % i if out else "10.1.0.1",
        spi=spi + i, reqid=10 ** 6, mode=net.TRANSPORT, alg="gcm128-128",
        keys=net.new_keys("gcm128-128", world.rng), out=out, ifindex=world.main.ifindex[0])
        for i, out in enumerate([True, False] * world.rng.randrange(5, 25), 1)]
    world.book.next_spi += len(todo) + 2
    for sa in todo:
        ike.add_sa(world, xfrm, sa)
    world.agenda.after(world.rng.randrange(0, 3), end_churn, world, xfrm, todo)
    return True


def end_churn(world, xfrm, todo):
    for sa in todo:
        ike.delete_sa(world, xfrm, sa)
