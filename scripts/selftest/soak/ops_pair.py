# SPDX-License-Identifier: GPL-2.0-only
"""A second pair of namespaces and NICs, which come, are moved and go."""
import os

from . import ike
from .ops import op
from .site import BUS, Failure, Nic, Site, tool, wait, write

# How it ends.
WAYS = ("del_device", "pull_device", "netns", "move", "reload")


@op(4)
def space(world):
    """Namespaces and NICs come, are moved, and go, with SAs and traffic in them."""
    world.slab.end()
    if not world.pair.site:
        make(world)
    else:
        end(world)
    return True


def bus(world, name, text):
    """A write to the bus, which is done in any case: at first it may fail for lack of memory."""
    if world.rng.random() < 0.5:
        world.slab.arm(world.rng.randrange(1, 400))
        try:
            write(BUS + name, text)
            return
        except OSError:
            pass
        finally:
            world.slab.disarm()
    write(BUS + name, text)


def make(world):
    nics = (Nic(3), Nic(4))
    tool("ip", "-batch", "-", text="netns add c\nnetns add d\n")
    for nic in nics:
        bus(world, "new_device", "%d" % nic.number)
    tool("ip", "-batch", "-", text="".join(
        "link set %s netns %s\n" % (nic.name, name) for nic, name in zip(nics, "cd")))
    site = Site(("c", "d"), nics, ("ov2sim7", "ov2sim8"), world.rng.random() < 0.5, True)
    world.pair.site = site
    for end_ in (0, 1):
        site.link(end_)
        site.configure(end_)
    world.traffic.call("site", site.names)
    for _ in range(world.rng.randrange(2, 6)):
        ike.add_conn(world, site)


def answered(world, site):
    def silent():
        return world.traffic.call("silent", list(site.conns))

    try:
        wait("an answer on each flow of the second pair", lambda: not silent(), 30)
    except Failure as err:
        raise Failure("%s: %s" % (err, "; ".join(
            str(site.conns[number]) for number in silent()))) from None


def check(world):
    """The pair has worked, and how much its wire has seen."""
    site, pair = world.pair.site, world.pair

    answered(world, site)
    near, far = site.stats(0), site.stats(1)
    pair.sent[0] += near["tx_wire_frames"]
    pair.sent[1] += far["tx_wire_frames"]
    pair.done += near["ipsec_tx_pkts"]


def end(world):
    check(world)
    pair = world.pair
    site, pair.site = pair.site, None
    if not pair.ways:
        pair.ways = list(WAYS)
        world.rng.shuffle(pair.ways)
    how = pair.ways.pop()
    world.tally.count["end by " + how] += 1
    world.agenda.history.append("    %s" % how)
    if how.endswith("_device"):
        write(BUS + how, site.nics[0].number)
    elif how == "reload":
        tool("devlink", "dev", "reload", "ov2sim/" + site.nics[0].name)
    elif how == "move":
        tool("ip", "-n", "c", "link", "set", site.nics[0].name, "netns", "d")
    else:
        tool("ip", "netns", "del", "c")
    for conn in site.conns.values():
        world.traffic.call("stop", conn.id)
    world.traffic.call("leave", site.names)
    site.close()
    tool("ip", "-batch", "-", text="".join(
        "netns del %s\n" % name for name in "cd" if os.path.exists("/run/netns/" + name)))
    for nic in site.nics:
        if os.path.exists(BUS + "devices/" + nic.name):
            write(BUS + "del_device", nic.number)
