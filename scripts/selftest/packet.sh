#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packet mode: every algorithm, family, mode and encapsulation, both directions. Payloads come
# through to software at the far end, and the NIC has framed and unframed each packet. All SAs are
# on the NIC at once. What is on the wire is compared with software's by the differential runs.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

id=0
lines=
packets=()
fails=()
udp=()
# Software loses ESP in UDP over IPv6 of less than 48 bytes (README.md, limits).
sizes=9,63,500,1300

# S12 S13 S34: one connection with an algorithm in one kind of framing.
add()
{
	local name=$1 inner=$2 where=$3
	shift 3

	conn "$id" kind=packet "$@"
	addrs "$inner" "$where"
	lines+="$id $addr_a $((20000 + id)) $addr_b 7 $sizes"$'\n'
	T "S34 S67 $name" conn_result "$id"
	id=$((id + 1))
}

plan()
{
	local alg fam

	for alg in "${all_algs[@]}"; do
		for fam in 4 6; do
			add "$alg IPv$fam transport" "$fam" wire alg="$alg" fam="$fam"
			add "$alg IPv$fam tunnel" "$fam" inner alg="$alg" fam="$fam" mode=tunnel
		done
	done
	for alg in gcm128-128 chapoly cbc128-sha256 null-sha1; do
		for fam in 4 6; do
			add "$alg IPv$fam UDP-encapsulated transport" "$fam" wire alg="$alg" \
				fam="$fam" encap=udp
			add "$alg IPv$fam UDP-encapsulated tunnel" "$fam" inner alg="$alg" \
				fam="$fam" encap=udp mode=tunnel
		done
	done
	per_sa=$(awk -F, '{ print NF }' <<<"$sizes")
}

# S46: every packet of the SA, and S36: none of another, by the NIC's own table. S68: xfrm has
# counted the same.
conn_result()
{
	local out=$((0x1000 + 2 * $1)) in=$((0x1001 + 2 * $1))

	check_eq "payloads" "${udp[$1]:-}" ok
	check_eq "packets that the NIC encrypted" "${packets[out]:-}" "$per_sa"
	check_eq "packets that the NIC decrypted" "${packets[in]:-}" "$per_sa"
	check_eq "packets that failed" "${fails[in]:-}" 0
	check_eq "packets that xfrm counted" "${xfrm[out]:-} ${xfrm[in]:-}" "$per_sa $per_sa"
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
	read_xfrm
}

# By SPI: the packets that xfrm has counted.
read_xfrm()
{
	local line spi=0 rest

	while read -r line; do
		case $line in
		*"spi 0x"*) rest=${line#*spi } spi=$((${rest%%"("*})) ;;
		*"(bytes), "*"(packets)") rest=${line#*, } xfrm[spi]=${rest%%"("*} ;;
		esac
	done <<<"$(ip -n a -s xfrm state)"
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

xfrm=()
plan
run_tests
