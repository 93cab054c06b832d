#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# strongSwan replaces SAs while packets flow: CHILD_SAs rekeyed by command and
# by time, the IKE_SA rekeyed and reauthenticated, a daemon that dies.

# Chains of && that end in || report what broke.
# shellcheck disable=SC2015,SC2119

# shellcheck source=lib/swan_ping.sh
. "$(dirname "$0")/lib/swan_ping.sh"

rekey_children()
{
	start_connection "$@" && under_traffic 2 swan_ctl l --rekey --child c1
	conclude
}

# S6 S34: the table has room for the old SAs or for the new ones. The first successors of SAs in
# packet mode get no place, and go on in crypto mode until the old ones leave theirs. The next ones
# are in packet mode again, because SAs in crypto mode give way.
rekey_without_room()
{
	local mode

	for mode in crypto packet; do
		hidden_before=$(swan_xfrm_stat l XfrmOutPolError)
		under_traffic 1 swan_ctl l --rekey --child c1 || return
		check_eq "SAs in $mode mode" "$(grep -cw "$mode" "$core/${SWAN_NIC[l]}/sas")" 2
	done
}

rekey_auto_and_full()
{
	hides=yes
	start_connection hw_l=auto hw_r=auto && rekey_without_room
	hides=no
	conclude
}

# The other end begins: the collision of both is another case for xfrm.
rekey_from_both()
{
	start_connection && under_traffic 2 rekey_at_both_ends
	conclude
}

rekey_at_both_ends()
{
	local other

	swan_ctl r --rekey --child c1 &
	other=$!
	swan_ctl l --rekey --child c1
	wait "$other"
}

# Both NICs crash while the SAs of a rekeying come and go. What was inside them is lost, IKE's
# packets, too, and is sent once more.
rekey_and_crash()
{
	resets=yes inside_before=$(inside)
	start_connection && under_traffic 1 rekey_between_crashes
	resets=no
	conclude
}

rekey_between_crashes()
{
	local rekeying rc=0 nic

	swan_ctl l --rekey --child c1 &
	rekeying=$!
	for nic in "${SWAN_NIC[@]}"; do
		echo 1 >"$sim/$nic/crash"
	done
	wait "$rekeying" || rc=$?
	for nic in "${SWAN_NIC[@]}"; do
		echo 1 >"$sim/$nic/crash"
	done
	return "$rc"
}

rekey_by_time()
{
	start_connection rekey=4 && under_traffic 2 true
	conclude
}

rekey_ike()
{
	local old

	start_connection && pings_start && {
		old=$(ike_number)
		check "IKE rekeyed" swan_ctl l --rekey --ike ike >"$SWAN_DIR/rekey"
		wait_for 20 ike_is_new "$old" || fail "no new IKE_SA"
		pings_end
		both_settled && { swan_traffic || fail "traffic"; }
	}
	conclude
}

# The number of the IKE_SA that is up, nothing while there are two.
ike_number()
{
	swan_ctl l --list-sas | sed -n 's/^ike: #\([0-9]*\), ESTABLISHED.*/\1/p'
}

ike_is_new()
{
	[[ $(ike_number) =~ ^[0-9]+$ && $(ike_number) != "$1" ]]
}

reauth_ike()
{
	anew=yes
	mapfile -t anew_before <<<"$(xfrm_gaps)"
	start_connection && under_traffic 1 swan_ctl l --rekey --ike ike --reauth
	conclude
	anew=no
}

# SIGKILL leaves the kernel's SAs as they are. The new daemon makes new ones, and
# the peer drops the old ones when it hears of that.
charon_killed()
{
	start_connection children=2 || { conclude; return; }
	swan_stop "$1" KILL
	check_eq "SAs after the daemon's death" "$(swan_spis "$1" | wc -l)" 4
	check "still served" swan_traffic
	# As a service manager does before it starts the daemon again.
	swan_in "$1" ip xfrm state flush
	swan_in "$1" ip xfrm policy flush
	check "gone from the NIC" swan_settled "$1" 0
	swan_start "$1" && swan_initiate_anew && both_settled &&
		{ swan_traffic || fail "traffic after the restart"; }
	conclude
}

# If it was the right end that died, the left one still believes in its IKE_SA.
swan_initiate_anew()
{
	swan_ctl l --terminate --ike ike --force --timeout 1 >"$SWAN_DIR/terminate" 2>&1
	swan_initiate
}

# The same, but the dead daemon's SAs are left to the new one.
killed_without_flush()
{
	start_connection || { conclude; return; }
	swan_stop l KILL
	swan_start l && swan_initiate && swan_settled r 2 &&
		check "old and new SAs in the NIC" swan_settled l 4 &&
		{ swan_traffic || fail "traffic after the restart"; }
	swan_in l ip xfrm state flush
	check "flushed" swan_settled l 0
	conclude
}

T "S19 child rekeyed" rekey_children
T "child rekeyed, transport mode" rekey_children mode=transport
T "child rekeyed, ESN, IPv6" rekey_children esp=aes256gcm16-esn inner=6 \
	local=2001:db8::1 remote=2001:db8::2
T "child rekeyed from both ends at once" rekey_from_both
T "child rekeyed while both NICs crash" rekey_and_crash
T "child rekeyed by rekey_time" rekey_by_time
if [[ $SWAN_OFFLOAD == packet && $SWAN_LINK != veth ]]; then
	T "child rekeyed, hw_offload = auto, room for one" small_table 2 rekey_auto_and_full
fi
T "IKE_SA rekeyed" rekey_ike
T "IKE_SA authenticated anew" reauth_ike
T "S16 charon killed at the initiator" charon_killed l
T "S16 charon killed at the responder" charon_killed r
T "charon killed, its SAs left" killed_without_flush

setup()
{
	swan_setup && swan_bridge && swan_inner || fail "no wire"
}

run_tests
