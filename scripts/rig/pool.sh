# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Jobs that run beside one another. The script that sources this has a function
# ended NAME STATUS SECONDS, which is called for each job that has ended.

declare -A pool=() pool_since=()
trap 'trap - TERM; ((${#pool[@]} == 0)) || kill "${!pool[@]}" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# pool_start NAME LOG COMMAND...
pool_start()
{
	local name=$1 log=$2
	shift 2

	(trap - EXIT; exec "$@") >"$log" 2>&1 </dev/null &
	pool[$!]=$name
	pool_since[$!]=$SECONDS
}

# pool_wait N: until fewer than N run.
pool_wait()
{
	local pid name rc

	while ((${#pool[@]} >= $1)); do
		rc=0
		wait -n -p pid "${!pool[@]}" || rc=$?
		name=${pool[$pid]}
		unset "pool[$pid]"
		ended "$name" "$rc" $((SECONDS - pool_since[$pid]))
	done
}
