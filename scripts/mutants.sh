#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Are the tests worth anything? Breaks the code in one place after the other, as
# scripts/mutants/list says, and runs the KUnit suites each time: each breakage must
# be caught. One that survives is a missing test.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

kernel=uml-7.3
list=$OV2_SCRIPTS/mutants/list
tree=$OV2_CACHE/mutants/$(ov2_checkout_id)
results=$tree.results
limit=120

usage()
{
	cat <<-'EOF'
	Usage: scripts/mutants.sh [NAME...]   all breakages, or those whose name matches
	                                      one of the patterns
	       scripts/mutants.sh --list      what they are and which rule each breaks
	EOF
}

# The suites of a file are the core's or the NIC's; without a file both.
modules_for()
{
	local list=$built/drivers/ov2/ov2.ko

	[[ $1 == drivers/ov2/* ]] || list+=,$built/drivers/ov2sim/ov2sim.ko
	[[ $1 == drivers/ov2sim/* ]] || list+=,$built/kunit/ov2_kunit.ko
	[[ $1 == drivers/ov2/* ]] || list+=,$built/kunit/ov2sim_nic_kunit.ko
	printf '%s\n' "$list"
}

# KUnit in a VM: a test that fails, a report of the kernel and a hang are all the same. One
# failure is enough, for those that follow from it can take long.
tests_pass()
{
	local vm failed=0

	by='a report or no end'

	rm -rf "$results"
	mkdir -p "$results"
	: >"$results/log"
	# shellcheck disable=SC2016
	"$tree/scripts/vm.sh" --kernel "$kernel" --modules "$(modules_for "$1")" \
		--timeout "$limit" --out "$results" -v -- bash -c '
		cat /sys/kernel/debug/kunit/*/results >"$OV2_OUT/all"' >"$results/log" 2>&1 &
	vm=$!
	if grep -qm1 -E '\] +not ok ' < <(tail -qs 0.1 -n +1 -f --pid="$vm" "$results/log"); then
		kill "$vm" 2>/dev/null || :
		failed=1
		by=$(sed -nE 's/.*\] +not ok [0-9]+ //p' "$results/log" | head -n 1)
	fi
	wait "$vm" 2>/dev/null || failed=1
	((!failed)) && grep -q '^ok ' "$results/all" && ! grep -qE '^ *not ok ' "$results/all"
}

builds()
{
	built=$("$tree/scripts/kernel.sh" --modules "$kernel" 2>"$tree.build")
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

patterns=()
case ${1:-} in
-h | --help) usage; exit ;;
--list) grep -v '^#' "$list" | cut -f1-3 | column -ts $'\t'; exit ;;
-*) usage >&2; exit 2 ;;
*) patterns=("$@") ;;
esac

ov2_need rsync
mkdir -p "$tree"
rsync -a --delete --exclude .git "$OV2_TOP/" "$tree/"
ov2_say "first without a breakage"
builds || { cat "$tree.build" >&2; ov2_die "the code does not build"; }
tests_pass '' || { tail -n 30 "$results/log" >&2; ov2_die "the tests fail without a breakage"; }

caught=0 survived=() broken=()
while IFS=$'\t' read -r name rules file script; do
	[[ $name != \#* ]] || continue
	wanted "$name" || continue
	start=$SECONDS
	sed -E "$script" "$OV2_TOP/$file" >"$tree/$file"
	if cmp -s "$OV2_TOP/$file" "$tree/$file"; then
		verdict='does not apply'
		broken+=("$name")
	elif ! builds; then
		verdict='does not build'
		broken+=("$name")
	elif tests_pass "$file"; then
		verdict=SURVIVED
		survived+=("$name")
	else
		verdict=caught
		caught=$((caught + 1))
	fi
	[[ $verdict != caught ]] || rules+="; $by"
	printf '%-15s %4d s  %s (%s)\n' "$verdict" "$((SECONDS - start))" "$name" "$rules"
	cp "$OV2_TOP/$file" "$tree/$file"
done <"$list"

((${#survived[@]} == 0)) || printf 'survived: %s\n' "${survived[*]}"
((${#broken[@]} == 0)) || printf 'not to be used: %s\n' "${broken[*]}"
printf '%d caught, %d survived, %d unusable\n' "$caught" "${#survived[@]}" "${#broken[@]}"
((${#survived[@]} == 0 && ${#broken[@]} == 0 && caught > 0))
