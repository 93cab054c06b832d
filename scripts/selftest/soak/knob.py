# SPDX-License-Identifier: GPL-2.0-only
"""The knobs of the NIC's faults, and how often each fault has happened."""

# The NIC's counters that show the effect of a knob that is not counted down.
EFFECTS = {"delete_req_all": ("ipsec_rx_sa_delete_req",), "seq_limit": ("ipsec_rx_sa_delete_req",),
           "delay_ms": ("ipsec_add_sa_requests", "ipsec_delete_sa_requests",
                        "ipsec_update_sa_requests")}


def knob(world, name, value, steps, what=None):
    """A fault; its number, with what is like it, is what happens until it is off again."""
    what = what or name
    if what in world.agenda.held:
        return False
    usual, begin = world.nic.fault_left(name), effect(world, name)
    world.nic.fault(name, value)
    return world.agenda.hold(what, steps, end_knob, world, name, value, usual, begin)


def end_knob(world, name, value, usual, begin):
    nic, faults = world.nic, world.tally.faults
    left = nic.fault_left(name)
    nic.fault(name, usual)
    if name in EFFECTS or name == "refuse_nth":
        # Requests behind the one that is being delayed have not been, and will not be.
        queued = max(0, nic.in_flight() - 1) if name == "delay_ms" else 0
        faults[name] += max(0, effect(world, name) - begin - queued)
    else:
        faults[name] += value - left


def effect(world, name):
    if name == "refuse_nth":
        return world.tally.refusals.count()
    numbers = world.nic.numbers() if name in EFFECTS else {}
    return sum(numbers[which] for which in EFFECTS.get(name, ()))
