#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: what a packet costs. packets.sh quick|full|profile; $OV2_BENCH has what build.sh has built.
# Prints lines of JSON, as scripts/bench/packets.c describes them.

set -u
plan=${1:-full}
crowd=${2:-}
shift $#

# shellcheck source=topo.sh
. "$(dirname "$0")/topo.sh"

scale=1
[[ $plan == full ]] || scale=4

# packet KIND SIZE COUNT [ADDRESS ADDRESSES]
packet()
{
	OV2_BENCH_LABELS=", \"over\": \"$topo\", \"mode\": \"$mode\", \"sas\": ${crowd:-$sas}" \
		must_print "$OV2_BENCH/packets" "$1" "$2" "$3" a b "${4:-10.1.0.2}" ${5:+"$5"}
}

must_print()
{
	"$@" || { echo "packets.sh: failed: $*" >&2; exit 1; }
}

kinds()
{
	packet udp 64 $((2048 / scale))
	packet udp 1400 $((2048 / scale))
	packet tcp 65536 $((128 / scale))
}

# A veth has no NAPI without XDP: the backlog, which has a thread as well, serves it.
threads()
{
	[[ $topo == ov2sim ]] || return 0
	must threaded a "$dev_a"
	must threaded b "$dev_b"
}

# cost TOPOLOGY MODE
cost()
{
	local topo mode=$2 sas=1

	over "$1"
	[[ $mode != plain ]] || sas=0
	threads
	protect "$mode"
	kinds
	down
}

# cost_spread MODE SAS: with as many SAs at work. All of them have one queue, because several queues
# have fewer packets in each round of NAPI.
cost_spread()
{
	local topo mode=$1.spread sas=$2

	over ov2sim
	must ip netns exec a ethtool -L "$dev_a" combined 1
	must ip netns exec b ethtool -L "$dev_b" combined 1
	threads
	spread "$1" "$2"
	# Two for each SA first, for what the first packet of an SA costs.
	packet udp 1400 $((2 * $2 + 32)) 10.3.0.0 "$2" >/dev/null
	packet udp 1400 $((2 * $2 > 2048 ? 2 * $2 : 2048)) 10.3.0.0 "$2"
	down
}

# With many other SAs in the NIC that sends: scripts/bench/sa.c adds them, and runs this again.
cost_in_crowd()
{
	local topo=ov2sim mode=$1

	must netns_add a && must netns_add b && must sim_new 1 && must sim_new 2
	must devlink resource set "ov2sim/$nic_a" path /ipsec_sa size 131072
	must devlink dev reload "ov2sim/$nic_a"
	must wire_up
	must param "$nic_a" request_deadline 600000
	threads
	protect "$mode"
	must param "$nic_a" packet_add_wait false
	OV2_BENCH_MIDDLE="$0 $plan $mode:$2" "$OV2_BENCH/sa" "$mode" "$2" 64 "a:$dev_a" \
		>"$tmp/crowd" || fail "sa"
	grep -v '"bench": "sa"' "$tmp/crowd" || fail "nothing was measured in the crowd"
	down
}

limit()
{
	local size cycles

	speeds | while read -r size cycles; do
		echo "{\"bench\": \"crypto\", \"what\": \"gcm128\", \"size\": $size, \"value\": $cycles}"
	done
}

if [[ $crowd ]]; then
	topo=ov2sim mode=${crowd%:*} crowd=${crowd#*:}
	kinds
	exit
fi
# Nothing in the VM loads it for the CPU. The C code of the kernel would be measured.
modprobe -q aesni_intel || :
if [[ $plan == profile ]]; then
	cat /proc/kallsyms >"$OV2_OUT/kallsyms"
	cost ov2sim plain
	cost ov2sim crypto
	cost ov2sim packet
	exit $((failed > 0))
fi
cost veth plain
cost veth software
cost ov2sim plain
cost ov2sim crypto
cost ov2sim packet
if [[ $plan == full ]]; then
	cost ov2sim software
	cost_in_crowd crypto 100000
	cost_in_crowd packet 100000
	for sas in 1 100 1000; do
		cost_spread crypto "$sas"
		cost_spread packet "$sas"
	done
	limit
fi
((failed == 0))
