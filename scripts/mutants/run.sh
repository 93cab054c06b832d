# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The work behind scripts/mutants.sh: "jobs" mutants are made at a time, and KUnit or another suite
# must catch each.

kernel=uml-7.3
list=$OV2_SCRIPTS/mutants/list
mutate=$OV2_SCRIPTS/mutants/mutate.py
place=$OV2_CACHE/mutants/$(ov2_checkout_id)
# Mutants that show in random traffic only: packets in clear, IVs used twice, SAs that do not
# work, objects that are left.
soak_names=(tx-no-sa-is-plain nic-iv-bit reset-keeps-sa held-delete-lost rx-no-memory-leak)
export OV2_SOAK_SECONDS=${OV2_SOAK_SECONDS:-60}
# Builds of their own, where a warning is no error.
export OV2_BUILD=mutant

# The suites of a module are the core's or the NIC's; without a module both.
modules_for()
{
	local list=$built/drivers/ov2/ov2.ko

	[[ $1 == ov2 ]] || list+=,$built/drivers/ov2sim/ov2sim.ko
	[[ $1 == ov2sim* ]] || list+=,$built/kunit/ov2_kunit.ko
	[[ $1 == ov2 ]] || list+=,$built/kunit/ov2sim_nic_kunit.ko
	printf '%s\n' "$list"
}

# Judges the end of a VM in which no test has failed: 1 caught, 2 not run, 124 no end.
judge()
{
	case $1 in
	124) return 124 ;;
	126) by='a report of the kernel' ;;
	125) by='a panic' && grep -qE 'Kernel panic|Oops' "$results/log" ;;
	*) false ;;
	esac || return 2
	return 1
}

