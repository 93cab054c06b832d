# SPDX-License-Identifier: GPL-2.0-only
"""What can be combined: axes of named values, what does not go together, and a generator that
has every pair of values occur."""
import itertools
import random

import topo

AXES = {
    "topo": tuple(topo.TOPOLOGIES),
    # Outside, and inside if that is another.
    "fam": ("4", "6", "46", "64"),
    "mode": ("transport", "tunnel"),
    # ESP in UDP: the usual port, another one, a socket that takes bursts, and a peer's port 0.
    "encap": ("none", "natt", "natt-port", "natt-gro", "natt-sport0"),
    "alg": ("gcm128-128", "gcm256-96", "chapoly", "cbc128-sha256", "gmac128", "null-sha1"),
    "esn": ("off", "on"),
    "window": ("32", "0", "128", "4096"),
    # Marks that the states set, in both directions.
    "mark": ("none", "set"),
    "life": ("none", "soft", "hard", "soft-bytes", "hard-bytes"),
    # Policies of A's for what is outside.
    "policy": ("none", "lan", "port", "lowprio", "block"),
    "gro": ("on", "off"),
    "tso": ("on", "off"),
    # How A's states are made: as iproute2 does, without XFRMA_SA_DIR, and with a flag of the
    # offload that contradicts the policy that uses the state.
    "netlink": ("dir", "nodir", "wrongdir"),
    "traffic": ("small", "sizes", "gso", "tcp", "ping", "options", "pmtu", "multicast"),
    "qdisc": tuple(topo.QDISCS),
    # Where packets wait while the event happens.
    "hold": ("none", "tbf", "neigh"),
    "event": ("none", "demote", "off", "reset", "reset-slow", "crash", "rekey", "updsa", "newae",
              "replay", "replay-options", "replay-fragments", "replay-mac", "delete", "mtu",
              "mac", "link", "migrate", "migrate-state", "namespace", "failover"),
}


class Scenario(dict):
    """A value for each axis."""

    def __getattr__(self, name):
        return self[name]

    def __str__(self):
        return " ".join("%s=%s" % (name, self[name]) for name, values in AXES.items()
                        if self[name] != values[0]) or "topo=plain"

    @classmethod
    def parse(cls, line):
        scenario = cls((name, values[0]) for name, values in AXES.items())
        for word in line.split():
            name, _, value = word.partition("=")
            if value not in AXES.get(name, ()):
                raise ValueError("unknown: %s" % word)
            scenario[name] = value
        return scenario

    @property
    def topology(self):
        return topo.TOPOLOGIES[self["topo"]]

    @property
    def outer(self):
        return int(self["fam"][0])

    @property
    def inner(self):
        return int(self["fam"][-1])

    def offloaded(self):
        """Whether the NIC must do what goes out and what comes in."""
        return (self.topology.tx and self["netlink"] != "wrongdir" and
                not (self["encap"] != "none" and ((self.outer == 6 or
                                                self.topology.hooked))),
                self.topology.rx)


    def packet(self):
        """Whether packet mode is for this scenario. README says of each why not."""
        topology = self.topology
        return not any(rule(self, topology) for _, rule in NO_PACKET)


# What packet mode cannot do, or does otherwise on purpose: a reason, and when.
NO_PACKET = (
    ("the kernel looks outer addresses up in the inner family", lambda s, t: len(s.fam) == 2),
    ("packets leave by another device than that of the SA", lambda s, t: t.top != "da"),
    ("inbound marks and if_ids are xfrm's to check", lambda s, t: t.key or t.if_id),
    ("the direction is refused", lambda s, t: s.netlink == "wrongdir"),
    ("multicast SAs are refused", lambda s, t: s.traffic == "multicast"),
    ("SAs that leave the NIC are expired", lambda s, t: s.event in ("off", "demote")),
    ("what the NIC does not take is dropped, not encrypted by software",
     lambda s, t: s.traffic == "options"),
    ("what NFQUEUE lets go looks for the inner destination's neighbour",
     lambda s, t: t.queue and s.mode == "tunnel"),
    ("7.3 does not migrate offloaded states", lambda s, t: s.event.startswith("migrate")),
    ("xfrm flushes outbound policies with their device",
     lambda s, t: s.event in ("link", "namespace")),
)

