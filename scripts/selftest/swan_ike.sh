#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What strongSwan and the kernel tell each other: packets that trigger IKE, IKE that no SA may
# swallow, when an SA was last used, and that the NIC has no room.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

# log_lines END TEXT: how many lines of its daemon's log have the text.
log_lines()
{
	grep -c "$2" "$SWAN_DIR/$1/log"
}

# A packet meets the policy of a trap and no SA. strongSwan makes one, and nothing is in clear.
trigger()
{
	local before

	before=$(log_lines l "creating acquire job")
	check "no SA before the packet" swan_settled l 0
	swan_tap_start || return
	swan_in l ping -qc 1 -W 1 -I "$(swan_addr l 1)" "$(swan_addr r 1)" >"$SWAN_DIR/ping"
	both_settled && check "a ping" swan_ping 1 3 || return
	check "the wire" swan_tap_check 6
	check_eq "acquires" "$(log_lines l "creating acquire job")" $((before + 1))
}

trap_and_again()
{
	swan_defaults start=trap "$@"
	swan_ready && trigger && under_traffic 1 swan_ctl l --rekey --child c1 && {
		swan_ctl l --terminate --child c1 >"$SWAN_DIR/terminate"
		check "no SA at the right end" swan_settled r 0
		trigger
		swan_traffic || fail "traffic"
	}
	conclude
}

# The SAs are for all that these two hosts send each other, but IKE must get through, in fragments of
# IKE's own, or of IP. Each end sends one long message.
ike_in_fragments()
{
	local old end split=() SWAN_OTHER="$SWAN_OTHER and not (udp and ip[6:2] & 0x1fff != 0)"

	swan_stop l
	swan_stop r
	start_connection mode=transport "$@" || { conclude; return; }
	[[ ${C[fragmentation]} != no ]] || check "a small MTU" ike_routes add mtu lock 200
	split=("$(log_lines l "splitting IKE message")" "$(log_lines r "splitting IKE message")")
	swan_tap_start
	mapfile -t old <<<"$(swan_spis l)"
	check "authenticated anew" swan_ctl l --rekey --ike ike --reauth >"$SWAN_DIR/rekey"
	wait_for 40 rekeyed || fail "the old SAs are still there"
	mapfile -t old <<<"$(swan_spis l)"
	check "rekeyed by the right end" swan_ctl r --rekey --child c1 >"$SWAN_DIR/rekey"
	wait_for 40 rekeyed || fail "the old SAs are still there"
	check "the wire" swan_tap_check 0
	if [[ ${C[fragmentation]} == no ]]; then
		check_ge "IP fragments of l" "$(ip_fragments "${C[local]}")" 2
		check_ge "IP fragments of r" "$(ip_fragments "${C[remote]}")" 2
		check "no small MTU" ike_routes del
	else
		check_ge "messages of l in fragments" "$(log_lines l "splitting IKE message")" \
			$((split[0] + 1))
		check_ge "messages of r in fragments" "$(log_lines r "splitting IKE message")" \
			$((split[1] + 1))
	fi
	both_settled && { swan_traffic || fail "traffic"; }
	conclude
	swan_stop l
	swan_stop r
}

# ike_routes COMMAND MTU...: routes to each other for which most of IKE's messages are too long.
ike_routes()
{
	ip -n swl route "$1" "${C[remote]}" dev "${SWAN_DEV[l]}" "${@:2}" &&
		ip -n swr route "$1" "${C[local]}" dev "${SWAN_DEV[r]}" "${@:2}"
}

ip_fragments()
{
	swan_read "src host $1 and udp and ip[6:2] & 0x3fff != 0" | wc -l
}

# The peer has died: the SAs leave the NIC. While it lives one end asks, whose questions tell the other
# that there is no need to.
dead_peer()
{
	swan_stop l
	if start_connection dpd=3 tries=2; then
		swan_traffic || fail "traffic"
		swan_stop r KILL
		check "the SAs are gone" swan_settled l 0
		check_ge "questions" "$(log_lines l "sending DPD request")" 1
		swan_in r ip xfrm state flush
		swan_in r ip xfrm policy flush
	fi
	conclude
	swan_stop l
}

# S6 S34: what the table has no room for goes on in crypto mode, in software.
auto_and_full()
{
	local size=$1 packet
	shift

	swan_defaults hw_l=auto hw_r=auto children=2 "$@"
	swan_up && swan_settled l 4 "$size" && swan_settled r 4 || return
	packet=$(grep -cw packet "$core/${SWAN_NIC[l]}/sas")
	check_eq "SAs in packet mode" "$packet" "$size"
	check_eq "SAs that wait" "$(core_sas "${SWAN_NIC[l]}" waiting)" $((4 - size))
	swan_tap_start
	check "the first child" swan_ping 1 10
	check "the second child" swan_ping 2 10
	check "the wire" swan_tap_check 40
}

T "a trap, closed and again" trap_and_again
T "a trap, transport mode, IPv6" trap_and_again mode=transport local=2001:db8::1 remote=2001:db8::2
T "IKE in fragments" ike_in_fragments fragmentation=force fragment_size=200
T "IKE in fragments of IP" ike_in_fragments fragmentation=no
T "DPD" dead_peer
if [[ $SWAN_OFFLOAD == packet && $SWAN_LINK != veth ]]; then
	T "hw_offload = auto, room for one child" small_table 2 auto_and_full 2
	T "hw_offload = auto, room for one direction" small_table 3 auto_and_full 3
fi

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
