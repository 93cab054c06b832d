# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2034,SC2119,SC2120,SC2154
# Pings between two strongSwans while SAs are replaced: none may be lost, and
# nothing may leave in clear.

# shellcheck source=swan.sh
. "$(dirname "${BASH_SOURCE[0]}")/swan.sh"

# start_connection [KEY=VALUE]...: up, and every SA in its NIC.
start_connection()
{
	swan_defaults "$@"
	swan_up && both_settled
}

both_settled()
{
	local sas=$((2 * C[children]))

	swan_settled l "$sas" && swan_settled r "$sas"
}

# Pings without an end in the background; every one of them must be answered. Their process
# gives way to none: if charon deleted the old SA between the look at the routes and xfrm's
# output, the packet would be dropped there, with or without a NIC (XfrmOutStateInvalid).
pings_start()
{
	swan_tap_start || return
	: >"$SWAN_DIR/pings"
	ip netns exec "sw$SWAN_FROM" chrt -f 1 ping -n -i 0.02 -s 600 -p "$SWAN_PATTERN" -I "$(swan_addr l 1)" \
		"$(swan_addr r 1)" >"$SWAN_DIR/pings" 2>&1 &
	pings=$!
	wait_for 20 pings_reach 10 || fail "no pings get through"
}

# If an answer comes twice, the second line ends with DUP!.
pings_seen()
{
	local line lines count=0

	mapfile -t lines <"$SWAN_DIR/pings" || return
	for line in "${lines[@]}"; do
		[[ $line != *'bytes from'*' ms' ]] || count=$((count + 1))
	done
	echo "$count"
}

pings_reach()
{
	(($(pings_seen) >= $1))
}

# When an IKE_SA is reauthenticated the responder has the new SAs, and sends, before the
# answer by which the initiator learns of them: what comes too early for the SA there
# is lost, with or without a NIC, and xfrm counts it. And the old SAs go at once, at
# the responder when it hears of it: what is on the wire then comes too late, and is
# counted, too. Rekeying has no such gaps.
anew=no anew_before=()

# swan_xfrm_stat END NAME
swan_xfrm_stat()
{
	ip netns exec "sw$1" sed -n "s/^$2[[:space:]]*//p" /proc/net/xfrm_stat
}

# Too early, too late at the initiator, too late at the responder; too late for xfrm, but not
# for the NIC, at either.
xfrm_gaps()
{
	swan_xfrm_stat l XfrmAcquireError
	swan_xfrm_stat l XfrmInNoStates
	swan_xfrm_stat r XfrmInNoStates
	swan_counter l ipsec_sa_rx_drop_no_sa
	swan_counter r ipsec_sa_rx_drop_no_sa
}

# The kernel hides SAs in packet mode behind one that is not, which is added later (README.md): until
# the policy names that, packets are lost, and xfrm counts them.
hides=no hidden_before=0

# Packets may be lost if NICs are reset while pings flow.
resets=no inside_before=0

# inside: packets that NICs and core say were lost with the NICs.
inside()
{
	local end count got sum=0

	for end in l r; do
		stats_of "sw$end" "${SWAN_DEV[$end]}" drop_stop_reset ipsec_drop_crashed \
			ipsec_tx_drop_no_state ipsec_sa_tx_drop_no_sa ipsec_sa_rx_drop_no_sa
		for count in "${got[@]}"; do
			sum=$((sum + count))
		done
	done
	echo "$sum"
}

# Sets $lost, and $unanswered of them, as xfrm and the NICs have counted since the start.
count_lost()
{
	local now

	lost=0 unanswered=0
	if [[ $resets == yes ]]; then
		lost=$(($(inside) - inside_before))
		# A lost packet may have kept the ping and its answer off the wire.
		unanswered=$((2 * lost))
	fi
	if [[ $hides == yes ]]; then
		lost=$(($(swan_xfrm_stat l XfrmOutPolError) - hidden_before))
		unanswered=$((2 * lost))
	fi
	[[ $anew == yes ]] || return 0
	mapfile -t now <<<"$(xfrm_gaps)"
	unanswered=$((now[2] - anew_before[2] + now[4] - anew_before[4]))
	lost=$((now[0] - anew_before[0] + now[1] - anew_before[1] + now[3] - anew_before[3] +
		unanswered))
}

