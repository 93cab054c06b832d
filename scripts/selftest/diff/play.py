# SPDX-License-Identifier: GPL-2.0-only
"""One scenario in one of the kinds: made, run, observed, taken away."""
import dataclasses
import random
import time

import events
import migrate
import observe
from soak import net
import topo
import traffic
import world as worlds
import xfrm

REQID, SPI = 9, 0x1000
MARK = 0x42
SOFT, HARD, BYTES = 6, 9, 200
ECHO = {4: (1, 8, 0), 6: (58, 128, 129)}
NOTHING = (net.FOREVER, net.FOREVER)
LOOKS = 3
EVENTS = {**events.EVENTS, **migrate.EVENTS}
# What the NIC and the core have dropped.
DROPS = ("ipsec_sa_tx_drop_no_sa", "ipsec_sa_rx_drop_no_sa", "ipsec_sa_rx_drop_held",
         "ipsec_tx_drop_no_state", "ipsec_tx_drop_mismatch", "tx_drop_bad_descriptor", "ipsec_rx_drop")


class Run:
    """A scenario in a world that stays for others."""

    def __init__(self, world, scenario, seed=0):
        self.world, self.scenario, self.topology = world, scenario, scenario.topology
        self.rng = random.Random("%s/%s" % (seed, scenario))
        self.a, self.b = world["A"], world["B"]
        self.packet = world.kind == worlds.PACKET
        self.nic = world.nics.get(("A", "da")) if self.packet or world.kind == worlds.CRYPTO \
            else None
        self.xfrm_a, self.xfrm_b = net.Netlink(self.a), net.Netlink(self.b)
        self.sas, self.generation, self.names = [], 0, {}
        # Policies with a template: xfrm of A or B, selector, direction, and whether it is for
        # what A sends.
        self.protected = []
        self.undo, self.later, self.closing = [], [], [self.xfrm_a, self.xfrm_b]
        self.seen = {}
        self.wire = observe.Wire(world.taps["M", "dm"])
        self.host = observe.Wire(world.taps["A", "da"])
        self.third = observe.Wire(world.taps[self.topology.third_tap()]) \
            if self.topology.third else None
        self.fence = self.flow = None
        self.ends()

    def keep(self, thing):
        self.closing.append(thing)
        return thing

    def must(self, what, err):
        if err:
            raise worlds.SetupError("%s: %s" % (what, events.errno_name(err)))

    # Where

    def ends(self):
        """The addresses of SAs and of the traffic, and where its sockets are."""
        s, topology = self.scenario, self.topology
        self.outer = topo.WIRE[s.outer]
        if topology.overlay:
            self.inner = topo.OVERLAY[s.inner]
        elif topology.hosts:
            self.inner = topo.HOSTS[s.inner]
        else:
            self.inner = topo.INNER[s.inner] if s.mode == "tunnel" else self.outer
        a, b = (self.world["HA"], self.world["HB"]) if topology.hosts else (self.a, self.b)
        self.near = traffic.End(a, self.inner[0], topology.bind)
        self.far = traffic.End(b, self.inner[1])

    # States and policies

    def sa(self, up, out, group=False):
        """A state for what goes up or down, of its sender (out) or its receiver."""
        s = self.scenario
        src, dst = self.outer if up else reversed(self.outer)
        if group:
            dst = traffic.GROUPS[s.outer][not up]
        here = up == out
        port = {"none": 0, "natt-port": 10000}.get(s.encap, 4500)
        extra = self.owner() if here else b""
        if s.mark == "set" and here:
            extra += xfrm.set_mark(MARK)
        limits, byte_limits = NOTHING, NOTHING
        if s.life != "none" and here:
            limits = (SOFT, net.FOREVER if s.life.startswith("soft") else HARD)
            if s.life.endswith("bytes"):
                # Those of about as many packets.
                byte_limits = tuple(min(limit * BYTES, net.FOREVER) for limit in limits)
                limits = NOTHING
        offload = here and self.nic is not None
        wrong = s.netlink == "wrongdir" and offload and out
        return net.Sa(
            src=src, dst=dst, spi=SPI + (not up) + 2 * group, reqid=REQID,
            mode=net.TUNNEL if s.mode == "tunnel" else net.TRANSPORT, alg=s.alg,
            keys=self.keys[2 * group + (not up)], out=out, esn=s.esn == "on", window=int(s.window),
            encap=(port if up or s.encap != "natt-sport0" else 0, port) if port else (),
            unspec=s.outer != s.inner,
            ifindex=self.a.ifindex(self.topology.offload) if offload else 0, limits=limits,
            byte_limits=byte_limits,
            packet=self.packet, inbound=True if wrong else None, direction=not here or s.netlink == "dir",
            extra=extra)

    def owner(self):
        """What binds A's states and policies to an interface."""
        if self.topology.if_id:
            return xfrm.if_id(self.topology.if_id)
        return xfrm.mark(self.topology.key) if self.topology.key else b""

    def name_of(self, netlink, sa):
        """What names a state in a message: where and whose it is, and its mark."""
        marked = self.topology.key and netlink is self.xfrm_a
        return net.state_id(sa.dst, sa.spi), self.owner() if marked else b""

    def delete_sa(self, netlink, sa):
        return netlink.request(net.DELSA, b"".join(self.name_of(netlink, sa)))

    def without_offload(self, index):
        """The state again, for software: 7.3 does not let the NIC have it."""
        netlink, sa = self.sas[index]
        sa = dataclasses.replace(sa, ifindex=0)
        self.sas[index] = netlink, sa
        return netlink.request(net.NEWSA, net.state(sa), 0x600)

    def multicast(self):
        return self.scenario.traffic == "multicast"

    def install(self, number):
        """A generation of SAs, the receiving ones first."""
        self.generation = number
        self.keys = [net.new_keys(self.scenario.alg, self.rng) for _ in range(4)]
        # A tunnel takes what is sent to a group; in transport mode a group has its own states.
        groups = (False, True) if self.multicast() and self.scenario.mode == "transport" else (
            False,)
        self.sas = [(netlink, events.generation(self.sa(up, out, group), number))
                    for group in groups for netlink, up, out in (
                        (self.xfrm_b, True, False), (self.xfrm_a, False, False),
                        (self.xfrm_b, False, True), (self.xfrm_a, True, True))]
        for index, (netlink, sa) in enumerate(self.sas):
            err = netlink.request(net.NEWSA, net.state(sa), 0x600)
            if err and sa.ifindex and self.topology.if_id and (sa.inbound or not sa.out):
                err = self.without_offload(index)
            end = "A" if netlink is self.xfrm_a else "B"
            name = ("out" if sa.out else "in") + (".group" if sa.spi & 2 else "")
            if err:
                self.seen["refused.%s.%s" % (end, name)] = err
                self.must("NEWSA %s %s" % (end, name), err)
            self.names[end, sa.spi] = name + "'" * number

    def selected(self):
        """What is protected: protocol, ports at A and B (or ICMP's types, there and back)."""
        if self.topology.overlay:
            proto, port = self.topology.carried
            return [(proto, (0, port), (0, port))]
        proto, there, back = ECHO[self.scenario.inner]
        ports = (traffic.NEAR, traffic.FAR)
        return [(topo.UDP, ports, ports[::-1]), (topo.TCP, ports, ports[::-1]),
                (proto, (there, 0), (back, 0)), (proto, (back, 0), (there, 0))]

    def selectors(self):
        """Pairs: of what A sends, and of what B does."""
        near, far = self.outer if self.topology.overlay else self.inner
        family = net.family_of(near)
        bits = 32 if family == net.AF_INET else 128
        pairs = [((near, far), up, (far, near), down, proto) for proto, up, down in self.selected()]
        if self.multicast():
            groups = traffic.GROUPS[self.scenario.inner]
            pairs.append(((near, groups[0]), (traffic.NEAR, traffic.FAR),
                          (far, groups[1]), (traffic.FAR, traffic.NEAR), topo.UDP))
        for out, up, into, down, proto in pairs:
            yield (xfrm.any_selector(family, *out, bits, proto, *up),
                   xfrm.any_selector(family, *into, bits, proto, *down))

    def policies(self):
        for out, into in self.selectors():
            for netlink, up, one, other in ((self.xfrm_a, True, out, into),
                                            (self.xfrm_b, False, into, out)):
                self.protected.append((netlink, one, "out", up))
                self.protected.append((netlink, other, "in", not up))
                if self.topology.hosts:
                    self.protected.append((netlink, other, "fwd", not up))
                    self.policy(netlink, one, "fwd", 100)
        for protected in self.protected:
            self.protect(*protected)

    def protect(self, netlink, selector, direction, up, kind=net.NEWPOLICY):
        """A policy with the template for what goes up or down."""
        mode = net.TUNNEL if self.scenario.mode == "tunnel" else net.TRANSPORT
        tmpl = net.template(*(self.outer if up else self.outer[::-1]), REQID, mode)
        self.policy(netlink, selector, direction, 100, tmpl,
                    self.owner() if netlink is self.xfrm_a else b"", kind)

    def policy(self, netlink, selector, direction, priority, tmpl=None, extra=b"",
               kind=net.NEWPOLICY):
        if self.packet and netlink is self.xfrm_a:
            extra += net.offload(self.a.ifindex(self.topology.offload), net.OFFLOAD_PACKET)
        self.must("NEWPOLICY", netlink.request(
            kind, xfrm.policy(selector, direction, priority, tmpl, extra), 0x600))

    def more_policies(self):
        """What an IKE daemon or a user has for the outer packets."""
        which = self.scenario.policy
        family = net.family_of(self.outer[0])
        lan = ("10.1.0.0", 24) if family == net.AF_INET else ("fd01::", 64)
        if which == "lan":
            for direction in ("in", "out", "fwd"):
                self.policy(self.xfrm_a, xfrm.any_selector(family, lan[0], lan[0], lan[1]),
                            direction, 50)
        elif which == "lowprio":
            for direction in ("in", "out", "fwd"):
                self.policy(self.xfrm_a, xfrm.any_selector(family), direction, 9999)
        elif which == "port":
            port = self.sas[0][1].encap[1]
            self.policy(self.xfrm_a, xfrm.any_selector(family, proto=17, dport=port), "in", 1)
            self.policy(self.xfrm_a, xfrm.any_selector(family, proto=17, sport=port), "out", 1)
        elif which == "block":
            # The fence, and neighbours.
            self.policy(self.xfrm_a, xfrm.any_selector(
                net.AF_INET, proto=17, dport=traffic.FENCE_NEAR), "in", 1)
            self.policy(self.xfrm_a, xfrm.any_selector(net.AF_INET6, proto=58), "in", 1)
            self.must("SETDEFAULT", xfrm.set_default(self.xfrm_a, xfrm.BLOCK))
            self.undo.append(lambda: xfrm.set_default(self.xfrm_a, xfrm.ACCEPT))

    def prepare(self):
        s = self.scenario
        if self.topology.hosts or s.event == "mtu":
            # What has been learned of the path.
            for space in self.world.spaces.values():
                self.undo.append(lambda space=space: space.ip("route flush cache"))
        for dev in self.topology.ports():
            self.a.ethtool_set(dev, worlds.GRO, s.gro == "on")
            self.a.ethtool_set(dev, worlds.TSO, s.tso == "on")
        topo.qdisc(self.world, s.qdisc)
        if s.encap != "none":
            port = 10000 if s.encap == "natt-port" else 4500
            for sock in (traffic.natt_sockets(self.a, port, s.encap == "natt-gro",
                                              self.topology.bind) +
                         traffic.natt_sockets(self.b, port, False)):
                self.keep(sock)
        self.install(0)
        self.policies()
        self.more_policies()
        events.settled(self)
        self.fence = self.keep(traffic.Fence(
            traffic.End(self.a, topo.WIRE[4][0], self.topology.bind),
            traffic.End(self.b, topo.WIRE[4][1]), self.topology.down,
            # A program is asked twice about a packet that xfrm encrypts, and about ESP as often;
            # the last may be an answer.
            3 if self.topology.queue else 1))
        self.flow = self.keep(self.datagrams_flow())

    # Traffic

    def datagrams_flow(self):
        if not self.multicast():
            return traffic.Datagrams(self.near, self.far)
        # Of an interface of xfrm's is what it has decrypted.
        return traffic.Groups(self.near, self.far, ("xf0" if self.topology.if_id else
                                                    self.topology.top, self.topology.far))

    def await_all(self, drain, complete):
        """Until all are there, or a fence has passed and nothing more comes."""
        while not complete():
            if drain() or self.quiet(drain):
                continue
            # xfrm hands on some of what it has decrypted a moment later.
            if not self.fence.passed() or not self.quiet(drain):
                return

    def quiet(self, drain):
        """What has come until nothing did for a while."""
        count = looks = 0
        while looks < LOOKS:
            time.sleep(0.003)
            came = drain()
            looks = 0 if came else looks + 1
            count += came
        return count

    def deliver(self):
        self.await_all(self.flow.drain, lambda: self.flow.complete() and self.topology.down)

    def small(self):
        for way in (0, 1):
            self.flow.send(way, [200] * 4)
        self.deliver()

    def middle(self):
        if self.scenario.event != "none":
            EVENTS[self.scenario.event](self)

    def datagrams(self):
        kind = traffic.DATAGRAMS[self.scenario.traffic]
        hold, free = events.HOLDS.get(self.scenario.hold, (None, None))
        if hold:
            hold(self)
        kind(self.flow, 0)
        if hold:
            # What has got past is not in the NIC when that is reset.
            self.quiet(self.flow.drain)
        else:
            kind(self.flow, 1)
            self.deliver()
        self.middle()
        if hold:
            free(self)
            kind(self.flow, 1)
            self.deliver()
        elif self.scenario.event != "none":
            kind(self.flow, 0)
            kind(self.flow, 1)
            self.deliver()

    def stream(self):
        self.flow.close()
        flow = traffic.Stream(self.near, self.far)
        hold, free = events.HOLDS.get(self.scenario.hold, (None, None))
        try:
            if flow.accept():
                flow.transfer(0, traffic.STREAM // 2)
                if hold:
                    hold(self)
                    flow.write(0, 10000)
                self.middle()
                if hold:
                    free(self)
                flow.transfer(0, traffic.STREAM)
                flow.transfer(1, traffic.STREAM)
            self.seen["stream"] = flow.said
            self.seen["stream.retransmitted"] = flow.retransmitted()
        finally:
            flow.close()
        self.closing.remove(self.flow)
        numbers = self.flow.number
        flow = self.keep(traffic.Datagrams(self.near, self.far))
        flow.number, flow.sent = numbers, self.flow.sent
        flow.got, flow.told = self.flow.got, self.flow.told
        self.flow = flow

    def ping(self):
        flow = self.keep(traffic.Ping(self.near, self.far))
        sent = 0
        for half in (0, 1):
            for _ in range(flow.COUNT):
                sent += 1
                flow.send(sent, 64 if sent % 2 else 2000)
                if sent == 1:
                    # conntrack of 6.12 drops what is sent before it has confirmed the first.
                    self.await_all(flow.drain, lambda: flow.answers)
            self.await_all(flow.drain, lambda: len(flow.answers) >= sent)
            if not half:
                self.middle()
        self.seen["ping"] = flow.answers
        self.seen["ping.told"] = flow.told

    def is_esp(self, raw):
        return bool(observe.Frame(raw).esp)

    def play(self):
        """Everything; what was seen."""
        try:
            self.prepare()
            monitor = self.keep(xfrm.Monitor(self.a))
            nft = self.keep(xfrm.Counters(self.a))
            for wire in (self.wire, self.host, self.third):
                if wire:
                    wire.clear()
            before = observe.Snapshot(self.world, nft)
            nic = self.nic.numbers() if self.nic else {}
            self.small()
            if self.nic:
                self.worked(nic)
            self.seen.update(("vacuous nfqueue", 1) for program in self.world.programs
                             if not program.asked)
            kind = self.scenario.traffic
            {"tcp": self.stream, "ping": self.ping}.get(kind, self.datagrams)()
            for last in self.later:
                last()
            self.small()
            self.observe(before, monitor, nic)
        finally:
            self.close()
        return self.seen

    def worked(self, before):
        """The NIC has done what it is for."""
        now = self.nic.numbers()
        for name, expected in zip(("ipsec_tx_pkts", "ipsec_rx_pkts"), self.scenario.offloaded()):
            if expected and now[name] == before[name]:
                self.seen["vacuous " + name] = 1

    def observe(self, before, monitor, nic):
        seen = self.seen
        for name, way in (("up", 0), ("down", 1)):
            seen[name] = self.flow.got[way]
            seen[name + ".told"] = self.flow.told[way]
        seen.update(before.grown())
        for end, came in zip("AB", self.fence.got):
            seen["snmp.%s.Udp.InDatagrams" % end] -= came
        for end, netlink in (("A", self.xfrm_a), ("B", self.xfrm_b)):
            observe.look_at_states(seen, netlink, end, {
                spi: name for (where, spi), name in self.names.items() if where == end})
        seen["events"] = sorted(monitor.drain())
        for wire in (self.wire, self.host, self.third):
            if wire:
                wire.drain()
        came, third = self.wire.came, self.third.came if self.third else []
        if self.topology.detour:
            came, third = third, came
        elif self.topology.ports()[1:]:
            came, third = came + third, []
        observe.look_at_wire(seen, came, third, net.iv_len(self.scenario.alg),
                             net.in_clear(self.scenario.alg), self.scenario.traffic == "tcp")
        observe.look_at_tap(seen, self.host)
        if self.nic:
            now = self.nic.numbers()
            seen.update(("nic." + name, now[name] - nic[name]) for name in DROPS if name in now)

    def close(self):
        for undo in reversed(self.undo):
            undo()
        topo.no_qdisc(self.world)
        topo.neighbours(self.world, self.topology)
        for netlink in (self.xfrm_a, self.xfrm_b):
            netlink.request(net.FLUSHSA, b"\0", 0)
            netlink.request(net.FLUSHPOLICY, b"", 0)
        for thing in self.closing:
            thing.close()
        if self.nic and not events.wait(lambda: not self.nic.core_sas()):
            raise worlds.SetupError("SAs are left in the NIC")
