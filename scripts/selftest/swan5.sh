#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian 12's strongSwan 5.9, which knows hw_offload = yes: with strongSwan 6 at
# the other end, and at both. Its root comes from: scripts/rig/rootfs.sh swan5

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan.sh
. "$(dirname "$0")/lib/swan.sh"

# scripts/vm.sh sets OV2_CACHE.
swan5=$(XDG_CACHE_HOME=${OV2_CACHE%/*} "$selftest/../rig/rootfs.sh" swan5)

# old ENDS [KEY=VALUE]...: a connection, 5.9 at those ends.
old()
{
	local end

	swan_defaults
	SWAN_ROOT=()
	for end in $1; do
		SWAN_ROOT[$end]=$swan5
		C[hw_$end]=yes
	done
	shift
	while (($#)); do
		C[${1%%=*}]=${1#*=}
		shift
	done
	if swan_up && swan_settled l $((2 * C[children])) && swan_settled r $((2 * C[children])); then
		for end in "${!SWAN_ROOT[@]}"; do
			check "strongSwan 5.9 at $end" says "strongSwan 5.9" \
				swan_ctl "$end" --version --daemon
		done
		swan_traffic || fail "traffic"
	fi
	((!failed)) || swan_logs 12
	swan_down
	swan_stop l
	swan_stop r
}

T "strongSwan 5.9 and 6" old l
T "strongSwan 6 and 5.9, IPv6, ESN" old r local=2001:db8::1 remote=2001:db8::2 inner=6 \
	esp=aes256gcm16-esn
T "strongSwan 5.9 at both ends, transport" old "l r" mode=transport
T "strongSwan 5.9 at both ends, two children, hw_offload = auto" old "l r" children=2 \
	hw_l=auto hw_r=auto

setup()
{
	[[ -x $swan5/usr/sbin/charon-systemd ]] || fail "no root: scripts/rig/rootfs.sh swan5"
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