# Some more, with what has changed meanwhile; then the account: none was lost before
# the last that was answered. One more may have been on its way at the end.
pings_end()
{
	local last lost unanswered

	wait_for 20 pings_reach $(($(pings_seen) + 10)) || fail "pings stay away"
	kill -INT "$pings"
	wait "$pings" 2>/dev/null
	last=$(sed -n 's/.* icmp_seq=\([0-9]*\) .*/\1/p' "$SWAN_DIR/pings" | sort -n | tail -n 1)
	count_lost
	if [[ $resets == yes ]]; then
		# Not all that a NIC has lost was a ping's.
		check_ge "pings answered and packets lost" "$(($(pings_seen) + lost))" "$last"
		diag "$(($(pings_seen))) of $last pings answered, $lost packets lost in NICs"
	else
		check_eq "pings answered" "$(($(pings_seen) + lost))" "$last"
		# All of them in the moment that a new IKE_SA takes, on the slowest machine.
		check_le "pings lost" "$lost" 50
	fi
	check "the wire" swan_tap_check "$((2 * last - unanswered))"
}

# SPIs of the SAs that are to be replaced: none is left, and each has a successor.
old=()

rekeyed()
{
	local spis

	old_left_nic l || return
	mapfile -t spis <<<"$(swan_spis l)"
	((${#spis[@]} == 2 * C[children])) && none_is_old "${spis[*]}"
}

none_is_old()
{
	local spi

	for spi in "${old[@]}"; do
		[[ $1 != *"$spi"* ]] || return 1
	done
}

# As xfrm does not have what its NIC has not, it need not be asked, which takes a process.
old_left_nic()
{
	local table

	mapfile -t table <"$core/${SWAN_NIC[$1]}/sas" && none_is_old "${table[*]}"
}

# Commands that replace SAs run while pings flow, $1 times; then the new SAs are
# in the NICs, the old ones are not, and the NICs do all the work again.
under_traffic()
{
	local times=$1 i old before
	shift

	read -ra before <<<"$(swan_counters)"
	pings_start || return
	for ((i = 0; i < times; i++)); do
		mapfile -t old <<<"$(swan_spis l)"
		"$@" >"$SWAN_DIR/rekey" 2>&1 || fail "$*: $(tail -n 2 "$SWAN_DIR/rekey")"
		wait_for 40 rekeyed || fail "the old SAs are still there"
	done
	pings_end
	# A rekeying by time goes on, and is never through for long.
	((C[rekey] == 0)) || { nics_did_most "${before[@]}"; return; }
	both_settled && { swan_traffic || fail "traffic"; }
}

# nics_did_most COUNTERS: since these counters each NIC has done most of its side of the
# pings: the new SAs are not all left to software.
nics_did_most()
{
	local i after before=("$@") names=("l tx" "r rx" "r tx" "l rx")

	[[ $SWAN_LINK == ov2sim ]] || return 0
	read -ra after <<<"$(swan_counters)"
	for i in 0 1 2 3; do
		check_ge "${names[i]}: pings through the NIC" $((after[i] - before[i])) \
			$(($(pings_seen) * 3 / 4))
	done
}

# Ends each test: what is wrong is explained, and nothing stays.
conclude()
{
	((!failed)) || swan_logs 12
	swan_down
}

# small_table SIZE COMMAND...: with a small table at the left end.
small_table()
{
	swan_stop l
	check "a small table" swan_table l "$1" && swan_bridged l 1
	"${@:2}"
	conclude
	swan_stop l
	check "the table as it was" swan_table l 1024 && swan_bridged l 1
}
