# SPDX-License-Identifier: GPL-2.0-only
"""What must hold by itself, what must be the same, and the few differences that are allowed."""
import collections
import re

import world as worlds

# Never in the kinds with a NIC, whatever software does.
NEVER = ("wire.clear", "wire.unprotected", "wire.iv twice")
# What a user would see of it comes first.
ORDER = ("refused", "up", "down", "stream", "ping", "wire", "stat", "state", "tap", "nft", "snmp")
Row = collections.namedtuple("Row", "names when how reason")


def anything(*_):
    return True


def both_or_none(one, other, *_):
    return bool(one) == bool(other)


def same_order_aside(one, other, *_):
    return sorted(map(str, one)) == sorted(map(str, other))


def encap(s):
    return s.encap != "none"


def stream(s):
    return s.traffic == "tcp"


def mirrored(s):
    return s.topo.startswith(("mirror", "nft-dup")) or s.qdisc == "duplicate"


def ended(s):
    return s.life.startswith("hard") or s.event in ("rekey", "delete", "link", "namespace")


def moved(s):
    return s.event.startswith("migrate")


def refused(s):
    """Whether what A sends has a state of software's: one that is to be for what it receives, and
    that xfrm or ov2 does not offload as such."""
    return s.netlink == "wrongdir" and bool(s.topology.if_id or s.topology.key)


def reported(one, other, *_):
    """But for what a stream asks for meanwhile."""
    return some_of(one, [name for name in other or () if name != "ACQUIRE"])


def same_refused(one, other, model, seen):
    """As many before the window and in it."""
    names = ("state.A.in.window", "state.A.in.replay")
    return sum(model.get(name, 0) for name in names) == sum(seen.get(name, 0) for name in names)


def some_of(one, other, *_):
    return not collections.Counter(map(str, other or ())) - collections.Counter(map(str, one or ()))


def waits_in_udp(s):
    return encap(s) and (s.hold != "none" or ended(s))


def dropped_in_udp(one, other, model, seen):
    """ESP in UDP that waits for a NIC, or in its ring, which has not got its state any more."""
    lost = collections.Counter(map(str, one or ())) - collections.Counter(map(str, other or ()))
    dropped = (seen.get("nic.ipsec_sa_tx_drop_no_sa", 0) +
               seen.get("nic.ipsec_tx_drop_no_state", 0))
    return some_of(one, other) and lost.total() <= dropped


def no_states(one, other, model, seen):
    """The NIC has decrypted for a state that has gone meanwhile, and ov2 drops it, also while a
    stand-in is on its way."""
    return one == other + sum(seen.get("nic.ipsec_sa_rx_drop_" + name, 0)
                              for name in ("no_sa", "held"))


def short_in_udp(s):
    """The ESP packet of a few bytes may be shorter than IPv6's header."""
    return s.outer == 6 and s.encap == "natt-gro" and s.alg == "null-sha1"


