# SPDX-License-Identifier: GPL-2.0-only
"""Topologies as data: what stands between the sockets at A and those at B.

               A                          B             tunnel mode has its own addresses:
   10.1.0.1 fd01::1 (top)     10.1.0.2 fd01::2 (far)    10.2.0.x fd02::x
   hosts behind gateways: 10.3.0.1 fd03::1 (HA), 10.4.0.1 fd04::1 (HB)
   tunnel devices over transport mode (ov0): 10.5.0.x fd05::x
"""
import dataclasses

import nfqueue
import world as worlds

MACS = {"C": "02:00:00:00:00:0c", "bridge": "02:00:00:00:b0:01"}
OV0_MAC = "02:00:00:00:05:%02x"
UDP, TCP, GRE, IPIP = 17, 6, 47, 4
IF_ID, KEY = 42, 67


@dataclasses.dataclass(frozen=True)
class Topology:
    """One way from A to B. Lines are ip's or tc's; {peer} and {mine} are addresses on the wire."""
    # The devices that have the addresses on the wire, and the one that SAs name.
    top: str = "da"
    far: str = "db"
    offload: str = "da"
    a: tuple = ()
    b: tuple = ()
    tc: tuple = ()
    modules: tuple = ()
    # The third machine's link, dc at A: "veth" or "wire" (a NIC where A has one). "port": dc is
    # A's second port, and leads to M.
    third: str = ""
    hosts: bool = False
    # ov0 over transport mode: lines of A and of B, and what a policy selects: (protocol, port).
    overlay: tuple = ()
    carried: tuple = ()
    # Sockets of A are bound to it.
    bind: str = ""
    # Whether the NIC must have done the work for the scenario to say anything.
    tx: bool = True
    rx: bool = True
    # The redirect takes away what comes from B.
    down: bool = True
    # What A sends leaves by dc, and C hands it on to B.
    detour: bool = False
    # A's states and policies belong to an interface that decides what is protected.
    if_id: int = 0
    key: int = 0
    # nft's table of A, after all devices are there; the flags of the queue that it sends to.
    nft: str = ""
    queue: tuple = ()

    def ports(self):
        return ("da", "dc") if self.third == "port" else ("da",)

    def third_tap(self):
        return ("M", "dn") if self.third == "port" else ("C", "dd")

    @property
    def hooked(self):
        """Whether the port has an egress hook."""
        return "hook egress" in self.nft or any("clsact" in line for line in self.tc)


def over(kind, words, carried, modules):
    line = "link add ov0 %s type %s %s" % ("address {mac}" if "id" in words else "", kind, words)
    return Topology(overlay=tuple(
        line.format(mine="10.1.0.%d" % me, peer="10.1.0.%d" % (3 - me), mac=OV0_MAC % me)
        for me in (1, 2)),
        carried=carried, modules=modules)


def bond(mode, offload):
    # ov2 takes SAs of its own port only; and xfrm sends by a device's NIC what is routed to it.
    return Topology(
        top="bond0", offload=offload, modules=("bonding",), tx=False, rx=offload != "bond0",
        a=("link set da down", "link add bond0 type bond mode %s miimon 20" % mode,
           "link set da master bond0", "link set bond0 up", "link set da up"))


def two_ports(words):
    """Both ports lead to B; what B sends comes by the first until the switch has it otherwise. SAs
    name the first."""
    return Topology(
        top="bond0", offload="da", modules=("bonding",), third="port", tx=False,
        a=("link set da down", "link set dc down",
           "link add bond0 type bond miimon 20 " + words,
           "link set da master bond0", "link set dc master bond0", "link set bond0 up",
           "link set da up", "link set dc up"))


def bridge(words):
    # The NIC leaves frames to another address than the port's alone. Without an address of its own
    # a bridge takes the lowest of its ports'.
    return Topology(
        top="br0", third="veth", tx=False, rx=not words,
        a=("link set dc address fe:ff:ff:ff:ff:fe",
           "link add br0 %s type bridge mcast_snooping 0" % words, "link set da master br0",
           "link set dc master br0", "link set br0 up"))


