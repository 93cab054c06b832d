#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One end of a tunnel gets another address, another NIC or another NAT, and strongSwan moves the SAs:
# it asks xfrm for their numbers, deletes them, and adds them once more, with these numbers.
#
#   swl                                    swm (router)                          swr
#   left0  198.51.100.1, .2 (and .3: NAT)  198.51.100.254 tapl, tapr 192.0.2.254  right0 192.0.2.2
#   left1  203.0.113.1                     203.0.113.254  tap2

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

first=198.51.100.1 second=198.51.100.2 hidden=198.51.100.3 elsewhere=203.0.113.1

roamer()
{
	start_connection local="$first" from=%any mobike=yes "$@"
}

# numbers_sent END: how many its outbound SA has sent. An inbound one has sent none.
numbers_sent()
{
	local states most=0

	states=$(swan_in "$1" ip xfrm state)
	while [[ $states =~ \ oseq\ (0x[0-9a-f]+) ]]; do
		((BASH_REMATCH[1] <= most)) || most=$((BASH_REMATCH[1]))
		states=${states#*"${BASH_REMATCH[0]}"}
	done
	echo "$most"
}

# move TO COMMAND...: by the command the left end gets another address, and traffic goes on.
move()
{
	local to=$1 spis before
	shift

	swan_traffic || { fail "traffic before the move"; return; }
	spis=$(swan_spis l | sort)
	before=$(numbers_sent l)
	"$@" || { fail "$*"; return; }
	C[local]=$to
	wait_for 30 says "src $to dst ${C[remote]}" swan_in l ip xfrm state ||
		fail "the SAs stay where they are" || return
	both_settled || return
	check_eq "SPIs after the move" "$(swan_spis l | sort)" "$spis"
	check_ge "numbers sent after the move" "$(numbers_sent l)" "$before"
	swan_traffic || fail "traffic after the move"
	check_ge "numbers sent by more packets" "$(numbers_sent l)" $((before + 10))
}

# at_left0 NEW OLD
at_left0()
{
	swan_in l ip addr add "$1/24" dev left0 && swan_in l ip addr del "$2/24" dev left0
}

another_address()
{
	roamer "$@" && move "$second" at_left0 "$second" "$first" &&
		move "$first" at_left0 "$first" "$second"
	conclude
}

# The other NIC takes the SAs, and the first one has none of them.
another_nic()
{
	roamer "$@" && move "$elsewhere" to_left1 && {
		[[ $SWAN_LINK == veth ]] || check "the first NIC is empty" wait_for 20 no_sas ov2sim61
		move "$first" to_left0
	}
	conclude
}

use_left1()
{
	SWAN_NIC[l]=ov2sim64 SWAN_DEV[l]=left1 SWAN_TAP_DEV=tap2
}

use_left0()
{
	SWAN_NIC[l]=ov2sim61 SWAN_DEV[l]=left0 SWAN_TAP_DEV=tapl
}

to_left1()
{
	use_left1
	swan_in l ip addr add "$elsewhere/24" dev left1 &&
		swan_in l ip route replace default via 203.0.113.254 &&
		swan_in l ip addr del "$first/24" dev left0
}

to_left0()
{
	use_left0
	roam_left && swan_in l ip addr del "$elsewhere/24" dev left1
}

# A NAT hides the new address: ESP is in UDP from now on, and is not when the end has come back.
behind_nat()
{
	roamer "$@" && {
		! swan_udp l || fail "ESP in UDP before the move"
		move "$hidden" at_left0 "$hidden" "$first"
		check "ESP in UDP at l" swan_udp l
		check "ESP in UDP at r" swan_udp r
		move "$first" at_left0 "$first" "$hidden"
		! swan_udp l || fail "ESP in UDP after the way back"
	}
	conclude
}

# The NAT has another address: the right end sees it by ESP packets, and answers there.
another_mapping()
{
	check "a hidden address" at_left0 "$hidden" "$first"
	start_connection local="$hidden" "$@" && {
		swan_traffic || fail "traffic before"
		swan_in m ip addr add 192.0.2.253/24 dev tapr
		swan_in m ip addr del 192.0.2.254/24 dev tapr
		wait_for 30 mapped_to 192.0.2.253 || fail "the right end has not noticed"
		both_settled && { swan_traffic || fail "traffic after"; }
	}
	conclude
	swan_in m ip addr add 192.0.2.254/24 dev tapr
	swan_in m ip addr del 192.0.2.253/24 dev tapr
	roam_right
	check "the first address" at_left0 "$first" "$hidden"
}

mapped_to()
{
	swan_in l ping -qc 1 -W 1 -I "$(swan_addr l 1)" "$(swan_addr r 1)" >"$SWAN_DIR/ping" &&
		says "src ${C[remote]} dst $1" swan_in r ip xfrm state
}

# S6: the NIC's table has room for these SAs only. Each is added in the moment that it is deleted.
full_table()
{
	swan_stop l
	check "a small table" swan_table l 2
	roam_left
	another_address "$@"
	swan_stop l
	check "the table as it was" swan_table l 1024
	roam_left
}

T "MOBIKE: another address" another_address
T "MOBIKE: another address, transport mode" another_address mode=transport
T "MOBIKE: another address, ESN" another_address esp=aes256gcm16-esn
T "MOBIKE: another NIC" another_nic
T "MOBIKE: behind a NAT and back" behind_nat
T "S54 another mapping of a NAT" another_mapping
[[ $SWAN_LINK == veth ]] || T "S6 MOBIKE: a full table" full_table

# The left end as it begins.
roam_left()
{
	ip -n swl -batch - <<-EOF
		addr add $first/24 dev left0
		route replace default via 198.51.100.254
	EOF
}

roam_right()
{
	swan_in r ip route replace default via 192.0.2.254
}

roam_second()
{
	if [[ $SWAN_LINK == veth ]]; then
		ip link add left1 netns swl type veth peer name tap2 netns swm || return
	else
		swan_nic 64 left1 && swan_nic 65 tap2 && ip link set left1 netns swl &&
			ip link set tap2 netns swm && link swl left1 swm tap2 || return
	fi
	swan_in l ip link set left1 up || return
	ip -n swm -batch - <<-EOF
		link set tap2 up
		addr add 203.0.113.254/24 dev tap2
		addr add 198.51.100.254/24 dev tapl
		addr add 192.0.2.254/24 dev tapr
	EOF
}

roam_router()
{
	swan_in m sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.promote_secondaries=1 &&
		swan_in l sysctl -qw net.ipv4.conf.all.promote_secondaries=1 || return
	swan_in m nft -f - <<-EOF
		table ip nat {
			chain post {
				type nat hook postrouting priority srcnat; policy accept;
				oif "tapr" ip saddr $hidden masquerade
			}
		}
	EOF
}

setup()
{
	use_left0
	swan_setup && roam_second && roam_left && swan_in r ip addr add 192.0.2.2/24 dev right0 &&
		roam_right && roam_router && swan_inner &&
		wait_for 20 swan_in l ping -qc 1 -W 1 192.0.2.2 >"$SWAN_DIR/ping" || fail "no wire"
}

run_tests
