#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every algorithm, ICV length, family, mode and encapsulation, both directions:
# payloads come through to software at the far end, and the NIC did the work.
# All SAs live on the NIC at once. packet.sh does the same in packet mode: what
# is on the wire there is compared with software's by the differential runs.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

id=0
lines=
packets=()
fails=()
udp=()
xfrm=()
kind=${ALGS_KIND:-crypto}
# The outer families of ESP in UDP. In crypto mode the NIC takes IPv6 inbound only.
families_udp=(4)
sizes=1,63,500,1300
if [[ $kind == packet ]]; then
	families_udp=(4 6)
	# Software loses ESP in UDP over IPv6 of less than 48 bytes (README.md, limits).
	sizes=9,63,500,1300
fi

# S12 S13 S34: one connection with an algorithm in one kind of framing.
add()
{
	local name=$1 inner=$2 where=$3
	shift 3

	conn "$id" kind="$kind" "$@"
	addrs "$inner" "$where"
	lines+="$id $addr_a $((20000 + id)) $addr_b 7 $sizes"$'\n'
	T "S34 $name" conn_result "$id"
	id=$((id + 1))
}

# All modes of an algorithm over one outer family. Packet mode has no tunnels across families.
add_modes()
{
	local alg=$1 outer=$2 encap=${3:+UDP-encapsulated } inner
	local opts=(alg="$alg" fam="$outer" ${3:+encap=udp})

	add "$alg IPv$outer ${encap}transport" "$outer" wire "${opts[@]}"
	for inner in 4 6; do
		[[ $kind != packet || $inner == "$outer" ]] || continue
		add "$alg IPv$inner in IPv$outer ${encap}tunnel" "$inner" inner "${opts[@]}" \
			inner="$inner" mode=tunnel
	done
}

plan()
{
	local alg outer

	for alg in "${all_algs[@]}"; do
		for outer in 4 6; do
			add_modes "$alg" "$outer"
		done
	done
	for alg in gcm128-128 chapoly cbc128-sha256 null-sha1; do
		for outer in "${families_udp[@]}"; do
			add_modes "$alg" "$outer" udp
		done
	done
	per_sa=$(awk -F, '{ print NF }' <<<"$sizes")
}

# S46: every packet of the SA, and S36: none of another, by the NIC's own table. xfrm has counted
# the same.
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

plan
run_tests
