#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: SAs by netlink. sa.sh quick|full; $OV2_BENCH has what build.sh has built. Prints lines
# of JSON, as scripts/bench/sa.c describes them.

set -eu

plan=${1:-full}
scripts=$(dirname "$0")
faults=/sys/kernel/debug/ov2sim/ov2sim1/faults
sas=131072

param()
{
	devlink dev param set ov2sim/ov2sim1 name "$1" value "$2" cmode runtime
}

# One NIC with four ports in four namespaces.
setup()
{
	local i

	echo "1 4" >/sys/bus/ov2sim/new_device
	devlink resource set ov2sim/ov2sim1 path /ipsec_sa size "$sas"
	devlink dev reload ov2sim/ov2sim1
	param request_deadline 600000
	for i in 0 1 2 3; do
		ip netns add "b$i"
		ip link set "ov2sim1p$i" netns "b$i"
		ip -n "b$i" link set "ov2sim1p$i" up
	done
}

# memory MODE COUNT: bytes in slab objects for each SA, xfrm's and all that ov2 and ov2sim keep.
memory()
{
	local before after

	before=$("$scripts/slab.sh")
	after=$(OV2_BENCH_MIDDLE="$scripts/slab.sh" bench '' "$1" "$2" 64 | grep -v '^{')
	echo "{\"bench\": \"memory\", \"of\": \"$1\", \"sas\": $2, \"bytes\": $(((after - before) / $2))}"
}

# restore COUNT: what the NIC and the core need after a reset until the NIC has all SAs again.
restore()
{
	OV2_BENCH_MIDDLE="$scripts/restore.sh $1" bench '' crypto "$1" 64 | grep '"restore"'
}

# bench LABELS MODE COUNT BATCH [NAMESPACES]
bench()
{
	local i ends=()

	for ((i = 0; i < ${5:-1}; i++)); do
		ends+=("b$i:ov2sim1p$i")
	done
	OV2_BENCH_LABELS=$1 "$OV2_BENCH/sa" "$2" "$3" "$4" "${ends[@]}"
}

# What the NIC's delay is, in microseconds.
with_delay()
{
	local us=$1
	shift

	echo "$us" >"$faults/delay_us"
	bench ", \"nic_us\": $us, \"wait\": true" "$@"
}

quick()
{
	bench '' none 2000 64
	with_delay 0 crypto 2000 64
	with_delay 1000 crypto 2000 64
	with_delay 0 packet 500 64
	param packet_add_wait false
	bench ', "nic_us": 0, "wait": false' packet 2000 64
	param packet_add_wait true
}

full()
{
	local n us

	for n in 1000 10000; do
		bench '' none "$n" 64
		for us in 0 100 1000; do
			with_delay "$us" crypto "$n" 64
		done
	done
	bench '' none 1000 1
	with_delay 0 crypto 1000 1
	bench '' none 2500 64 4
	with_delay 0 crypto 2500 64 4
	for us in 0 100 1000; do
		with_delay "$us" packet 1000 64
		with_delay "$us" packet 250 64 4
		param packet_add_wait false
		bench ", \"nic_us\": $us, \"wait\": false" packet 1000 64
		param packet_add_wait true
	done
	echo 0 >"$faults/delay_us"
	bench '' none 100000 64
	with_delay 0 crypto 100000 64
	param packet_add_wait false
	for n in 10000 100000; do
		bench ', "nic_us": 0, "wait": false' packet "$n" 64
	done
	param packet_add_wait true
	for n in 10000 100000; do
		memory none "$n"
		memory crypto "$n"
		restore "$n"
	done
}

# The first SA of an algorithm loads modules and makes the kernel test the algorithm.
warm_up()
{
	bench '' none 64 64 >/dev/null
	bench '' crypto 64 64 >/dev/null
}

# Nothing in the VM loads it for the CPU.
modprobe -q aesni_intel || :
setup
warm_up
"$plan"