# Differences of sn and hw from sw: names (a regular expression), for which scenarios, how far (both
# values, all of both runs), and why: a reason is the kernel's or documented of the NIC.
ALLOWED = (
    Row("nic\\..*", anything, anything, "software has no NIC"),
    Row("(nft|snmp|tap)\\..*|wire.esp|wire.gaps|state\\..*\\.(bytes|packets)", stream, both_or_none,
        "a stream is cut into packets as time and memory have it"),
    Row("stat.[AB].XfrmInState(Proto|Seq)Error|state.[AB].in.(integrity|replay|window)",
        lambda s: stream(s) and (s.event == "newae" or s.event.startswith("replay")), anything,
        "how far a stream has got, and so whether a packet is before the window"),
    Row("ping", anything, same_order_aside,
        "of what came at once GRO takes whole packets first, then fragments"),
    Row("wire.heads", lambda s: s.traffic == "ping", same_order_aside,
        "software may encrypt later, on a machine with AES instructions: whole packets as they "
        "leave, and before that what is cut into fragments"),
    Row("wire.gaps", lambda s: stream(s) and s.topology.overlay, lambda a, b, *_: b <= a,
        "in software a burst of a tunnel device takes more numbers than it has segments"),
    Row("up|down|wire.heads", lambda s: s.topo == "bond-two-xor", same_order_aside,
        "fragments have no ports, go by the other port and overtake"),
    Row("up|down|wire.heads", lambda s: s.qdisc in ("netem", "reorder", "duplicate"),
        same_order_aside, "netem is there to change the order"),
    Row("up|down|wire.heads", lambda s: s.qdisc in ("sfq", "fq", "fq_codel", "cake"),
        same_order_aside, "fragments are a flow of their own"),
    Row("stream.retransmitted", lambda s: s.event != "mtu",
        lambda a, b, *_: abs(a - b) < 8 + max(a, b) // 2,
        "TCP's timers are not those of another run"),
    Row("stream.retransmitted", lambda s: s.event == "mtu", anything,
        "how many packets are under way when the MTU changes"),
    Row("wire.gaps|stat.B.XfrmInStateSeqError|state.B.in'*.replay|wire.number twice|"
        "stream.retransmitted",
        lambda s: mirrored(s) or stream(s) and s.outer == 6, anything,
        "in software the kernel gives clones and segments of IPv6 one number twice"),
    Row("nft\\.(output|postrouting)_(esp|natt|natt_other|tracked)", encap, anything,
        "in crypto mode the kernel writes the UDP header when it hands a packet to the device"),
    Row("state.A.out'*.(packets|bytes)|nft\\.(output|postrouting)_"
        "(esp|natt|natt_other|tracked|marked)", lambda s: s.traffic == "gso", lambda a, b, *_: a <= b,
        "a burst is one packet unless xfrm segments it before it encrypts, as it must if the NIC "
        "does not take it"),
    Row("nft\\.(prerouting|input)_(natt|natt_other|tracked)|tap\\.in\\.(esp|natt)|"
        "snmp.A.Udp6?.?InDatagrams", lambda s: s.encap == "natt-gro", lambda a, b, *_: a <= b,
        "a socket that asks for GRO gets ESP in UDP before the stack sees it, from software only"),
    Row("state.A.in'*.(bytes|packets)",
        lambda s: s.encap == "natt-gro" and s.topo.startswith("redirect"), lambda a, b, *_: a >= b,
        "as above: tc redirects it"),
    Row("nft.prerouting_(secure|udp_back|tcp|marked|tracked)",
        lambda s: s.encap == "natt-gro" and s.topo == "vrf", lambda a, b, *_: a >= b,
        "as above: a VRF shows the hook twice what has no UDP around it any more"),
    Row("events", lambda s: s.encap == "natt-gro" and s.topo.startswith("redirect") and
        s.life != "none", some_of, "as above: so its state does not expire"),
    Row("down", short_in_udp, some_of,
        "xfrm6_udp_encap_rcv() drops what is shorter than the headers of IPv6 and UDP together; "
        "GRO takes it before, from software only. ov2 counts it five seconds later"),
    Row("state.A.in'*.(bytes|packets)|nft.(prerouting|input|forward)_(secure|udp_back)",
        short_in_udp, lambda a, b, *_: a >= b, "as above"),
    Row("nft\\.(prerouting|input|forward)_secure", anything,
        lambda a, b, *_: a <= b,
        "the driver names the state before the stack looks at ESP: that, too, is secure"),
    Row("state.A.in.(window|replay)", lambda s: s.event.startswith("replay"), same_refused,
        "how far fragments have got, and so whether a packet is before the window"),
    Row("snmp\\..*|wire.gaps", lambda s: stream(s) and s.event == "mtu", anything,
        "how many packets are under way when the MTU changes"),
    Row("stream", mirrored,
        lambda one, other, model, seen: other == "ok" or not seen.get("nic.ipsec_sa_tx_protected"),
        "software's numbers come twice, and the far end refuses what has them"),
    Row("wire.(esp|heads|gaps)|snmp.B.Udp6?.?InDatagrams|stat.B.XfrmInState(Seq|Proto)Error|"
        "state.B.in'*.(replay|integrity|packets|bytes)", lambda s: s.qdisc == "duplicate", anything,
        "the NIC is given each number once"),
    Row("up", lambda s: s.qdisc == "duplicate" and s.traffic == "gso" and ended(s), anything,
        "as above: of a burst whose state ends, which clone comes first"),
    Row("up|wire.heads", waits_in_udp, dropped_in_udp,
        "software would mangle ESP in UDP that was meant for the NIC, so it is dropped"),
    Row("wire.(esp|gaps)|stat.B.gone|state.B.in.(packets|bytes)|tap.out..*|"
        "snmp.B.Udp6?.?InDatagrams", waits_in_udp, anything, "as above"),
    Row("stream|up|down", lambda s: stream(s) and ended(s), anything,
        "how far a stream gets until its state ends"),
    Row("stat.[AB].gone", lambda s: stream(s) and ended(s), anything,
        "how much of a stream is under way when its state ends"),
    Row("stat.[AB].gone|tap.in..*|nft.(prerouting|input)_(esp|natt|natt_other|tracked)",
        lambda s: stream(s) and moved(s), anything,
        "how much of a stream is under way to where its state was"),
    Row("snmp.[AB].Ip6FragFails", lambda s: stream(s) and s.topology.hosts, anything,
        "which part of the kernel is the first to tell a stream of the MTU"),
    Row("snmp.[AB].(Icmp.(In|Out)DestUnreachs|Icmp6(In|Out)PktTooBigs|Ip6?.?FragFails)",
        lambda s: stream(s) and s.event in ("link", "namespace"), anything,
        "whether a stream tries again, without room for ESP, while it has no states"),
    Row("snmp.[AB].Ip6?.?InDiscards", lambda s: stream(s) and ended(s), anything,
        "how much of a stream is under way when the port goes"),
    Row("stat.A.gone", ended, no_states,
        "what the NIC has decrypted cannot be given back to be dropped as ESP"),
    Row("nft\\..*_(esp|natt|natt_other|tracked)|tap\\..*|snmp.A.Udp6?.?InDatagrams",
        ended, anything,
        "as above: it is dropped before netfilter, which then has not seen an answer"),
    Row("events", lambda s: s.event in ("link", "namespace"), reported,
        "xfrm tells nobody of the states that it flushes with their device"),
    Row("stat.[AB].XfrmOut(NoStates|StateModeError)", stream, anything,
        "how often TCP tries again, or is told of an MTU"),
    Row("stat.A.gone", lambda s: s.life.startswith("hard") and s.topo.startswith("redirect"),
        anything, "GRO takes a packet before tc while its state is there"),
    Row("(nft|snmp|tap)\\..*", lambda s: s.topo.startswith("vlan"), anything,
        "veth and NICs do not put packets with tags together alike"),
)
def lost_of(one, other):
    return (collections.Counter(map(str, one or ())) -
            collections.Counter(map(str, other or ()))).total()


