#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A NIC wants an SA back, and strongSwan hears of it: softly, by rekeying, or hard,
# by a new CHILD_SA: S60.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

# S58: the next packet of end $1's inbound SA will say so; of several the first child's.
delete_req()
{
	local nic=${SWAN_NIC[$1]} handle

	handle=$(awk '$7 == "dir" && $8 == "in" { print $2; exit }' "$sim/$nic/sas")
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

# With two children between the same ends the second one's SAs stay in the NIC.
soft_one_of_two()
{
	local before old other

	start_connection children=2 || { conclude; return; }
	before=$(answers l)
	# In the order in which they came: the first child's, then the second's.
	mapfile -t old <<<"$(awk 'NR == 2 || NR == 3 { print $6 }' "$core/${SWAN_NIC[l]}/sas")"
	other=$(sed -n '4,5p' "$core/${SWAN_NIC[l]}/sas")
	param "${SWAN_NIC[l]}" sa_delete_req soft
	pings_start && check "the NIC asks" delete_req l
	wait_for 40 rekeyed || fail "the old SAs are still there"
	pings_end
	param "${SWAN_NIC[l]}" sa_delete_req demote
	both_settled && { swan_traffic || fail "traffic"; }
	check_eq "answers" "$(answers l)" $((before + 1))
	# With their states and the NIC's handles of before.
	check_eq "SAs of the other child" "$(grep -F "$other" "$core/${SWAN_NIC[l]}/sas")" "$other"
	check_eq "their number" "$(grep -cw offloaded <<<"$other")" 2
	conclude
}
T "S60 soft: rekeyed, one of two children" soft_one_of_two
T "S60 soft: rekeyed, the responder's NIC" soft r
T "S60 soft: rekeyed, IPv6 transport with ESN" soft l mode=transport esp=aes256gcm16-esn \
	local=2001:db8::1 remote=2001:db8::2

# The old SAs are gone and there are new ones, all of them in the NICs. It may be two pairs:
# one for the end whose SAs have expired, one for packets that the other has to send.
replaced()
{
	local spis sas

	old_left_nic l || return
	mapfile -t spis <<<"$(swan_spis l)"
	none_is_old "${spis[*]}" || return
	sas=${#spis[@]}
	((sas == 2 || sas == 4)) && swan_states_are r "$sas" &&
		swan_offloaded_is l "$sas" && swan_offloaded_is r "$sas"
}

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
	wait_for 40 replaced || fail "no new SAs: $(swan_spis l | wc -l) at l, $(swan_spis r | wc -l) at r"
	param "${SWAN_NIC[$end]}" sa_delete_req demote
	wait_for 20 pings_reach $(($(pings_seen) + 10)) || fail "pings stay away"
	kill -INT "$pings"
	wait "$pings" 2>/dev/null
	check "the wire" swan_tap_check $((2 * $(pings_seen)))
	check "charon has heard of it" grep -q 'hard expire\|expired' "$SWAN_DIR/$end/log"
	check_eq "answers" "$(answers "$end")" $((before + 1))
	diag "$(tail -n 2 "$SWAN_DIR/pings" | head -n 1)"
	# The second pair may come later than the first, and waits for the NIC then.
	wait_for 40 replaced || fail "new SAs are not offloaded"
	swan_traffic || fail "traffic"
	conclude
}
T "S60 hard: a new CHILD_SA, the initiator's NIC" hard l
T "S60 hard: a new CHILD_SA, the responder's NIC" hard r

# Less room than SAs, hard: each pair that comes back costs another its place. It comes back after
# 0, 1, 3, 7 seconds and so on, and goes on in software until then: charon is not kept busy. One SA is
# too many, so that the NIC asks for no second pair while the first one leaves.
hard_and_full()
{
	local before start spent k pinging=()

	start_connection start=trap children=3 || { conclude; return; }
	for k in 1 2 3; do
		ip netns exec swl ping -ni 0.05 -I "$(swan_addr l "$k")" "$(swan_addr r "$k")" \
			>"$SWAN_DIR/pings.$k" 2>&1 &
		pinging+=($!)
	done
	before=$(answers l)
	start=$SECONDS
	param "${SWAN_NIC[l]}" sa_delete_req hard
	param "${SWAN_NIC[l]}" sa_watermark 5
	wait_for 120 answers_reach $((before + 5)) || fail "the NIC has asked $(answers l) times"
	spent=$((SECONDS - start))
	diag "5 SaDeleteReqs in $spent s"
	check_ge "seconds for 5 SaDeleteReqs" "$spent" $((0 + 1 + 3 + 7))
	param "${SWAN_NIC[l]}" sa_watermark 0
	param "${SWAN_NIC[l]}" sa_delete_req demote
	for k in 1 2 3; do
		wait_for 40 pings_go_on "$k" "$(answered_of "$k")" || fail "child $k is dead"
	done
	kill -INT "${pinging[@]}"
	wait "${pinging[@]}" 2>/dev/null
	conclude
}
T "S60 hard: with more SAs than room charon is not chased" hard_and_full

answers_reach()
{
	(($(answers l) >= $1))
}

answered_of()
{
	grep -c 'bytes from' "$SWAN_DIR/pings.$1"
}

pings_go_on()
{
	(($(answered_of "$1") > $2 + 5))
}

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
