#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# strongSwan on gateways: hosts behind both ends, whose packets the gateways forward, and a road
# warrior that is given its address.
#
#   swx (host) -- hostl, swl (gateway) -- wire -- swr (gateway), hostr -- swy (host)

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

both="1 1 1 1"
v6=(local=2001:db8::1 remote=2001:db8::2 inner=6)
# The largest packets that fit into ESP of 1500 bytes with AES-GCM: outer header, SPI, number, IV,
# ICV, and the two bytes of the trailer go off. Packets end at a multiple of four bytes.
mtu4=$(((1500 - 20 - 8 - 8 - 16) / 4 * 4 - 2))
mtu6=$(((1500 - 40 - 8 - 8 - 16) / 4 * 4 - 2))

# site FAMILY [KEY=VALUE]...: everything that hosts send to each other.
site()
{
	local mtu=$mtu4 head=28

	(($1 == 4)) || mtu=$mtu6 head=48
	SWAN_FROM=x
	if start_connection net=yes "${@:2}"; then
		check "pings" swan_traffic "$both"
		host_udp "1-20,$((mtu - head - 3))-$((mtu - head))"
		too_big x l r "$mtu" "$head"
		too_big y r l "$mtu" "$head"
		# The hosts know by now, and send fragments that fit. Those of IPv6 have an extension
		# header, and the kernel drops such packets in packet mode.
		[[ $SWAN_OFFLOAD$1 == packet6 ]] || host_udp 2500,3000
		host_tcp up
		host_tcp down
	fi
	conclude
}

host_udp()
{
	local out

	out=$(echo "1 $(swan_addr l 1) 20001 $(swan_addr r 1) 7 $1" |
		swan_in x python3 "$selftest/traffic.py" udp) || fail "UDP: $out; $(site_drops)"
}

site_drops()
{
	# shellcheck disable=SC2016
	for end in l r; do
		swan_in "$end" awk -v end="$end" '$2 { print end, $1, $2 }' /proc/net/xfrm_stat
	done
}

# too_big HOST FROM TO MTU HEADERS: one byte more than the tunnel takes, and the gateway tells the host
# how much that is.
too_big()
{
	local out from to

	from=$(swan_addr "$2" 1) to=$(swan_addr "$3" 1)
	check "a ping that just fits" swan_in "$1" ping -qc 1 -W 10 -M 'do' -s $(($4 - $5)) \
		-I "$from" "$to" >"$SWAN_DIR/fits"
	out=$(swan_in "$1" ping -c 1 -W 10 -M 'do' -s $(($4 - $5 + 1)) -I "$from" "$to" 2>&1)
	[[ $out =~ (Frag needed and DF set|Packet too big)[^0-9]*([0-9]+) ]] ||
		fail "nothing said of the MTU: $out"
	check_eq "the tunnel's MTU at $1" "${BASH_REMATCH[2]:-}" "$4"
}

# host_tcp up|down: a stream, of which the sending gateway takes bursts and the NIC makes segments.
host_tcp()
{
	local out before after from=l

	[[ $1 == up ]] || from=r
	before=$(bursts "$from")
	out=$(swan_in x python3 "$selftest/traffic.py" tcp "$(swan_addr l 1)" 20002 \
		"$(swan_addr r 1)" 7 "$1" 4000000 2>&1) || fail "TCP $1: $out; $(site_drops)"
	after=$(bursts "$from")
	# In crypto mode software segments bursts of IPv6 and those of ESP in UDP.
	[[ $SWAN_LINK == veth || ($SWAN_OFFLOAD == crypto && ${C[inner]}${C[encap]} != 4no) ]] ||
		check_ge "bursts that the NIC at $from has segmented" $((after - before)) 20
}

bursts()
{
	[[ $SWAN_LINK == veth ]] || swan_counter "$1" tx_lso_pkts
}

