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

# KUnit in a VM: a test that fails, a report of the kernel and a hang are all the same.
tests_pass()
{
	rm -rf "$results"
	mkdir -p "$results"
	# shellcheck disable=SC2016
	"$tree/scripts/vm.sh" --kernel "$kernel" --modules kunit --timeout "$limit" \
		--out "$results" -- bash -c '
		cat /sys/kernel/debug/kunit/*/results >"$OV2_OUT/all"' >"$results/log" 2>&1 ||
		return 1
	grep -q '^ok ' "$results/all" && ! grep -qE '^ *not ok ' "$results/all"
}

builds()
{
	"$tree/scripts/kernel.sh" --modules "$kernel" >"$tree.build" 2>&1
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
tests_pass || { tail -n 30 "$results/log" >&2; ov2_die "the tests fail without a breakage"; }

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
	elif tests_pass; then
		verdict=SURVIVED
		survived+=("$name")
	else
		verdict=caught
		caught=$((caught + 1))
	fi
	printf '%-15s %4d s  %s (%s)\n' "$verdict" "$((SECONDS - start))" "$name" "$rules"
	cp "$OV2_TOP/$file" "$tree/$file"
done <"$list"

((${#survived[@]} == 0)) || printf 'survived: %s\n' "${survived[*]}"
((${#broken[@]} == 0)) || printf 'not to be used: %s\n' "${broken[*]}"
printf '%d caught, %d survived, %d unusable\n' "$caught" "${#survived[@]}" "${#broken[@]}"
((${#survived[@]} == 0 && ${#broken[@]} == 0 && caught > 0))
