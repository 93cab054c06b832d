#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every algorithm, ICV length, family, mode and encapsulation, both directions:
# payloads come through to software at the far end, and the NIC did the work.
# All SAs live on the NIC at once.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

id=0
lines=
packets=()
fails=()
udp=()
sizes=1,63,500,1300

# S12 S13 S34: one connection with an algorithm in one kind of framing.
add()
{
	local name=$1 inner=$2 where=$3
	shift 3

	conn "$id" "$@"
	addrs "$inner" "$where"
	lines+="$id $addr_a $((20000 + id)) $addr_b 7 $sizes"$'\n'
	T "S34 $name" conn_result "$id"
	id=$((id + 1))
}

plan()
{
	local alg outer

	for alg in "${all_algs[@]}"; do
		for outer in 4 6; do
			add "$alg IPv$outer transport" "$outer" wire alg="$alg" fam="$outer"
			add "$alg IPv4 in IPv$outer tunnel" 4 inner alg="$alg" fam="$outer" \
				inner=4 mode=tunnel
			add "$alg IPv6 in IPv$outer tunnel" 6 inner alg="$alg" fam="$outer" \
				inner=6 mode=tunnel
		done
	done
	for alg in gcm128-128 chapoly cbc128-sha256 null-sha1; do
		add "$alg UDP-encapsulated transport" 4 wire alg="$alg" encap=udp
		add "$alg IPv4 in UDP-encapsulated tunnel" 4 inner alg="$alg" encap=udp \
			mode=tunnel
		add "$alg IPv6 in UDP-encapsulated tunnel" 6 inner alg="$alg" encap=udp \
			mode=tunnel inner=6
	done
	per_sa=$(awk -F, '{ print NF }' <<<"$sizes")
}

# S46: every packet of the SA, and S36: none of another, by the NIC's own table.
conn_result()
{
	local out=$((0x1000 + 2 * $1)) in=$((0x1001 + 2 * $1))

	check_eq "payloads" "${udp[$1]:-}" ok
	check_eq "packets that the NIC encrypted" "${packets[out]:-}" "$per_sa"
	check_eq "packets that the NIC decrypted" "${packets[in]:-}" "$per_sa"
	check_eq "packets that failed" "${fails[in]:-}" 0
}

# One look at the tables, for all results.
read_tables()
{
	local line spi ident what

	while IFS= read -r line; do
		[[ $line == *" spi "* ]] || continue
		spi=${line#* spi } && spi=$((${spi%% *}))
		what=${line#* packets } && packets[spi]=${what%% *}
		what=${line#* fails } && fails[spi]=${what%% *}
	done <"$sim/$nic_a/sas"
	while read -r ident what; do
		[[ $ident == *[!0-9]* ]] || udp[ident]=$what
	done <"$tmp/udp"
}

after_each()
{
	:
}

# shellcheck disable=SC2119
setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt || return
	commit && wait_offloaded $((2 * id)) || return
	a python3 "$selftest/traffic.py" udp <<<"${lines%$'\n'}" >"$tmp/udp" 2>&1
	read_tables
}

plan
run_tests
