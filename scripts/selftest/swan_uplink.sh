#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# strongSwan over an uplink, with a peer that knows nothing of ov2: in crypto mode, in packet mode
# and with auto.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015

export OV2_LINK=uplink
# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

# connection MODE [KEY=VALUE]...: hw_offload = MODE at the left end; the NIC does all the work there.
connection()
{
	local hw=$1
	shift

	swan_defaults
	C[hw_l]=$hw
	while (($#)); do
		C[${1%%=*}]=${1#*=}
		shift
	done
	swan_up && swan_settled l $((2 * C[children])) && swan_settled r $((2 * C[children])) &&
		swan_kind "$hw" && { swan_traffic || fail "traffic"; } || swan_logs
	swan_down
}

# auto chooses packet mode.
swan_kind()
{
	local kind=$1

	[[ $kind != auto ]] || kind=packet
	[[ $(ip -n swl xfrm state | grep -c "mode $kind") == $((2 * C[children])) ]] ||
		fail "not all SAs are in $kind mode"
}

# rekey MODE: under traffic, by the peer's leave.
rekey()
{
	start_connection hw_l="$1" && under_traffic 2 swan_ctl l --rekey --child c1
	conclude
}

v6=(local=2001:db8::1 remote=2001:db8::2 inner=6)
# The example of README.md.
readme=(esp=aes256gcm16-esn)

for mode in crypto packet auto; do
	T "$mode, tunnel, README.md's example" connection "$mode" "${readme[@]}"
done
for mode in crypto packet; do
	T "$mode, IPv6 tunnel" connection "$mode" "${v6[@]}"
	T "$mode, transport" connection "$mode" mode=transport
	T "$mode, ESP in UDP" connection "$mode" encap=yes
	T "$mode, rekey" rekey "$mode"
done
T "packet, four children" connection packet children=4

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
