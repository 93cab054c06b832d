#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory runs out, at each allocation of an operation in turn: the operation fails
# and nothing is left of it. Ends with the first run in which nothing failed.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

failslab=/sys/kernel/debug/failslab

setup()
{
	check "namespaces" netns_add a && check "namespaces" netns_add b
	# Otherwise only atomic allocations fail.
	if [[ -e $failslab ]]; then
		echo N >"$failslab/ignore-gfp-wait"
		# Not a stack trace for each of them.
		echo 0 >"$failslab/verbose"
	fi
}

after_each()
{
	remove_all
	check "netdevs are gone" wait_for 10 no_devices
	netns_add a && netns_add b
}

# exhaust ARGUMENTS: of nomem.py.
exhaust()
{
	local out

	if [[ ! -e $failslab || ! -e /proc/self/fail-nth ]]; then
		skip "no fault injection in this kernel"
		return
	fi
	out=$("$@" 2>&1) || fail "$out" || return
	check_ge "allocations" "${out% *}" 5
	check_ge "failures" "${out#* }" 5
	diag "${out% *} allocations, without ${out#* } of them it fails"
}

new_device()
{
	exhaust python3 "$selftest/nomem.py" write /sys/bus/ov2sim/new_device "7 1 1" \
		/sys/bus/ov2sim/del_device 7
}

port_up()
{
	check "a NIC" sim_new 7 1 2 || return
	exhaust python3 "$selftest/nomem.py" up ov2sim7
}

a_port()
{
	check "a NIC" sim_new 7 1 2 && check "its namespace" ip link set ov2sim7 netns a &&
		check "its port" ip -n a link set ov2sim7 up
}

# An SA is there as a whole or not at all, in xfrm, the core and the NIC.
add_sa()
{
	a_port || return
	exhaust python3 "$selftest/nomem.py" sa ov2sim7
	check_eq "SAs of xfrm" "$(ip -n a xfrm state count)" "$(ip -n b xfrm state count)"
	check "SAs of the core" wait_for 10 empty "$core/ov2sim7/sas"
	check "SAs of the NIC" wait_for 10 empty "$sim/ov2sim7/sas"
}

empty()
{
	(($(wc -l <"$1") <= 1))
}

# The error that the caller gets if there is no memory for the SA itself.
no_sa()
{
	local slab=/sys/kernel/slab/ov2_sa/failslab

	if [[ ! -e $slab ]]; then
		skip "no fault injection in this kernel"
		return
	fi
	a_port || return
	echo 1 >"$slab"
	echo Y >"$failslab/cache-filter"
	echo 1 >"$failslab/times"
	echo 100 >"$failslab/probability"
	check_eq "the answer" "$(python3 "$selftest/nomem.py" once ov2sim7 2>&1)" ENOMEM
	echo 0 >"$failslab/probability"
	echo N >"$failslab/cache-filter"
	check_eq "SAs of xfrm" "$(ip -n a xfrm state)" ""
	check "SAs of the core" empty "$core/ov2sim7/sas"
}

T "S65 a device is made with too little memory" new_device
T "S33 a port is started with too little memory" port_up
T "S5 an SA is added with too little memory" add_sa
T "S5 without memory for the SA the answer is -ENOMEM" no_sa
run_tests