EGRESS = ("qdisc add dev da clsact",
          "filter add dev da egress protocol all matchall action mirred egress %s dev dc")
REDIRECT = ("filter add dev %s ingress protocol all prio 9 matchall action mirred egress "
            "redirect dev %s")
INGRESS = ("qdisc add dev da clsact",
           "filter add dev da ingress protocol all matchall "
           "%s action mirred egress redirect dev dc")



def queued(*flags):
    """Everything that A sends waits for a program's verdict, as it was and as it leaves."""
    return Topology(
        modules=("nft_queue", "nfnetlink_queue"), queue=flags,
        nft="table inet asked {%s}" % "".join(
            "chain %s { type filter hook %s priority 20; queue num %d; };" % (
                hook, hook, nfqueue.NUMBER) for hook in ("output", "postrouting")))


def at_egress(verb, **more):
    return Topology(
        third="veth", modules=("nft_%s_netdev" % verb,), **more,
        nft="table netdev out { chain out { type filter hook egress device da priority 0; "
        "%s to dc; }; }" % verb)


TOPOLOGIES = {
    "plain": Topology(),
    "gateways": Topology(hosts=True),
    "bridge": bridge(""),
    "bridge-own-mac": bridge("address " + MACS["bridge"]),
    "bond": bond("active-backup", "bond0"),
    "bond-slave": bond("active-backup", "da"),
    "bond-xor": bond("balance-xor", "da"),
    "bond-two": two_ports("mode active-backup num_grat_arp 0"),
    # By what does not differ from run to run, such as MAC addresses.
    "bond-two-xor": two_ports("mode balance-xor xmit_hash_policy layer3+4"),
    "vlan": Topology(top="v9", far="v9", tx=False, rx=False,
                     a=("link add link da name v9 type vlan id 9",),
                     b=("link add link db name v9 type vlan id 9",)),
    "vlan-tc": Topology(
        tx=False, rx=False, modules=("act_vlan",), far="v9",
        b=("link add link db name v9 type vlan id 9",),
        tc=("qdisc add dev da clsact",
            "filter add dev da egress protocol all matchall action vlan push id 9",
            "filter add dev da ingress protocol 802.1q matchall action vlan pop")),
    "macvlan": Topology(top="mv0", tx=False, rx=False,
                        a=("link add mv0 link da type macvlan mode bridge",)),
    "ipvlan": Topology(top="iv0", tx=False, modules=("ipvlan",),
                       a=("link add iv0 link da type ipvlan mode l2",)),
    "vrf": Topology(bind="vrf0", modules=("vrf",),
                    a=("link add vrf0 type vrf table 10", "link set vrf0 up",
                       "link set da master vrf0")),
    "gre": over("gre", "local {mine} remote {peer}", (GRE, 0), ("ip_gre",)),
    "ipip": over("ipip", "local {mine} remote {peer}", (IPIP, 0), ()),
    "vxlan": over("vxlan", "id 5 local {mine} remote {peer} dstport 4789 noudpcsum",
                  (UDP, 4789), ("vxlan",)),
    "geneve": over("geneve", "id 5 remote {peer}", (UDP, 6081), ("geneve",)),
    "mirror": Topology(third="veth", tc=(EGRESS[0], EGRESS[1] % "mirror")),
    "mirror-port": Topology(third="wire", tc=(EGRESS[0], EGRESS[1] % "mirror")),
    "redirect": Topology(third="veth", down=False, tc=(INGRESS[0], INGRESS[1] % "")),
    "redirect-port": Topology(third="wire", down=False, tc=(INGRESS[0], INGRESS[1] % "")),
    "redirect-vlan": Topology(
        third="wire", down=False, modules=("act_vlan",),
        tc=(INGRESS[0], INGRESS[1] % "action vlan push id 9")),
    # What NFQUEUE is given it segments, unless the program takes bursts.
    "nfqueue": queued(0),
    "nfqueue-gso": queued(nfqueue.GSO),
    # The port that it leaves by has not got the SAs.
    "egress-redirect": Topology(third="veth", tx=False, detour=True,
                                tc=(EGRESS[0], EGRESS[1] % "redirect")),
    "egress-redirect-port": Topology(third="wire", tx=False, detour=True,
                                     tc=(EGRESS[0], EGRESS[1] % "redirect")),
    "nft-fwd": at_egress("fwd", tx=False, detour=True),
    "nft-dup": at_egress("dup"),
    # What comes in waits elsewhere.
    "ifb": Topology(
        modules=("ifb",), a=("link add ifb0 type ifb", "link set ifb0 up"),
        tc=("qdisc add dev ifb0 root netem delay 5ms", "qdisc add dev da clsact",
            "filter add dev da ingress protocol all matchall action mirred egress redirect "
            "dev ifb0")),
    # 7.3 offloads no state with an if_id that receives.
    "xfrmi": Topology(if_id=IF_ID, rx=False,
                      a=("link add xf0 type xfrm dev da if_id %d" % IF_ID, "link set xf0 up")),
    "vti": Topology(key=KEY, rx=False,
                    a=("link add vt0 type vti local 10.1.0.1 remote 10.1.0.2 key %d" % KEY,
                       "link set vt0 up")),
}

