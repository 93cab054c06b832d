#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In a VM with two CPUs: throughput of TCP, and rates of SAs. Times are noise on a machine that does
# other work as well, so everything runs in turns, several times. flows.sh quick|full; $OV2_BENCH
# has what build.sh has built. Prints lines of JSON.

set -u
plan=${1:-full}
shift $#

# shellcheck source=topo.sh
. "$(dirname "$0")/topo.sh"

rounds=4 seconds=2 count=2000
[[ $plan == full ]] || rounds=2 seconds=1 count=500

# flow FLOWS: Mbit/s.
flow()
{
	local bits

	bits=$(ip netns exec a iperf3 -c 10.1.0.2 -t "$seconds" -P "$1" -J |
		jq '.end.sum_received.bits_per_second | floor')
	[[ $bits && $bits != null ]] || { fail "iperf3 over $topo, $mode"; return; }
	echo "{\"bench\": \"flow\", \"over\": \"$topo\", \"mode\": \"$mode\", \"flows\": $1, \"sas\": 1, \"mbits\": ${bits}e-6}"
}

# flows TOPOLOGY MODE
flows()
{
	local topo mode=$2

	over "$1"
	protect "$mode"
	spawn b iperf3 -s >/dev/null 2>&1
	wait_for 10 says :5201 ip netns exec b ss -ltn || fail "no server"
	flow 1
	[[ $plan != full ]] || flow 8
	reap "$child"
	down
}

# rates MODE MICROSECONDS: of the NIC for each list.
rates()
{
	over ov2sim
	must param "$nic_a" request_deadline 600000
	echo "$2" >"/sys/kernel/debug/ov2sim/$nic_a/faults/delay_us"
	OV2_BENCH_LABELS=", \"nic_us\": $2, \"cpus\": 2" "$OV2_BENCH/sa" "$1" "$count" 64 "a:$dev_a" ||
		fail "sa"
	down
}

# What one CPU encrypts in packets of MTU size.
limit()
{
	speeds | awk -v mhz="$(awk '/^cpu MHz/ { print $4; exit }' /proc/cpuinfo)" '$1 == 1420 {
		printf "{\"bench\": \"limit\", \"mbits\": %.1f}\n", $1 * 8 * mhz / $2 }'
}

# Nothing in the VM loads it for the CPU. The C code of the kernel would be measured.
modprobe -q aesni_intel || :
# The first SA of an algorithm loads modules and makes the kernel test the algorithm.
rates crypto 0 >/dev/null
for ((round = 0; round < rounds; round++)); do
	flows veth plain
	flows veth software
	flows ov2sim plain
	flows ov2sim crypto
	flows ov2sim packet
	rates none 0
	rates crypto 0
	rates crypto 1000
	limit
done
((failed == 0))
