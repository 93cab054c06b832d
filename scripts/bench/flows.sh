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

rounds=4 seconds=2 count=8000 turns=3
[[ $plan == full ]] || rounds=2 seconds=1 count=2000 turns=1

# What the CPUs and the NICs' threads have run, and the time, in milliseconds: sets $all, $nic and $now.
ran()
{
	now=$((${EPOCHREALTIME/./} / 1000))
	nic=$(pgrep '^ov2sim' | sed 's,.*,/proc/&/schedstat,' | xargs -r cat |
		awk '{ sum += $1 } END { print int(sum / 1e6) }')
	all=$(awk '/^cpu / { print ($2 + $3 + $4 + $7 + $8) * 10 }' /proc/stat)
}

# measure WHAT FLOWS FILTER WORD...: what FILTER makes of iperf3's report, and how many milliseconds
# the NICs' threads and all others have run in each second. Softirqs count for the thread that they
# interrupt, and often that is a NIC's; the part packets tells the two apart.
measure()
{
	local what=$1 flows=$2 filter=$3 value all nic now before
	shift 3

	ran
	before=("$all" "$nic" "$now")
	value=$(ip netns exec a iperf3 -c "$target" -t "$seconds" -P "$flows" -J "$@" | jq "$filter | floor")
	ran
	[[ $value && $value != null ]] || { fail "iperf3 over $topo, $mode"; return; }
	all=$((all - before[0])) nic=$((nic - before[1])) now=$((now - before[2]))
	echo "{\"bench\": \"flow\", \"what\": \"$what\", \"over\": \"$topo\", \"mode\": \"$mode\"," \
		"\"flows\": $flows, \"sas\": $sas, \"value\": $value," \
		"\"nic\": $((1000 * nic / now)), \"host\": $((1000 * (all - nic) / now))}"
}

# TCP, in kbit/s.
flow()
{
	measure tcp "$1" '.end.sum_received.bits_per_second / 1000'
}

# Datagrams of 64 bytes that arrive in a second, of as many as the sender can send.
datagrams()
{
	measure udp "$1" '.end.sum | (.packets - .lost_packets) / .seconds' -u -b 0 -l 64
}

server()
{
	spawn b iperf3 -s >/dev/null 2>&1
	wait_for 10 says :5201 ip netns exec b ss -ltn || fail "no server"
}

# flows TOPOLOGY MODE
flows()
{
	local topo mode=$2 sas=1 target=10.1.0.2

	over "$1"
	protect "$mode"
	server
	flow 1
	if [[ $plan == full ]]; then
		flow 8
		datagrams 1
	fi
	reap "$child"
	down
}

# flows_among TOPOLOGY MODE SAS: a flow by one of the SAs.
flows_among()
{
	local topo mode=$2.spread sas=$3 target

	over "$1"
	spread "$2" "$3"
	target=$(spread_addr $(($3 / 2)))
	server
	flow 1
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
	if [[ $plan == full ]]; then
		flows ov2sim software
		for sas in 1 100 1000; do
			flows_among veth software "$sas"
			flows_among ov2sim crypto "$sas"
			flows_among ov2sim packet "$sas"
		done
	fi
	for ((turn = 0; turn < turns; turn++)); do
		rates none 0
		rates crypto 1000
		rates crypto 0
	done
	limit
done
((failed == 0))