# The qdisc of A's port. None drops because a machine is slow. mqprio needs a port with more than one
# queue, which would change the order of what comes in.
QDISCS = {
    "none": "",
    "fq": "fq",
    "fq_codel": "fq_codel target 10s interval 10s",
    "cake": "cake bandwidth 400mbit rtt 10s",
    "tbf": "tbf rate 400mbit burst 20kb latency 400ms",
    "netem": "netem delay 2ms",
    "duplicate": "netem duplicate 100%",
    "reorder": "netem delay 4ms reorder 50% gap 3",
    "sfq": "sfq",
    "htb": "htb default 1",
}
QDISC_MORE = {"htb": ("class add dev da parent 1: classid 1:1 htb rate 400mbit",)}
QDISC_HANDLE = {"htb": "handle 1: "}
MODULES = ("sch_cake", "sch_htb", "sch_sfq", "act_mirred", "act_vlan", "cls_matchall",
           "sch_netem", "sch_tbf", "sch_fq", "sch_fq_codel", "sch_ingress", "veth")

WIRE = {4: ("10.1.0.1", "10.1.0.2"), 6: ("fd01::1", "fd01::2")}
# A's other address there.
ROAMED = {4: "10.1.0.3", 6: "fd01::3"}
INNER = {4: ("10.2.0.1", "10.2.0.2"), 6: ("fd02::1", "fd02::2")}
HOSTS = {4: ("10.3.0.1", "10.4.0.1"), 6: ("fd03::1", "fd04::1")}
OVERLAY = {4: ("10.5.0.1", "10.5.0.2"), 6: ("fd05::1", "fd05::2")}

# One table of nft counters at A: hook, and what is counted there.
COUNTED = {
    "esp": "meta l4proto esp",
    "natt": "udp dport 4500",
    "natt-other": "udp dport 10000",
    "udp": "udp dport 7",
    "udp-back": "udp sport 7",
    "tcp": "meta l4proto tcp",
    "secure": "meta ipsec exists",
    "marked": "meta mark 0x42",
    "invalid": "ct state invalid",
    "tracked": "ct state { new, established }",
}
HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
# That a packet will be protected is known of its route only.
LATE = {"meta ipsec exists": "rt ipsec exists"}


def counters():
    # Who is in a group tells so when a timer has it.
    lines = ["table inet diff {"] + [
        "chain quiet_%s { type filter hook %s priority -300; meta l4proto 2 drop; }" % (hook, hook)
        for hook in ("prerouting", "output")]
    for hook in HOOKS:
        names = {"%s_%s" % (hook, name.replace("-", "_")):
                 LATE.get(match, match) if hook in HOOKS[3:] else match
                 for name, match in COUNTED.items()}
        lines += ["counter %s { }" % name for name in names]
        lines.append("chain c_%s { type filter hook %s priority 10;" % (hook, hook))
        lines.append("udp dport { 9, 20009 } return")
        lines += ["%s counter name %s" % (match, name) for name, match in names.items()]
        lines.append("}")
    return "\n".join(lines + ["}"])