def refused_by_xfrm(one, other, model, seen):
    """What xfrm drops before the NIC sees it is counted, and nothing else is lost."""
    return some_of(one, other) and lost_of(one, other) == seen.get(
        "stat.A.XfrmOutError", 0) - model.get("stat.A.XfrmOutError", 0)


def dropped_by_nic(one, other, model, seen):
    """As above, and what a NIC that is being reset drops."""
    return some_of(one, other) and lost_of(one, other) <= (
        seen.get("nic.ipsec_sa_tx_drop_no_sa", 0) + seen.get("stat.A.XfrmOutError", 0))


def dropped_with_sa(one, other, model, seen):
    return some_of(one, other) and lost_of(one, other) <= (
        seen.get("nic.ipsec_sa_tx_drop_no_sa", 0) + seen.get("nic.ipsec_tx_drop_no_state", 0) +
        seen.get("stat.A.XfrmOutError", 0))


def large(s):
    return s.traffic in ("sizes", "ping", "pmtu")


def unresolved(s):
    return s.hold == "neigh" and s.mode == "tunnel"


def resetting(s):
    return s.event in ("reset", "reset-slow", "crash")


# More differences of pk.
PACKET = (
    Row("(nft|tap)\\..*(output|postrouting|out).*", anything, anything,
        "the NIC frames: what the host sends is plaintext, and netfilter sees it twice"),
    Row("(nft|tap)\\..*(input|prerouting|in)[._](esp|natt|natt_other|tracked)", anything,
        lambda a, b, *_: b <= a, "the NIC unframes: the host sees no ESP"),
    Row("snmp.A.Udp6?.?InDatagrams", encap, lambda a, b, *_: b <= a,
        "as above: no socket gets ESP in UDP"),
    Row("up|ping", large, refused_by_xfrm,
        "xfrm drops what is larger than the MTU, and fragments nothing"),
    Row("(up|ping).told|wire.(esp|heads)|stat.A.XfrmOutError|state\\..*(bytes|packets)|"
        "snmp.[AB].(Udp6?.?InDatagrams|Ip6?.?(OutDiscards|FragFails)|Icmp6OutPktTooBigs)|down|"
        "nft.(input|prerouting|forward)_(secure|marked|tracked|udp_back)",
        large, anything, "as above"),
    Row("stat.A.XfrmOutNoStates", lambda s: large(s) and ended(s), lambda a, b, *_: b <= a,
        "as above: it is not sent once more"),
    Row("stat.A.XfrmInState.*|state.A.in.(replay|integrity)|nft.input_invalid|snmp.A.Udp6?.?InErrors",
        lambda s: large(s) and s.event.startswith("replay"), anything,
        "as above: other packets are there to be replayed, and no fragments"),
    Row("stat.[AB].XfrmIn(NoPols|TmplMismatch)|snmp.B.Ip6InDiscards", large,
        lambda a, b, *_: b <= a, "as above: so fewer packets meet a policy"),
    Row("up|ping|events|stat.A.(XfrmOutNoStates|gone)|nft\\..*_udp(_back)?",
        lambda s: (large(s) or unresolved(s)) and s.life != "none", anything,
        "as above, and below: what is dropped does not count towards a lifetime"),
    Row("wire.(esp|heads|gaps)|stat.B.gone", lambda s: s.hold != "none" and s.event == "rekey",
        lambda a, b, *_: b <= a if isinstance(a, int) else True,
        "what waits for the NIC goes with its SA, and does not come to an end that has no SA"),
    Row("up|stat.B.XfrmInState(Seq|Proto)Error|state.B.in.(bytes|packets|integrity|replay)|"
        "snmp.B.Udp6?.?InDatagrams", lambda s: s.hold == "neigh" and s.event == "newae", anything,
        "packets get their numbers when the neighbour is known, and so of the new upper half"),
    Row("stat.A.XfrmOutError", lambda s: stream(s) and (s.event == "mtu" or resetting(s)), anything,
        "what is under way when TCP is told of an MTU is not fragmented"),
    Row("up", unresolved, refused_by_xfrm,
        "the MAC header needs the next hop, and packets do not wait until it is known"),
    Row("up.told|wire.(esp|heads)|stat.A.XfrmOutError|state\\..*(bytes|packets)|"
        "snmp.[AB].(Udp6?.?InDatagrams|Ip6?.?(OutDiscards|FragFails))|stream.*", unresolved, anything,
        "as above"),
    Row("up|ping|wire.*|state.*|snmp.*|stat.*", lambda s: s.qdisc == "duplicate", anything,
        "each duplicate of a packet gets a number of its own"),
    Row("up", resetting, dropped_by_nic, "software does not take over during a reset"),
    Row("wire.(esp|heads|gaps)|state.B.in.(bytes|packets)|snmp.B.Udp6?.?InDatagrams|"
        "stream.retransmitted", resetting, anything, "as above"),
    Row("up", lambda s: s.hold != "none" and ended(s), dropped_with_sa,
        "what waits goes with its SA, because it has no number yet"),
    Row("wire.(esp|heads)|state.B.in.(bytes|packets)|snmp.B.Udp6?.?InDatagrams",
        lambda s: s.hold != "none" and ended(s), anything, "as above"),
    Row("up.told|stat.A.XfrmOutError", ended, anything, "xfrm has another error for a dead SA"),
    Row("(?!wire.(clear|unprotected|iv)).*", lambda s: s.topology.detour, anything,
        "what is redirected to another device is dropped"),
    Row("state.A.in'*.(bytes|packets)", lambda s: s.topo.startswith("redirect"),
        lambda a, b, *_: a <= b, "the NIC unframes before tc redirects"),
    Row("events", lambda s: s.topo.startswith("redirect") and s.life != "none",
        lambda one, other, *_: some_of(other, one), "as above: so its state expires"),
)
# What is never in order but known: as above; how is a kind that is none the less at fault.
KNOWN = (
    Row("wire.iv twice", lambda s: s.outer == 6 and s.traffic in ("tcp", "gso"), worlds.CRYPTO,
        "esp6_xmit() takes the IVs of segments from a number that does not grow"),
    Row("wire.iv twice", lambda s: s.outer == 6 and s.traffic in ("tcp", "gso") and
        (moved(s) or refused(s) or s.topo.startswith("bond")), None,
        "as above: XFRM_MSG_MIGRATE makes a state of software's, and a bond's are"),
    Row("wire.iv twice", mirrored, worlds.CRYPTO, "clones share one sec_path, and its number"),
    Row("wire.iv twice", lambda s: mirrored(s) and (moved(s) or refused(s)), None,
        "as above: of a state of software's"),
    Row("wire.clear", lambda s: s.topo.startswith("redirect"), worlds.CRYPTO,
        "in packet mode the NIC unframes before tc redirects what the port has received"),
    Row("wire.clear", lambda s: s.gro == "on" and (
        s.topo.startswith("redirect") or s.topo.startswith("bridge") and s.traffic == "multicast"),
        None, "GRO decrypts before tc or a bridge sees what comes in"),
)