# What comes in clear, and looks like a packet of the tunnel, is not forwarded to the host.
clear_refused()
{
	local before pings

	SWAN_FROM=x
	start_connection net=yes || { conclude; return; }
	before=$(swan_xfrm_stat r XfrmInTmplMismatch)
	pings=$(echos_at_y)
	swan_in m ping -qc 3 -i 0.1 -W 1 -I 10.1.1.77 "$(swan_addr r 1)" >"$SWAN_DIR/clear-pings"
	check "the gateway refuses them" wait_for 10 mismatches_are $((before + 3))
	check_eq "pings in clear at the host" "$(echos_at_y)" "$pings"
	check "protected ones pass" swan_ping 1 3
	check_eq "pings at the host" "$(echos_at_y)" $((pings + 3))
	conclude
}

mismatches_are()
{
	[[ $(swan_xfrm_stat r XfrmInTmplMismatch) == "$1" ]]
}

echos_at_y()
{
	# shellcheck disable=SC2016
	swan_in y awk '$1 != "Icmp:" { next }
		col { print $col }
		{ for (i = 2; i <= NF; i++) if ($i == "InEchos") col = i }' /proc/net/snmp
}

# The left end has no host behind it, but an address of the right one's pool.
road_warrior()
{
	SWAN_FROM=l
	if start_connection net=yes vip=yes; then
		check "the address" says 10.3.0.1 ip -n swl addr show
		check "pings" swan_traffic "$both"
		check "a stream" swan_in l python3 "$selftest/traffic.py" tcp 10.3.0.1 20002 \
			"$(swan_addr r 1)" 7 up 2000000
		under_traffic 1 swan_ctl l --rekey --child c1
	fi
	conclude
}

T "site to site, IPv4" site 4
T "site to site, IPv6" site 6 "${v6[@]}"
T "site to site, ESP in UDP" site_encap
T "S66 plaintext is not forwarded" clear_refused
T "a road warrior" road_warrior

site_encap()
{
	SWAN_FROM=x
	start_connection net=yes encap=yes && {
		check "pings" swan_traffic "$both"
		host_tcp up
		host_tcp down
	}
	conclude
}

# site_host END HOST N: a host behind end l or r, in the networks with N.
site_host()
{
	netns_add "sw$2" &&
		ip link add "host$1" netns "sw$1" type veth peer name host netns "sw$2" || return
	ip -n "sw$1" -batch - <<-EOF || return
		link set host$1 up
		addr add 10.$3.1.254/24 dev host$1
		addr add fd00:$3:1::fe/64 dev host$1 nodad
	EOF
	ip -n "sw$2" -batch - <<-EOF || return
		link set lo up
		link set host up
		addr add 10.$3.1.1/24 dev host
		addr add fd00:$3:1::1/64 dev host nodad
		route add default via 10.$3.1.254
		route add default via fd00:$3:1::fe
	EOF
	swan_in "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

site_routes()
{
	ip -n swl -batch - <<-EOF || return
		route add default via 192.0.2.2
		route add default via 2001:db8::2
	EOF
	ip -n swr -batch - <<-EOF || return
		route add default via 192.0.2.1
		route add default via 2001:db8::1
	EOF
	# From here something in clear comes.
	ip -n swm -batch - <<-EOF
		link set lo up
		addr add 192.0.2.77/24 dev br0
		addr add 10.1.1.77/32 dev lo
		route add 10.2.1.0/24 via 192.0.2.2
	EOF
}

site_serve()
{
	spawn_in y python3 "$selftest/traffic.py" serve 7 "$tmp/serve-y"
	wait_for 20 exists "$tmp/serve-y"
}

spawn_in()
{
	ip netns exec "sw$1" "${@:2}" &
	children+=("$!")
}

setup()
{
	swan_setup && swan_bridge && site_host l x 1 && site_host r y 2 && site_routes &&
		site_serve || fail "no wire"
}

run_tests
