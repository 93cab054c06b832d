#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A NIC wants an SA back, and strongSwan hears of it: softly, by rekeying, or hard,
# by a new CHILD_SA: S60.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=swan_ping_lib.sh
. "$(dirname "$0")/swan_ping_lib.sh"

# S58: the next packet of end $1's inbound SA will say so.
delete_req()
{
	local nic=${SWAN_NIC[$1]} handle

	handle=$(awk '$7 == "dir" && $8 == "in" { print $2 }' "$sim/$nic/sas")
	[[ $handle ]] && echo "$handle" >"$sim/$nic/sa_delete_req"
}

answers()
{
	counter "${SWAN_NIC[$1]}" ipsec_sa_delete_req
}

# Both SAs leave the NIC at once and go on in software; charon replaces them, and
# the new ones are the NIC's.
soft()
{
	local end=$1 before
	shift

	start_connection "$@" || { conclude; return; }
	before=$(answers "$end")
	param "${SWAN_NIC[$end]}" sa_delete_req soft
	under_traffic 1 delete_req "$end"
	param "${SWAN_NIC[$end]}" sa_delete_req demote
	check_eq "answers" "$(answers "$end")" $((before + 1))
	conclude
}
T "S60 soft: rekeyed, the initiator's NIC" soft l
T "S60 soft: rekeyed, the responder's NIC" soft r
T "S60 soft: rekeyed, IPv6 transport with ESN" soft l mode=transport esp=aes256gcm16-esn \
	local=2001:db8::1 remote=2001:db8::2

# Both SAs are gone, and what is sent waits or is lost, but not in clear; charon
# makes a new CHILD_SA, in which everything gets through.
hard()
{
	local end=$1 before old

	start_connection start=trap && pings_start || { conclude; return; }
	before=$(answers "$end")
	mapfile -t old <<<"$(swan_spis l)"
	param "${SWAN_NIC[$end]}" sa_delete_req hard
	check "the NIC asks" delete_req "$end"
	wait_for 40 rekeyed || fail "no new SAs"
	param "${SWAN_NIC[$end]}" sa_delete_req demote
	both_settled
	wait_for 20 pings_reach $(($(pings_seen) + 10)) || fail "pings stay away"
	kill -INT "$pings"
	wait "$pings" 2>/dev/null
	check "the wire" swan_tap_check $((2 * $(pings_seen)))
	check "charon has heard of it" grep -q 'hard expire\|expired' "$SWAN_DIR/$end/log"
	check_eq "answers" "$(answers "$end")" $((before + 1))
	diag "$(tail -n 2 "$SWAN_DIR/pings" | head -n 1)"
	swan_traffic || fail "traffic"
	conclude
}
T "S60 hard: a new CHILD_SA, the initiator's NIC" hard l
T "S60 hard: a new CHILD_SA, the responder's NIC" hard r

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