def known(scenario, kind, name):
    return any(re.fullmatch(row.names, name) and row.when(scenario) and kind != row.how
               for row in KNOWN)


def own_faults(scenario, kind, seen):
    """What is wrong with a run by itself."""
    for name in NEVER:
        if seen.get(name) and not known(scenario, kind, name):
            yield "%s: %s: %s" % (kind, name, seen[name])
    for name in seen:
        if name.startswith("vacuous"):
            yield "%s: %s did nothing" % (kind, name.split()[1])


def allowed(name, scenario, kind, model, seen):
    one, other = model.get(name, 0), seen.get(name, 0)
    # The states of a group are like others.
    name = name.replace(".group", "")
    rows = ALLOWED + (PACKET if kind == worlds.PACKET else ())
    return any(re.fullmatch(row.names, name) and row.when(scenario) and
               row.how(one, other, model, seen) for row in rows)


def short(value):
    text = str(value)
    return text if len(text) < 60 else text[:57] + "..."


def how_lists_differ(one, other):
    """Numbers of datagrams: which are lost, more, or in another order."""
    lost = collections.Counter(map(str, one)) - collections.Counter(map(str, other))
    more = collections.Counter(map(str, other)) - collections.Counter(map(str, one))
    if not lost and not more:
        return "another order: %s, not %s" % (short(other), short(one))
    return "%d of %d lost, %d more" % (lost.total(), len(one), more.total())