# What does not go together: a name, and when.
EXCLUDED = (
    ("two families are for tunnels", lambda s: len(s.fam) == 2 and s.mode != "tunnel"),
    ("gateways have tunnels", lambda s: s.topology.hosts and s.mode != "tunnel"),
    ("interfaces of xfrm's have tunnels",
     lambda s: (s.topology.if_id or s.topology.key) and s.mode != "tunnel"),
    ("vti is IPv4's", lambda s: s.topology.key and s.fam != "4"),
    ("the kernel itself lets nothing come in for vti if the default is to block",
     lambda s: s.topology.key and s.policy == "block"),
    ("tunnel devices are IPv4's, over transport mode, without ports of ESP",
     lambda s: s.topology.overlay and (s.mode != "transport" or s.fam != "4" or
                                       s.policy != "none")),
    ("tunnel devices find out about MTUs as time has it",
     lambda s: s.topology.overlay and s.event == "mtu"),
    ("the kernel itself loses most of it", lambda s: s.traffic == "options" and s.outer == 6 and
     s.encap == "natt-gro"),
    ("the kernel itself cuts streams in IPIP over ESP wrongly",
     lambda s: s.topo == "ipip" and s.traffic in ("tcp", "gso")),
    ("what comes later than the window is lost", lambda s: s.qdisc == "reorder" and
     s.traffic == "options" and s.window in ("32", "0")),
    ("without a window duplicates go on, also after the traffic is there",
     lambda s: s.qdisc == "duplicate" and s.window == "0"),
    ("the kernel itself loses multicast in ESP in UDP in a VRF, unless GRO decrypts it",
     lambda s: s.topo == "vrf" and s.traffic == "multicast" and s.encap != "none"),
    ("ESN needs a window", lambda s: s.esn == "on" and s.window == "0"),
    ("a port's policy is for ESP in UDP", lambda s: s.policy == "port" and s.encap == "none"),
    ("policies for what is outside would be for everything in transport mode",
     lambda s: s.policy in ("lan", "lowprio") and s.mode == "transport"),
    ("no answers, no stream", lambda s: not s.topology.down and s.traffic in ("tcp", "ping")),
    ("one qdisc at a time", lambda s: s.hold == "tbf" and s.qdisc != "none"),
    ("an answer to what is dropped in UDP when its state ends is one less for the other state",
     lambda s: s.life.startswith("hard") and s.encap != "none" and s.traffic == "ping"),
    ("what waits is for an event", lambda s: s.hold != "none" and s.event == "none"),
    ("what waits must not be answered first", lambda s: s.hold != "none" and s.traffic == "ping"),
    ("a stream waits for its neighbour only", lambda s: s.hold == "tbf" and s.traffic == "tcp"),
    ("neighbours: on the wire itself, where nothing asks for them",
     lambda s: s.hold == "neigh" and (s.topology.overlay or s.topology.hosts or s.topo == "vrf")),
    ("other devices have addresses and links of their own",
     lambda s: s.event in ("mac", "link", "namespace") and
     s.topo not in ("plain", "gateways", "nfqueue")),
    ("what waits in a port is gone when that is down",
     lambda s: s.event in ("link", "namespace") and (s.hold != "none" or s.qdisc == "duplicate")),
    ("a sender is told by gateways",
     lambda s: s.traffic == "pmtu" and (not s.topology.hosts or s.event != "none" or
                                        s.qdisc in ("netem", "reorder", "duplicate"))),
    ("groups are heard on a wire, not behind gateways",
     lambda s: s.traffic == "multicast" and (s.topology.hosts or s.topology.overlay or
                                             s.topology.key)),
    ("a worker hands on what is for a group, later than what is not",
     lambda s: s.traffic == "multicast" and s.topo in ("ipvlan", "macvlan")),
    ("what a program has not answered yet is neither here nor there",
     lambda s: s.topology.queue and (s.hold != "none" or s.life.startswith("hard"))),
    ("two ports are a bond's", lambda s: s.event == "failover" and not s.topology.ports()[1:]),
    ("what is beside the SAs may go by the other port, and overtake",
     lambda s: s.topo == "bond-two-xor" and (s.qdisc != "none" or s.hold == "tbf")),
    ("a vti's ends do not move", lambda s: s.event.startswith("migrate") and s.topology.key),
    ("ESN only has two halves", lambda s: s.event == "newae" and s.esn == "off"),
    ("replays are for what comes in", lambda s: s.event.startswith("replay") and
     (not s.topology.down or s.topo.startswith("vlan") or s.window == "0")),
    ("fragments are IPv4's here", lambda s: s.event in ("replay-options", "replay-fragments") and
     s.outer != 4),
    ("a lifetime ends the SA that the event is about",
     lambda s: s.life.startswith("hard") and s.event != "none"),
    ("lifetimes count packets and bytes, of which streams make more or fewer of",
     lambda s: s.life != "none" and (s.traffic in ("tcp", "gso") or s.topology.overlay or
                                     s.qdisc in ("reorder", "duplicate"))),
    ("options are the outer header's in transport mode", lambda s: s.traffic == "options" and
     (s.mode != "transport" or s.topology.overlay)),
    ("no wire's own address: nothing is bridged", lambda s: s.event == "replay-mac" and
     s.topology.third != "veth"),
    ("what is clear by nature shows nothing where that is looked for",
     lambda s: s.alg in ("gmac128", "null-sha1") and s.topo != "plain"),
    ("duplicates and a stream do nothing for each other",
     lambda s: s.traffic == "tcp" and s.qdisc in ("duplicate", "reorder")),
)