def addresses(space, dev, me):
    space.ip("addr add 10.1.0.%d/24 dev %s" % (me, dev), "addr add fd01::%d/64 dev %s nodad" % (
        me, dev), "link set %s up" % dev)


def build(topology, kind):
    """A world with that topology."""
    world = worlds.World(kind)
    try:
        furnish(world, topology)
    except BaseException:
        world.close()
        raise
    return world


def furnish(world, topo):
    a, b = world["A"], world["B"]
    world.wire("A", "da", "M", "dm")
    world.veth("B", "db", "M", "vm")
    world.patch("dm", "vm")
    # What goes to A is single packets, so that all kinds see them as such, and put them together.
    world["M"].ethtool_set("dm", worlds.TSO, 0)
    # What goes to B is copied: B would decrypt ESP in UDP in the very pages that a tap of M's has.
    world["M"].ethtool_set("vm", worlds.SG, 0)
    a.ip("link set da up")
    b.ip("link set db up")
    if topo.third == "veth":
        world.veth("A", "dc", "C", "dd")
    elif topo.third == "wire":
        world.wire("A", "dc", "C", "dd")
    if topo.third == "port":
        second_port(world)
    elif topo.third:
        world["C"].ip("link set dd address " + MACS["C"], "link set dd up")
        world["C"].ethtool_set("dd", worlds.GRO, 0)
        a.ip("link set dc up")
        world.tap("C", "dd")
    a.ip(*topo.a)
    b.ip(*topo.b)
    addresses(a, topo.top, 1)
    addresses(b, topo.far, 2)
    inner(a, topo.bind or "lo", 1, 2)
    inner(b, "lo", 2, 1)
    a.tc(*topo.tc)
    if topo.detour:
        detour(world)
    for space, line, me in zip((a, b), topo.overlay, (1, 2)):
        # Without neighbours to look for it has no groups to report, as time has it, to the other.
        space.ip(line, "addr add 10.5.0.%d/24 dev ov0" % me, "link set ov0 arp off",
                 "addr add fd05::%d/64 dev ov0 nodad" % me, "link set ov0 up")
        if "address" in line:
            space.ip(*("neigh add %s lladdr %s dev ov0 nud permanent" % (addr, OV0_MAC % (3 - me))
                       for addr in ("10.5.0.%d" % (3 - me), "fd05::%d" % (3 - me))))
    for dev, there in (("xf0", topo.if_id), ("vt0", topo.key)):
        if there:
            a.ip("route replace 10.2.0.2/32 dev %s src 10.2.0.1" % dev,
                 "route replace fd02::2/128 dev %s src fd02::1" % dev)
    if topo.key:
        a.sysctl("ipv4/conf/vt0/disable_policy", 1)
    if topo.hosts:
        hosts(world)
    neighbours(world, topo)
    # Nor is anybody asked while one is unknown.
    for dev in ("dm", "dn")[:len(topo.ports())]:
        world["M"].tc(
            "filter add dev %s ingress protocol arp prio 1 matchall action drop" % dev,
            "filter add dev %s ingress protocol ipv6 prio 2 u32 match u8 0x3a 0xff at 6 "
            "match u8 135 0xff at 40 action drop" % dev)
    a.nft(counters())
    if topo.queue:
        world.programs.append(nfqueue.Consumer(a, *topo.queue))
    if topo.nft:
        a.nft(topo.nft)
    world.tap("M", "dm")
    world.tap("A", "da")


def second_port(world):
    """What A sends by it goes to B, too."""
    world.wire("A", "dc", "M", "dn")
    m = world["M"]
    m.ip("link set dn up")
    m.tc("qdisc add dev dn clsact", REDIRECT % ("dn", "vm"))
    m.ethtool_set("dn", worlds.GRO, 0)
    m.ethtool_set("dn", worlds.TSO, 0)
    world["A"].ip("link set dc up")
    world.tap("M", "dn")


