# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2119
# Pings between two strongSwans while SAs are replaced: none may be lost, and
# nothing may leave in clear.

# shellcheck source=swan_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/swan_lib.sh"

# start_connection [KEY=VALUE]...: up, and every SA in its NIC.
start_connection()
{
	swan_defaults
	while (($#)); do
		C[${1%%=*}]=${1#*=}
		shift
	done
	swan_up && both_settled
}

both_settled()
{
	local sas=$((2 * C[children]))

	swan_settled l "$sas" && swan_settled r "$sas"
}

# Pings without an end in the background; every one of them must be answered.
pings_start()
{
	swan_tap_start || return
	: >"$SWAN_DIR/pings"
	ip netns exec swl ping -n -i 0.02 -s 600 -p "$SWAN_PATTERN" -I "$(swan_addr l 1)" \
		"$(swan_addr r 1)" >"$SWAN_DIR/pings" 2>&1 &
	pings=$!
	wait_for 20 pings_reach 10 || fail "no pings get through"
}

pings_seen()
{
	grep -c 'bytes from' "$SWAN_DIR/pings"
}

pings_reach()
{
	(($(pings_seen) >= $1))
}

# When an IKE_SA is made anew the responder has the new SAs, and sends, before the
# answer by which the initiator learns of them: what comes too early for the SA there
# is lost, with or without a NIC, and xfrm counts it. Rekeying has no such gap.
early=no early_before=0

early()
{
	if [[ $early == yes ]]; then
		echo $(($(xfrm_acquire_errors) - early_before))
	else
		echo 0
	fi
}

xfrm_acquire_errors()
{
	ip netns exec swl sed -n 's/^XfrmAcquireError[[:space:]]*//p' /proc/net/xfrm_stat
}

# Some more, with what has changed meanwhile; then the account: none was lost before
# the last that was answered. One more may have been on its way at the end.
pings_end()
{
	local last

	wait_for 20 pings_reach $(($(pings_seen) + 10)) || fail "pings stay away"
	kill -INT "$pings"
	wait "$pings" 2>/dev/null
	last=$(sed -n 's/.* icmp_seq=\([0-9]*\) .*/\1/p' "$SWAN_DIR/pings" | sort -n | tail -n 1)
	check_eq "pings answered" "$(($(pings_seen) + $(early)))" "$last"
	check "the wire" swan_tap_check "$((2 * last))"
}

# SPIs of the SAs that are to be replaced: none is left, and each has a successor.
old=()

rekeyed()
{
	local spi

	for spi in "${old[@]}"; do
		[[ $(swan_spis l) != *"$spi"* ]] || return 1
	done
	(($(swan_spis l | wc -l) == 2 * C[children]))
}

# Commands that replace SAs run while pings flow, $1 times; then the new SAs are
# in the NICs, the old ones are not, and the NICs do all the work again.
under_traffic()
{
	local times=$1 i old
	shift

	pings_start || return
	for ((i = 0; i < times; i++)); do
		mapfile -t old <<<"$(swan_spis l)"
		"$@" >"$SWAN_DIR/rekey" 2>&1 || fail "$*: $(tail -n 2 "$SWAN_DIR/rekey")"
		wait_for 40 rekeyed || fail "the old SAs are still there"
	done
	pings_end
	# A rekeying by time goes on: let it end where the NICs are looked at.
	((C[rekey] == 0)) || return 0
	both_settled && { swan_traffic || fail "traffic"; }
}

# Ends each test: what is wrong is explained, and nothing stays.
conclude()
{
	((!failed)) || swan_logs 12
	swan_down
}
