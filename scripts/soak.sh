#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The soak with one seed after the other, each in a VM of its own.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/soak.sh [OPTION]... [SEED]...   seeds 1 to 20 if there are none

	  --kernel NAME   as rig/kernel.sh --list has them (uml-7.3)
	  --seconds N     of operations, for each seed (60)
	  --jobs N        VMs at a time (as many as there are CPUs for)

	Logs are kept in the cache, below log/soak.
	EOF
}

kernel=uml-7.3 seconds=60 jobs='' seeds=()

while (($#)); do
	case $1 in
	--kernel) kernel=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	--jobs) jobs=$2; shift 2 ;;
	-h | --help) usage; exit ;;
	-*) usage >&2; exit 2 ;;
	*) seeds+=("$1"); shift ;;
	esac
done
((${#seeds[@]})) || mapfile -t seeds < <(seq 20)
if [[ ! $jobs ]]; then
	jobs=$(nproc)
	[[ $kernel == uml-* && $kernel != *-smp && $kernel != *-fast ]] || jobs=$(((jobs + 1) / 2))
fi
log=$OV2_CACHE/log/soak-$(ov2_checkout_id)/$kernel
mkdir -p "$log"

passed=0 failed=0
declare -A running=() since=()

soak()
{
	# More than enough to set up and prove: a VM that hangs is not waited for for ever.
	OV2_SOAK_SEED=$1 OV2_SOAK_SECONDS=$seconds exec "$OV2_SCRIPTS/vm.sh" --kernel "$kernel" \
		--timeout "$((5 * seconds + 600))" -- "$OV2_SCRIPTS/selftest/run.sh" soak
}

# The line of the log in which the soak says what it has done.
in_short()
{
	sed -n 's/^ *# in short: //p' "$1"
}

wait_one()
{
	local pid rc=0 seed file verdict=pass

	wait -n -p pid "${!running[@]}" || rc=$?
	seed=${running[$pid]}
	file=$log/$seed.log
	unset "running[$pid]"
	if ((rc)); then
		verdict=FAIL
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
	printf '%s %4d s  seed %s: %s\n' "$verdict" "$((SECONDS - since[$pid]))" "$seed" \
		"$(in_short "$file")"
	((rc == 0)) || { echo "    $file"; tail -n 40 "$file" | sed 's/^/    | /'; }
}

trap 'trap - TERM; ((${#running[@]} == 0)) || kill "${!running[@]}" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# In braces: all of it is read before it runs, and the file may change meanwhile.
{
# Built once, before many want it.
"$OV2_RIG/kernel.sh" "$kernel" >/dev/null
"$OV2_RIG/rootfs.sh" user >/dev/null
for seed in "${seeds[@]}"; do
	((${#running[@]} < jobs)) || wait_one
	(trap - EXIT; soak "$seed") >"$log/$seed.log" 2>&1 </dev/null &
	running[$!]=$seed
	since[$!]=$SECONDS
done
while ((${#running[@]})); do
	wait_one
done
echo "$passed passed, $failed failed"
exit $((failed > 0))
}
