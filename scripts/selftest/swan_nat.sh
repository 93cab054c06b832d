#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# strongSwan through a NAT: ESP in UDP, on both NICs. The left end is hidden
# behind the middle's address.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan.sh
. "$(dirname "$0")/lib/swan.sh"

both="1 1 1 1"

nat_case()
{
	local sas

	swan_defaults
	C[local]=198.51.100.1
	while [[ $1 != -- ]]; do
		C[${1%%=*}]=${1#*=}
		shift
	done
	shift
	sas=$((2 * C[children]))
	if swan_up && swan_settled l "$sas" "$1" && swan_settled r "$sas" "$2"; then
		check "encapsulation at l" swan_udp l
		check "encapsulation at r" swan_udp r
		check "directions at l" swan_inbound_first l "$1"
		check "directions at r" swan_inbound_first r "$2"
		swan_traffic "$3" || fail "traffic"
	fi
	((!failed)) || swan_logs 12
	swan_down
}

T "S55 tunnel through a NAT" nat_case -- 2 2 "$both"
[[ $SWAN_OFFLOAD == packet ]] ||
	T "S55 IPv6 in a tunnel through a NAT" nat_case inner=6 -- 2 2 "$both"
T "S55 three children through a NAT" nat_case children=3 -- 6 6 "$both"
T "through a NAT, offload behind it only" nat_case hw_r=no -- 2 0 "1 0 0 1"
T "through a NAT, offload before it only" nat_case hw_l=no -- 0 2 "0 1 1 0"
T "through a NAT, ESN" nat_case esp=aes256gcm16-esn -- 2 2 "$both"
T "through a NAT, AES-CBC" nat_case esp=aes128-sha256 -- 2 2 "$both"
T "through a NAT, hw_offload = auto" nat_case hw_l=auto hw_r=auto -- 2 2 "$both"

# Over IPv6 the outbound SAs stay in software, for the kernel's own offload code
# mangles such packets; the inbound ones are the NIC's.
v6=(local=2001:db8:1::1 remote=2001:db8:2::2)

if [[ $SWAN_OFFLOAD == crypto ]]; then
	T "S55 through a NAT, IPv6" nat_case "${v6[@]}" inner=6 -- 1 1 "0 1 0 1"
	T "S55 through a NAT, IPv4 in IPv6, auto" nat_case "${v6[@]}" hw_l=auto hw_r=auto -- 1 1 "0 1 0 1"
else
	T "S55 through a NAT, IPv6" nat_case "${v6[@]}" inner=6 -- 2 2 "$both"
fi

setup()
{
	swan_setup && swan_nat && swan_inner || fail "no wire"
}

run_tests
