# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Tests wait for conditions, never for a time.

# Conditions are polled, with a read from a pipe as the clock: nothing is ever written to it.
mkfifo "$tmp/tick"
exec {tick}<>"$tmp/tick"

# wait_for SECONDS COMMAND...: until it succeeds. Most conditions are true after a moment. A
# machine that has slept all those seconds still gets a few looks.
wait_for()
{
	local end=$((SECONDS + $1)) ms=2 looks=20
	shift

	until "$@"; do
		((SECONDS <= end || --looks > 0)) || return 1
		read -rt "0.0$((ms / 10))$((ms % 10))" -u "$tick" _ || :
		ms=$((ms < 16 ? 2 * ms : 20))
	done
}

exists()
{
	[[ -e $1 ]]
}

gone()
{
	[[ ! -e $1 ]]
}

# grep -q reads on after its answer: no writer is ended by a signal.
says()
{
	local what=$1
	shift
	[[ $("$@" 2>&1) == *"$what"* ]]
}

# file_says FILE TEXT
file_says()
{
	local said

	mapfile -t said <"$1"
	[[ ${said[*]} == *"$2"* ]]
}
