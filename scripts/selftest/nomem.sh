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

T "S65 a device is made with too little memory" new_device
T "S33 a port is started with too little memory" port_up
run_tests
