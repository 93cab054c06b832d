#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# strongSwan brings tunnels up, and the NICs do their cryptography: modes,
# families, several children, one end with offload, ESN.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan.sh
. "$(dirname "$0")/lib/swan.sh"

# connection [KEY=VALUE]... -- SAS_L SAS_R COUNTERS: a connection as swan_defaults
# has it but for these; so many SAs in the NICs; who has worked on the packets.
connection()
{
	local sas

	swan_defaults
	while [[ $1 != -- ]]; do
		C[${1%%=*}]=${1#*=}
		shift
	done
	shift
	sas=$((2 * C[children]))
	swan_up && swan_settled l "$sas" "$1" && swan_settled r "$sas" "$2" &&
		swan_encap &&
		{ swan_traffic "$3" || fail "traffic"; } || swan_logs
	# charon has deleted its SAs, and the NICs know it (S16, S18).
	swan_down
}

# ESP is in UDP if that is forced, and only then.
swan_encap()
{
	local forced=no

	! swan_udp l || forced=yes
	check_eq "ESP in UDP" "$forced" "${C[encap]}"
}

# S67: one CHILD_SA with selectors of both families. In packet mode the policy of one is accepted and
# that of the other refused; auto goes on in crypto mode with both.
families()
{
	swan_defaults
	C[inner]=both C[hw_l]=auto C[hw_r]=auto
	swan_up && swan_settled l 2 2 && swan_settled r 2 2 &&
		check "IPv4" swan_pings 10.1.1.1 10.2.1.1 &&
		check "IPv6" swan_pings fd00:1:1::1 fd00:2:1::1 &&
		check "IPv4 as before" swan_pings 10.1.1.1 10.2.1.1 || swan_logs
	swan_down
}

swan_pings()
{
	swan_in l ping -qc 3 -i 0.2 -W 5 -I "$1" "$2" >"$tmp/pings"
}

both="1 1 1 1"
v6=(local=2001:db8::1 remote=2001:db8::2)

T "tunnel, IPv4" connection -- 2 2 "$both"
T "tunnel, IPv6" connection "${v6[@]}" inner=6 -- 2 2 "$both"
# The kernel offloads no tunnel across families in packet mode.
if [[ $SWAN_OFFLOAD == crypto ]]; then
	T "tunnel, IPv4 in IPv6" connection "${v6[@]}" -- 2 2 "$both"
	T "tunnel, IPv6 in IPv4" connection inner=6 -- 2 2 "$both"
fi
T "transport, IPv4" connection mode=transport -- 2 2 "$both"
T "transport, IPv6" connection "${v6[@]}" mode=transport -- 2 2 "$both"
T "four children" connection children=4 -- 8 8 "$both"
T "offload at the left end only" connection hw_r=no -- 2 0 "1 0 0 1"
T "offload at the right end only, auto" connection hw_l=no hw_r=auto -- 0 2 "0 1 1 0"
T "hw_offload = auto" connection hw_l=auto hw_r=auto -- 2 2 "$both"
T "both families in one child, hw_offload = auto" families
T "S14 ESN" connection esp=aes256gcm16-esn -- 2 2 "$both"
T "ESN at one end with offload" connection esp=aes128gcm16-esn hw_r=no -- 2 0 "1 0 0 1"
T "ChaCha20-Poly1305" connection esp=chacha20poly1305 -- 2 2 "$both"
T "AES-CBC with HMAC-SHA2" connection esp=aes128-sha256 mode=transport -- 2 2 "$both"
T "S55 encap = yes, IPv4" connection encap=yes -- 2 2 "$both"
# Outbound ESP in UDP over IPv6 stays in software in crypto mode.
if [[ $SWAN_OFFLOAD == crypto ]]; then
	T "S55 encap = yes, IPv6" connection "${v6[@]}" encap=yes inner=6 -- 1 1 "0 1 0 1"
else
	T "S55 encap = yes, IPv6" connection "${v6[@]}" encap=yes inner=6 -- 2 2 "$both"
fi
T "AES-GMAC" connection esp=aes256gmac clear=yes "${v6[@]}" inner=6 -- 2 2 "$both"

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