def sentence(name, kind, first, one, other):
    if isinstance(one, list) and isinstance(other, list):
        return "%s: %s: %s" % (kind, name, how_lists_differ(one, other))
    return "%s: %s: %s, %s has %s" % (kind, name, short(other), first, short(one))


def rank(line):
    name = line.split(": ")[1]
    where = [n for n, prefix in enumerate(ORDER) if name.startswith(prefix)]
    return where[0] if where else len(ORDER)


def differences(scenario, results):
    """Sentences; none if all is well."""
    broken = ["%s: setup: %s" % (kind, seen["setup"]) for kind, seen in results.items()
              if "setup" in seen]
    if broken:
        return broken
    found = [fault for kind, seen in results.items() for fault in own_faults(scenario, kind, seen)]
    first = next(iter(results))
    model, more = results[first], []
    if not model["up"] or scenario.topology.down and not model["down"]:
        found.append("%s: vacuous: nothing has arrived" % first)
    for kind, seen in results.items():
        for name in sorted(model.keys() | seen.keys()):
            one, other = model.get(name, 0), seen.get(name, 0)
            if one == other or name in NEVER or name.startswith("vacuous"):
                continue
            if not allowed(name, scenario, kind, model, seen):
                more.append(sentence(name, kind, first, one, other))
    return found + sorted(more, key=rank)