def valid(scenario):
    return not any(rule(scenario) for _, rule in EXCLUDED)


def pairs(scenario):
    return set(itertools.combinations(sorted(scenario.items()), 2))


class Generator:
    """Scenarios by a seed: each of the few tried that has most pairs which have not occurred."""
    TRIES = 12

    def __init__(self, seed, without=(), always=()):
        self.rng = random.Random(seed)
        self.always = {}
        for word in always:
            name, _, value = word.partition("=")
            self.always.setdefault(name, []).append(value)
        self.without = [tuple(word.split("=")) for word in without]
        self.left = self.possible()

    def draw(self, fixed=()):
        """A scenario with those values, or None if there is none."""
        for _ in range(60):
            scenario = Scenario((name, values[0] if self.rng.random() < 0.35 else
                                 self.rng.choice(values)) for name, values in AXES.items())
            scenario.update((name, self.rng.choice(of)) for name, of in self.always.items())
            scenario.update(fixed)
            if valid(scenario) and not any(scenario[name] == value
                                           for name, value in self.without):
                return scenario
        return None

    def possible(self):
        axes = {**AXES, **self.always}
        return {((one, v), (two, w)) for one, two in itertools.combinations(sorted(axes), 2)
                for v in axes[one] for w in axes[two]}

    def next(self):
        while self.left:
            pair = self.rng.choice(sorted(self.left)) if len(self.left) < 400 else \
                next(iter(sorted(self.left)))
            found = [s for s in (self.draw(pair) for _ in range(self.TRIES)) if s]
            if not found:
                self.left.discard(pair)
                continue
            best = max(found, key=lambda s: len(pairs(s) & self.left))
            self.left -= pairs(best)
            return best
        while True:
            scenario = self.draw()
            if scenario:
                return scenario
