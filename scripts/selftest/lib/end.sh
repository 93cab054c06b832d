# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The end of an area: its NICs and namespaces go, and the kernel log is clean.

# The modules' own idea of what exists: nothing.
finish()
{
	local pid

	for pid in "${children[@]}"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	children=()
	remove_all
	check "every netdev is gone" wait_for 10 no_devices
	check_klog
}

remove_all()
{
	local path

	for path in /sys/bus/ov2sim/devices/*; do
		[[ ! -e $path ]] || sim_del "${path##*/ov2sim}"
	done
	for path in /run/netns/*; do
		[[ ! -e $path ]] || ip netns del "${path##*/}"
	done
}

no_devices()
{
	[[ $(echo /sys/bus/ov2sim/devices/*) == *'*' && $(echo "$core"/*) == *'*' ]]
}

# The kernel log has none of the messages that report a fault.
check_klog()
{
	local log

	log=$(dmesg | tail -n "+$((klog_start + 1))" | grep -E \
		'BUG|WARNING|UBSAN|KASAN|Oops|possible (recursive|circular|irq)|suspicious RCU|refcount_t|ref_tracker|bjects remaining|blocked for more|sleeping function|inconsistent lock|unregister_netdevice|stall' |
		grep -v 'ref_tracker: memory allocation failure')
	[[ -z $log ]] || fail "kernel log: $log"
}

klog_start=$(dmesg | wc -l)
