# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Starts a UML kernel. Variables that are not local here are those of vm.sh.

# UML and each process in it take turns, and waking one another on the same CPU takes a small
# part of what it takes from one CPU to the other. That CPU is taken which has the fewest VMs:
# each of them holds a lock on its own.
choose_cpu()
{
	local allowed range usable=() cpu turn fd

	allowed=$(taskset -cp "$BASHPID")
	for range in $(tr ',' ' ' <<<"${allowed##*: }"); do
		mapfile -t -O "${#usable[@]}" usable < <(seq "${range%-*}" "${range#*-}")
	done
	mkdir -p "$OV2_CACHE/lock"
	for ((turn = 0; ; turn++)); do
		for cpu in "${usable[@]}"; do
			exec {fd}>"$OV2_CACHE/lock/cpu-$cpu-$turn"
			! flock -n "$fd" || { pin=(taskset -c "$cpu"); return; }
			exec {fd}>&-
		done
	done
}

start_uml()
{
	local pin=()
	# shellcheck disable=SC2054
	local args=("mem=${mem:-768M}" rootfstype=hostfs rootflags=/ root=none ro
		"init=$OV2_RIG/vm-init.sh" "ov2_run=$run" con=null con0=null,fd:1
		panic=-1 kasan_multi_shot)

	case $kernel in
	uml-7.3-smp | uml-7.3-fast) args+=(seccomp=on "ncpus=${cpus:-2}") ;;
	uml-7.3)
		args+=(seccomp=on)
		[[ $real_time == yes ]] || args+=(time-travel)
		choose_cpu
		;;
	*) choose_cpu ;;
	esac
	read -ra extra <<<"$append"
	start "${pin[@]}" "$kdir/linux" "${args[@]}" "${extra[@]}" </dev/null >"$run/klog" 2>"$run/hostlog"
}
