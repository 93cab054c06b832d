# SPDX-License-Identifier: GPL-2.0-only
"""The state of a run."""
import collections
import random

from . import net, traffic
from .site import Nic, Refusals, Site, tool


class Agenda:
    """The actions that are due after some steps, and the settings that stay until then."""

    def __init__(self):
        self.step = 0
        self.later = []
        self.held = set()
        # The last words about the run, if it fails.
        self.history = collections.deque(maxlen=60)

    def after(self, steps, function, *args):
        self.later.append((self.step + steps, function, args))

    def hold(self, what, steps, undo, *args):
        """Undone after some steps. An operation that drew it again meanwhile would end it early."""
        self.held.add(what)
        self.after(steps, self.release, what, undo, *args)
        return True

    def release(self, what, undo, *args):
        self.held.remove(what)
        undo(*args)

    def due(self, now=False):
        todo = [item for item in self.later if now or item[0] <= self.step]
        self.later = [item for item in self.later if item not in todo]
        for _, function, args in todo:
            function(*args)


class Tally:
    """Counts of operations, faults, and SAs that were refused because of a fault."""

    def __init__(self):
        self.count = collections.Counter()
        self.faults = collections.Counter()
        self.refusals = Refusals()


class Book:
    """The numbers of SAs and connections, and the facts about each SPI that the proof needs."""

    def __init__(self):
        self.spis = {}
        self.by_spi = {}
        # How many more times an SA of the SPI was added: xfrm draws a salt for each.
        self.lives = collections.Counter()
        self.next_spi = 0x1000
        self.next_id = 1


class Pair:
    """The second pair of namespaces, while there is one."""

    def __init__(self):
        self.site = None
        # How the next ones end.
        self.ways = []
        # Sums over all pairs: frames that each end sent, and those that the near NIC protected.
        self.sent, self.done = [0, 0], 0


class World:
    """All of it. Two namespaces with a NIC each are there from the beginning to the end."""

    def __init__(self, seed):
        self.seed = seed
        # For the beginning; begin_step() makes another for each step.
        self.rng = random.Random("%s/begin" % seed)
        self.traffic = traffic.Traffic(random.Random("%s/traffic" % seed))
        self.slab = net.Failslab()
        self.agenda, self.tally, self.book, self.pair = Agenda(), Tally(), Book(), Pair()
        # The last choice of each kind, where the same again would change nothing.
        self.last = {}
        gso = self.rng.random() < 0.5
        # Room for all, or for about half of them.
        self.slots = self.rng.choice((20, 1000))
        self.main = self.make_main(gso)
        self.traffic.call("site", self.main.names)
        # The states that there are without an SA.
        self.guards = 0

    def make_main(self, gso):
        nic = Nic(1)
        tool("devlink", "resource", "set", "ov2sim/" + nic.name, "path", "ipsec_sa",
             "size", str(self.slots))
        tool("devlink", "dev", "reload", "ov2sim/" + nic.name)
        tool("ip", "link", "set", nic.name, "netns", "a")
        site = Site(("a", "b"), (nic, Nic(2)), ("ov2sim5", "ov2sim6"), False, gso)
        site.packet_max = self.slots // 6
        site.link()
        for end in (0, 1):
            site.configure(end)
        if not gso:
            tool("ip", "-n", "a", "link", "set", nic.name, "gso_max_segs", "1")
        return site

    @property
    def nic(self):
        """The NIC under test."""
        return self.main.nics[0]

    def sites(self):
        return [site for site in (self.main, self.pair.site) if site]

    def begin_step(self):
        self.agenda.step += 1
        self.rng = random.Random("%s/%d" % (self.seed, self.agenda.step))

    def another(self, what, choices):
        """Not the one of last time."""
        self.last[what] = self.rng.choice([one for one in choices if one != self.last.get(what)])
        return self.last[what]

    def burst(self):
        """Something for all SAs to do, at once."""
        self.traffic.call("burst", 3)
        return True
