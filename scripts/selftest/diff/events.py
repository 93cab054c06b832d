# SPDX-License-Identifier: GPL-2.0-only
"""What happens in the middle. Each takes the run of a scenario; software has no NIC to do it to."""
import dataclasses
import errno
import struct
import time

from soak import net
import topo
import traffic
import world as worlds
import xfrm

SETTLE = 10
REPLAYED = 8
# Of which a tunnel still has IPv6's least inside.
MTU = 1400
MAC = "02:00:00:00:aa:77"
RUNNING = 0x40


def wait(condition, seconds=SETTLE):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def settled(run):
    if run.nic and not wait(lambda: not run.nic.busy()):
        raise worlds.SetupError("the NIC does not settle")


def demote(run):
    if run.nic:
        run.nic.param("esp", "false")
        run.undo.append(lambda: run.nic.param("esp", "true"))
        settled(run)


def off(run):
    if run.world.kind == worlds.SOFTWARE_VETH:
        return
    run.a.feature("da", "esp-hw-offload", False)
    run.undo.append(lambda: run.a.feature("da", "esp-hw-offload", True))
    settled(run)


def reset(run):
    if run.nic:
        run.a.reset("da")
        settled(run)


def reset_slow(run):
    """The SAs are not back when the packets go on."""
    if run.nic:
        run.nic.fault("delay_ms", 300)
        run.a.reset("da")
        run.later.append(lambda: (run.nic.fault("delay_ms", 0), settled(run)))


def crash(run):
    if run.nic:
        before = run.nic.numbers()["ipsec_resets"]
        run.nic.crash()
        if not wait(lambda: run.nic.numbers()["ipsec_resets"] > before):
            raise worlds.SetupError("no reset after a crash")
        settled(run)


def rekey(run):
    """A new pair, the receiving ends first; then the old one goes."""
    old = run.sas
    run.install(run.generation + 1)
    settled(run)
    for netlink, sa in old:
        run.delete_sa(netlink, sa)


def updsa(run):
    for netlink, sa in run.sas:
        run.must("UPDSA", netlink.request(net.UPDSA, net.state(sa)))


def newae(run):
    """As for a standby that takes over: both ends go on far beyond, in the next upper half."""
    for netlink, sa in run.sas:
        mark = run.name_of(netlink, sa)[1]
        run.must("NEWAE", netlink.request(xfrm.NEWAE, xfrm.new_ae(sa, 5000, 1) + mark,
                                          xfrm.REPLACE))


def delete(run):
    for netlink, sa in run.sas:
        if sa.out and netlink is run.xfrm_a:
            run.must("DELSA", run.delete_sa(netlink, sa))


def recorded(run):
    """ESP for A, as it was on the wire."""
    run.wire.drain()
    frames = [raw for raw in run.wire.out if run.is_esp(raw)]
    return frames[:REPLAYED]


def inject(run, frames):
    for raw in frames:
        run.wire.sock.send(raw)


def replay(run):
    inject(run, recorded(run))


def header(ip, total, where, options=b""):
    """An IPv4 header with other lengths, place among fragments and options."""
    ip = bytearray(ip)
    ip[0] = 0x45 + len(options) // 4
    struct.pack_into(">H", ip, 2, total)
    struct.pack_into(">H", ip, 6, where)
    ip[10:12] = b"\0\0"
    ip = bytes(ip) + options
    return ip[:10] + struct.pack(">H", traffic.checksum(ip)) + ip[12:]


def replay_options(run):
    inject(run, [raw[:14] + header(raw[14:34], len(raw) - 14 + 4, 0x4000, b"\1\1\1\1") + raw[34:]
                 for raw in recorded(run) if len(raw) - 14 + 4 <= run.wire.mtu()])


