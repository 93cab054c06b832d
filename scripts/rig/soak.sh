# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The soak behind scripts/soak.sh: one seed after the other, some beside one another.

# shellcheck source=pool.sh
. "$OV2_RIG/pool.sh"

passed=0 failed=0

# As pool.sh asks for. A line of the log says in short what the soak has done.
ended()
{
	local seed=$1 rc=$2 file=$log/$1.log verdict=pass

	if ((rc)); then
		verdict=FAIL
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
	printf '%s %4d s  seed %s: %s\n' "$verdict" "$3" "$seed" \
		"$(sed -n 's/^ *# in short: //p' "$file")"
	((rc == 0)) || { echo "    $file"; tail -n 40 "$file" | sed 's/^/    | /'; }
}

# A VM with a UML kernel without SMP keeps one CPU busy, the others two.
vms_at_a_time()
{
	local cpus

	cpus=$(nproc)
	case $kernel in
	*-smp | *-fast | debian-*) echo $(((cpus + 1) / 2)) ;;
	*) echo "$cpus" ;;
	esac
}

# The seeds in "seeds", each for "seconds" on "kernel", "jobs" at a time.
soak()
{
	local log seed

	log=$OV2_CACHE/log/soak-$(ov2_checkout_id)/$kernel
	mkdir -p "$log"
	# Built once, before many want it.
	"$OV2_RIG/kernel.sh" "$kernel" >/dev/null
	"$OV2_RIG/rootfs.sh" user >/dev/null
	for seed in "${seeds[@]}"; do
		pool_wait "${jobs:-$(vms_at_a_time)}"
		# A VM that hangs is ended after more than enough time to set up and prove.
		pool_start "$seed" "$log/$seed.log" env OV2_SOAK_SEED="$seed" OV2_SOAK_SECONDS="$seconds" \
			"$OV2_SCRIPTS/vm.sh" --kernel "$kernel" --timeout "$((5 * seconds + 600))" -- \
			"$OV2_SCRIPTS/selftest/run.sh" soak
	done
	pool_wait 1
	echo "$passed passed, $failed failed"
	((failed == 0))
}
