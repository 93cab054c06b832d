# SPDX-License-Identifier: GPL-2.0-only
"""Operations on the NIC under test and its port, as an admin does them."""
from . import ike, ops_sa
from .knob import knob
from .ops import op
from .site import check_handles, ethtool, tool, tool_ok, wait

# The ones that are switched; the rest of the time all are on.
SWITCHES = ("esp", "esn", "cross_family", "udp_in_ipv4", "udp_out_ipv4", "ipv4", "ipv6",
            "transport", "tunnel", "aes_cbc", "aes_gcm", "aes_gmac", "chacha20_poly1305",
            "hmac_sha1", "hmac_sha256", "hmac_sha384", "hmac_sha512", "null", "udp_lso", "packet")
FEATURES = ("esp-hw-offload", "tx-esp-segmentation", "esp-tx-csum-hw-offload", "tso", "rx",
            "gro")


@op()
def crash(world):
    world.nic.crash()
    return True


@op()
def recover(world):
    """As recover_by_hand of reset.sh: devlink recovers only what is in error."""
    nic = world.nic
    nic.health("set", "auto_recover", "false")
    nic.crash()
    wait("an error is shown", lambda: nic.health_state()[0] == "error", 20)
    before = nic.health_state()[1]
    nic.health("recover")
    done = nic.health_state()[1] - before
    nic.health("set", "auto_recover", "true")
    return done > 0


@op()
def reset(world):
    """The restore is slow, sometimes."""
    if world.rng.random() < 0.5:
        knob(world, "delay_ms", world.rng.randrange(50, 150), 1)
    ethtool("--reset", world.nic.name, world.rng.choice(("all", "dedicated")))
    check_handles(world.nic)
    return True


def set_feature(world, name, on):
    """One that depends on another that is off comes on with that."""
    return tool_ok("nsenter", "--net=/run/netns/a", "ethtool", "-K", world.nic.name, name,
                   "on" if on else "off")


@op(3)
def feature(world):
    name = world.rng.choice(FEATURES)
    return name not in world.agenda.held and set_feature(world, name, False) and \
        world.agenda.hold(name, world.rng.randrange(1, 6), set_feature, world, name, True)


def switch_off(world, name):
    if name in world.agenda.held:
        return False
    world.nic.param(name, "false")
    return world.agenda.hold(name, world.rng.randrange(1, 6), world.nic.param, name, "true")


@op(3)
def switch(world):
    return switch_off(world, world.rng.choice(SWITCHES))


@op(2)
def qdisc(world):
    """Packets wait in a qdisc, behind the decision to offload them, while SAs leave the NIC.
    ESP in UDP is dropped then, because software would frame it wrong."""
    words = ("dev", world.nic.name, "root")
    if "qdisc" in world.agenda.held:
        return False
    how = world.another("how SAs leave", ("reset", "flush", "flush", "esp",
                                          "udp_out_ipv4", "udp_out_ipv4"))
    tool("tc", "-n", "a", "qdisc", "replace", *words, "netem", "delay",
         "%dms" % world.rng.randrange(50, 150), "limit", "300")
    world.agenda.hold("qdisc", world.rng.randrange(1, 6),
                      tool, "tc", "-n", "a", "qdisc", "del", *words)
    world.burst()
    if how == "reset":
        reset(world)
    elif how == "flush":
        ops_sa.flush(world)
    else:
        switch_off(world, how)
    return True


@op()
def reoffer(world):
    if "sa_reoffer" in world.agenda.held:
        return False
    world.nic.param("sa_reoffer", "false")
    return world.agenda.hold("sa_reoffer", world.rng.randrange(1, 8), world.nic.param,
                             "sa_reoffer", "true")


@op()
def requests(world):
    world.nic.param("requests_max", world.another("requests", range(1, 5)))
    return True


@op()
def link_down(world):
    # A port that lacks memory to come up stays down.
    world.slab.end()
    tool("ip", "-n", "a", "link", "set", world.nic.name, "down")
    if world.rng.random() < 0.5:
        ike.add_conn(world, world.main)
    world.main.configure(0)
    ike.repair_all(world)
    return True


@op()
def unlink(world):
    if not world.main.linked:
        return False
    world.main.unlink()
    world.agenda.after(world.rng.randrange(1, 3), world.main.link)
    return True


@op()
def look(world):
    """Everything is read while it changes."""
    for what in ("dump clear", "dump show", "diagnose"):
        world.nic.health(what)
    world.nic.sim_sas()
    world.nic.numbers()
    world.nic.requests()
    check_handles(world.nic)
    return True


@op()
def rings(world):
    world.slab.end()
    words = world.rng.choice((("-L", "combined", str(world.another("queues", range(1, 5)))),
                              ("-G", "tx", str(world.another("ring", (64, 256, 1024))))))
    # A setting that is in place already is no success.
    return tool_ok("nsenter", "--net=/run/netns/a", "ethtool", words[0], world.nic.name,
                   *words[1:])