def replay_fragments(run):
    frames = []
    for raw in recorded(run):
        body = raw[34:]
        half = len(body) // 16 * 8
        frames.append(raw[:14] + header(raw[14:34], 20 + half, 0x2000) + body[:half])
        frames.append(raw[:14] + header(raw[14:34], 20 + len(body) - half, half // 8) + body[half:])
    inject(run, frames)


def replay_mac(run):
    """To the machine that is bridged on to."""
    mac = bytes.fromhex(topo.MACS["C"].replace(":", ""))
    inject(run, [mac + raw[6:] for raw in recorded(run)])


def mtu(run):
    """At both ends: veth drops what is larger than its MTU when it comes in."""
    for space, dev in ((run.a, run.topology.top), (run.b, run.topology.far)):
        space.ip("link set %s mtu %d" % (dev, MTU))
        run.undo.append(lambda space=space, dev=dev: space.ip("link set %s mtu 1500" % dev))


def mac(run):
    """While the port is up."""
    old = run.a.mac("da")
    run.a.ip("link set da address " + MAC)
    run.undo.append(lambda: run.a.ip("link set da address " + old))
    topo.neighbours(run.world, run.topology)


def gone(run, how):
    """What is offloaded goes with its port, and what is not an IKE daemon takes away."""
    if run.nic and not wait(lambda: not run.nic.core_sas()):
        raise worlds.SetupError("the NIC has SAs of a port that %s" % how)
    for netlink, sa in run.sas:
        run.delete_sa(netlink, sa)


def back(run):
    """The port is there again, and the IKE daemon makes SAs once more."""
    run.a.ip("link set da up", *topo.restored(run.topology))
    if not wait(lambda: run.a.flags("da") & RUNNING and run.world["M"].flags("dm") & RUNNING):
        raise worlds.SetupError("no link")
    topo.neighbours(run.world, run.topology)
    run.install(run.generation + 1)
    settled(run)
    if not run.fence.passed():
        raise worlds.SetupError("nothing passes the link")


def link(run):
    """Down and up."""
    run.a.ip("link set da down")
    gone(run, "is down")
    back(run)


def namespace(run):
    """Away and back, with nothing that it had but its features."""
    away = run.world["X"]
    run.a.ip("link set da netns " + away.path())
    gone(run, "is in another namespace")
    away.ip("link set da netns " + run.a.path())
    run.host.rebind("da")
    topo.qdisc(run.world, run.scenario.qdisc)
    back(run)


def failover(run):
    """What was sent and received by the first port of a bond is by the second, and later by the
    first again."""
    use_port(run, "dc", "dn")
    run.later.append(lambda: use_port(run, "da", "dm"))


def use_port(run, port, switch):
    if any("active-backup" in line for line in run.topology.a):
        run.a.ip("link set bond0 type bond active_slave " + port)
    topo.switch_to(run.world, switch)


EVENTS = {"demote": demote, "off": off, "reset": reset, "reset-slow": reset_slow,
          "crash": crash, "rekey": rekey,
          "updsa": updsa, "newae": newae, "replay": replay, "replay-options": replay_options,
          "replay-fragments": replay_fragments, "replay-mac": replay_mac, "delete": delete,
          "mtu": mtu, "mac": mac, "link": link, "namespace": namespace, "failover": failover}


# Where packets wait meanwhile: how they are held, and let go.

# What a packet of MTU's size uses up; the least rate with which it does not overflow.
BUCKET, FULL = 1520, 1472


def hold_tbf(run):
    """With an empty bucket: how many packets it has room for would depend on their sizes, and
    those of ESP in UDP for the NIC do not have the UDP header yet."""
    run.a.tc("qdisc replace dev da root tbf rate 48bit burst %d limit 1000000" % BUCKET)
    if not run.fence.fill(FULL):
        raise worlds.SetupError("nothing passes tbf")


def free_tbf(run):
    # Whatever is sent next sets it going.
    run.a.tc("qdisc change dev da root tbf rate 1gbit burst 1000000 limit 1000000")


def hold_neigh(run):
    run.a.ip("neigh del %s dev %s" % (topo.WIRE[run.scenario.outer][1], run.topology.top))


def free_neigh(run):
    topo.neighbours(run.world, run.topology)


HOLDS = {"tbf": (hold_tbf, free_tbf), "neigh": (hold_neigh, free_neigh)}


def generation(sa, number):
    """The same state, with another SPI, for the next generation."""
    return dataclasses.replace(sa, spi=sa.spi + 16 * number)


def errno_name(err):
    return errno.errorcode.get(err, str(err))
