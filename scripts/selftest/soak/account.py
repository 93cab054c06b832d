# SPDX-License-Identifier: GPL-2.0-only
"""Counts of the events in a run, and their minimums."""
import collections

from . import ops
from .ops_pair import WAYS
from .site import Failure

# The minimums are those of two minutes, and in proportion: about a third of what a machine does that
# has five things to do at a time.
DECKS_MIN = 2
OPS_MIN = {"packet mode": 5, "soft expires": 1, "hard expires": 1, "repairs": 1, "delete_req": 3,
           "delete_req_all": 1,
           "seq_limit": 1, "watermark": 1, "rings": 1} | {"end by " + way: 1 for way in WAYS}
FAULTS_MIN = {"corrupt_rx": 10, "corrupt_tx": 3, "delay_ms": 6, "delete_req_all": 6,
              "failslab in requests": 75, "failslab in the NIC": 100, "lose": 2, "nomem": 4,
              "refuse_nth": 1, "reorder": 4, "sa_delete_req": 6}
NIC_MIN = {"ipsec_tx_pkts": 1500, "ipsec_rx_pkts": 1500, "ipsec_resets": 8,
           "ipsec_sa_restored": 30, "ipsec_sa_demoted": 30, "ipsec_sa_delete_req": 12,
           "ipsec_add_sa_success": 100, "ipsec_delete_sa_success": 60,
           "ipsec_requests_timed_out": 1,
           "ipsec_sa_tx_framed": 200, "ipsec_sa_rx_unframed": 200, "ipsec_sa_evicted": 1,
           "ipsec_sa_tx_drop_no_sa": 1, "sent by software": 3000}
PAIR_MIN = {"sent by the near end": 80, "sent by the far end": 80,
            "protected by the near NIC": 50}
TRAFFIC_MIN = {"sent": 1000, "received": 900, "echoed": 900, "bytes": 5000000, "streams": 8}
# SPIs that both the NIC and software have sent with.
BOTH_MIN = 30


def operations_min():
    deck = collections.Counter(ops.deck())
    return {name: DECKS_MIN * times for name, times in deck.items()} | OPS_MIN


def numbers(world):
    """By subject: pairs of counts and their minimums for two minutes."""
    traffic = world.traffic.call("count")
    bad = traffic.pop("bad")
    if bad:
        raise Failure("damaged: %s" % bad)
    faults = collections.Counter(world.tally.faults)
    faults["failslab in requests"] = world.slab.hits
    faults["failslab in the NIC"] = world.slab.kernel
    nic = world.nic.numbers()
    nic["sent by software"] = nic["tx_wire_frames"] - nic["ipsec_tx_pkts"]
    pair = {"sent by the near end": world.pair.sent[0], "sent by the far end": world.pair.sent[1],
            "protected by the near NIC": world.pair.done}
    return {"operations": (world.tally.count, operations_min()), "faults": (faults, FAULTS_MIN),
            "traffic": (traffic, TRAFFIC_MIN), "second pair": (pair, PAIR_MIN),
            "NIC": ({name: nic[name] for name in NIC_MIN}, NIC_MIN)}


def few(world, seconds):
    """The counts that are below their minimums."""
    part = seconds / 120
    return ["%s %d of %d" % (what, values[what], least * part)
            for values, minimum in numbers(world).values()
            for what, least in minimum.items() if values[what] < int(least * part)]