def switch_to(world, dev):
    """What B sends goes to A by that port."""
    world["M"].tc("filter del dev vm ingress protocol all prio 9", REDIRECT % ("vm", dev))


def detour(world):
    """What comes to C goes on to B; what B sends takes the usual way."""
    world.veth("C", "de", "M", "vc")
    world.patch("dd", "de", "C")
    world["M"].ip("link set vc up")
    world["M"].tc("qdisc add dev vc clsact",
                  "filter add dev vc ingress protocol all prio 9 matchall action mirred egress "
                  "redirect dev vm")


def inner(space, dev, me, you):
    """The addresses inside tunnels, and the way to the other's."""
    where = " vrf vrf0" if dev == "vrf0" else ""
    space.ip("addr add 10.2.0.%d/32 dev %s" % (me, dev),
             "addr add fd02::%d/128 dev %s nodad" % (me, dev),
             "route add 10.2.0.%d/32%s via 10.1.0.%d src 10.2.0.%d" % (you, where, you, me),
             "route add fd02::%d/128%s via fd01::%d src fd02::%d" % (you, where, you, me))


def restored(topo):
    """What has gone with A's port when it was down or elsewhere."""
    ways = [("10.2.0.2/32", "10.1.0.2 src 10.2.0.1"), ("fd02::2/128", "fd01::2 src fd02::1")]
    if topo.hosts:
        ways += [("10.4.0.0/24", "10.1.0.2"), ("fd04::/64", "fd01::2")]
    return ["addr replace 10.1.0.1/24 dev da", "addr replace fd01::1/64 dev da nodad"] + [
        "route replace %s via %s" % way for way in ways]


def hosts(world):
    for here, host, net, far, you in (("A", "HA", 3, 4, 2), ("B", "HB", 4, 3, 1)):
        space = world[here]
        world.veth(here, "lan", host, "eth0")
        space.ip("addr add 10.%d.0.254/24 dev lan" % net,
                 "addr add fd0%d::fe/64 dev lan nodad" % net, "link set lan up",
                 "route add 10.%d.0.0/24 via 10.1.0.%d" % (far, you),
                 "route add fd0%d::/64 via fd01::%d" % (far, you))
        world[host].ip("addr add 10.%d.0.1/24 dev eth0" % net, "link set eth0 up",
                       "addr add fd0%d::1/64 dev eth0 nodad" % net,
                       "route add default via 10.%d.0.254" % net,
                       "route add default via fd0%d::fe" % net)
        # Nor do they ask for each other. A gateway could not, for it asks for the next hop of
        # what it forwards from its link-local address, and has none.
        for asker, dev, addr, mac in (
                (space, "lan", "10.%d.0.1" % net, world[host].mac("eth0")),
                (space, "lan", "fd0%d::1" % net, world[host].mac("eth0")),
                (world[host], "eth0", "10.%d.0.254" % net, space.mac("lan")),
                (world[host], "eth0", "fd0%d::fe" % net, space.mac("lan"))):
            asker.ip("neigh add %s lladdr %s dev %s nud permanent" % (addr, mac, dev))
        space.sysctl("ipv4/ip_forward", 1)
        space.sysctl("ipv6/conf/all/forwarding", 1)


def neighbours(world, topo):
    """Permanent: what is asked in between would be part of the traffic."""
    mac = {"A": world["A"].mac(topo.top), "B": world["B"].mac(topo.far)}
    for here, there, dev, you in (("A", "B", topo.top, 2), ("B", "A", topo.far, 1)):
        world[here].ip(*("neigh replace %s lladdr %s dev %s nud permanent" % (
            addr, mac[there], dev) for addr in ("10.1.0.%d" % you, "fd01::%d" % you)))


def qdisc(world, name):
    if name != "none":
        world["A"].tc("qdisc replace dev da root %s%s" % (
            QDISC_HANDLE.get(name, ""), QDISCS[name]), *QDISC_MORE.get(name, ()))


def no_qdisc(world):
    # A device without one of its own says so, which is no fault.
    try:
        world["A"].tc("qdisc del dev da root")
    except worlds.SetupError:
        pass