# KUnit in a VM. One failure is enough, for those that follow from it can take long.
kunit_run()
{
	local vm rc=0

	: >"$results/log"
	# shellcheck disable=SC2016
	setpriv --pdeathsig TERM "$tree/scripts/vm.sh" --kernel "$kernel" --timeout "$1" \
		--modules "$(modules_for "$2")" --out "$results" -v -- bash -c '
		cat /sys/kernel/debug/kunit/*/results >"$OV2_OUT/all"' >"$results/log" 2>&1 &
	vm=$!
	if grep -qm1 -E '\] +not ok ' < <(tail -qs 0.1 -n +1 -f --pid="$vm" "$results/log"); then
		kill "$vm" 2>/dev/null || :
		wait "$vm" 2>/dev/null || :
		by=$(sed -nE 's/.*\] +not ok [0-9]+ //p' "$results/log" | head -n 1)
		return 1
	fi
	wait "$vm" 2>/dev/null || rc=$?
	((rc == 0)) || { judge "$rc"; return; }
	grep -q '^ok ' "$results/all" || return 2
	by=$(sed -nE 's/^ *not ok [0-9]+ //p' "$results/all" | head -n 1)
	[[ ! $by ]]
}

# An area of the selftests in a VM.
area_run()
{
	local rc=0

	setpriv --pdeathsig TERM "$tree/scripts/vm.sh" --kernel "$kernel" --timeout "$1" -- \
		"$tree/scripts/selftest/run.sh" "$2" >"$results/log" 2>&1 || rc=$?
	by=$(sed -nE 's/^ *# (seed [0-9]+, step.*|.* [1-9][0-9]* in clear.*)/\1/p' "$results/log" | tail -n 1)
	by=${by:-$(sed -nE 's/^ +not ok [0-9]+ //p' "$results/log" | head -n 1)}
	((rc)) || return 0
	if [[ $rc == 1 && $by ]]; then
		return 1
	fi
	judge "$rc"
}

# tests_pass MODULE AREA: without an area by KUnit. A machine that is busy may take long; what
# does not end with three times the time either is a hang.
tests_pass()
{
	local run=(kunit_run 30 "$1") rc=0

	[[ ! $2 ]] || run=(area_run 120 "$2")
	rm -rf "$results"
	mkdir -p "$results"
	by=
	"${run[@]}" || rc=$?
	if ((rc == 124)); then
		rc=0
		run[1]=$((run[1] * 3))
		"${run[@]}" || rc=$?
		((rc != 124)) || { by='no end'; rc=1; }
	fi
	return "$rc"
}

builds()
{
	built=$("$tree/scripts/rig/kernel.sh" --modules "$kernel" 2>"$tree.build")
}

# The code without a mutant passes.
sound()
{
	builds || { cat "$tree.build" >&2; ov2_say "the code does not build"; return 1; }
	tests_pass '' "$1" || { tail -n 30 "$results/log" >&2; ov2_say "the tests fail unbroken"; return 1; }
}

# try NAME RULES MODULE AREA
try()
{
	local name=$1 rules=$2 module=$3 area=$4 start=$SECONDS verdict rc=0 files file

	if ! files=$("$mutate" --tree "$tree" "$name"); then
		verdict='does not apply'
	elif ! builds; then
		verdict='does not build'
	else
		tests_pass "$module" "$area" || rc=$?
		case $rc in
		0) verdict=SURVIVED ;;
		1) verdict=caught rules+="; $by" ;;
		*) verdict='does not run' && cp "$results/log" "$tree.$name.log" ;;
		esac
	fi
	for file in $files; do
		cp "$OV2_TOP/$file" "$tree/$file"
	done
	printf '%-15s %4d s  %s (%s)\n' "$verdict" "$((SECONDS - start))" "$name" "$rules"
	printf '%s\t%s\n' "$verdict" "$name" >>"$tree.verdicts"
}

# Number $1 of the workers, in a tree of its own, does each one that falls to it.
work()
{
	local i name rules module area passes=' '

	tree=$place-$1
	results=$tree.results
	mkdir -p "$tree"
	rsync -a --delete --exclude .git "$OV2_TOP/" "$tree/"
	: >"$tree.verdicts"
	for ((i = $1; i < ${#chosen[@]}; i += jobs)); do
		IFS=$'\t' read -r name rules module _ _ area <<<"${chosen[i]}"
		[[ $suite == kunit ]] || area=$suite
		if [[ $passes != *" ${area:-kunit} "* ]]; then
			sound "$area" || return
			passes+="${area:-kunit} "
		fi
		try "$name" "$rules" "$module" "$area"
	done
}

wanted()
{
	local pattern

	((${#patterns[@]})) || return 0
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# verdicts VERDICT...: the names of those that got one of them.
verdicts()
{
	local i verdict

	for ((i = 0; i < jobs; i++)); do
		for verdict; do
			sed -n "s/^$verdict\t//p" "$place-$i.verdicts"
		done
	done | sort
}

[[ $suite == kunit ]] || patterns=("${patterns[@]:-${soak_names[@]}}")
ov2_need rsync
mkdir -p "${place%/*}"
# Those of one function or its neighbours come one after the other, so that a file which the last
# mutant and the next one change is compiled once.
chosen=()
while IFS= read -r line; do
	[[ $line == \#* ]] || ! wanted "${line%%$'\t'*}" || chosen+=("$line")
done < <(LC_ALL=C sort -st $'\t' -k 3,4 "$list")
((${#chosen[@]})) || ov2_die "no mutant is called ${patterns[*]}"
((jobs <= ${#chosen[@]})) || jobs=${#chosen[@]}

export OV2_JOBS=$((($(nproc) + jobs - 1) / jobs))
workers=()
trap '((${#workers[@]} == 0)) || kill "${workers[@]}" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM
for ((i = 0; i < jobs; i++)); do
	(trap - EXIT INT TERM; work "$i") &
	workers+=($!)
done
rc=0
for pid in "${workers[@]}"; do
	wait "$pid" || rc=1
done
workers=()
((rc == 0)) || exit 1

mapfile -t caught < <(verdicts caught)
mapfile -t survived < <(verdicts SURVIVED)
mapfile -t broken < <(verdicts 'does not apply' 'does not build' 'does not run')
((${#survived[@]} == 0)) || printf 'survived: %s\n' "${survived[*]}"
((${#broken[@]} == 0)) || printf 'not to be used: %s\n' "${broken[*]}"
printf '%d caught, %d survived, %d unusable\n' "${#caught[@]}" "${#survived[@]}" "${#broken[@]}"
((${#survived[@]} == 0 && ${#broken[@]} == 0))
