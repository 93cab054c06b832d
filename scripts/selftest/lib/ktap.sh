# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# KTAP: a test file registers its tests with T and ends with run_tests. A test fails by calling
# fail, directly or through one of the check_ functions.

names=()
commands=()
failed=0
skipped=

T()
{
	names+=("$1")
	shift
	commands+=("${*@Q}")
}

diag()
{
	local line

	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

fail()
{
	failed=1
	diag "$*"
	return 1
}

skip()
{
	skipped=$*
}

check()
{
	local what=$1
	shift
	"$@" || fail "$what: failed: $*"
}

check_eq()
{
	[[ $2 == "$3" ]] || fail "$1: is '${2:0:200}', should be '${3:0:200}'"
}

check_ge()
{
	(($2 >= $3)) || fail "$1: is $2, should be at least $3"
}

check_le()
{
	(($2 <= $3)) || fail "$1: is $2, should be at most $3"
}

# Checks the state between two tests; a file may define its own.
after_each()
{
	clean_sas
}

# Prepares everything for the first test; a file may define its own.
setup()
{
	check "a pair of NICs" pair_up && check "a server" serve
}

# Arguments, if there are any, choose tests by a part of their names. The names
# of its own variables are kept from the tests: theirs may be global.
run_tests()
{
	local kt_i kt_n=0 kt_rc=0 kt_chosen=() kt_want kt_broken kt_through

	for kt_i in "${!names[@]}"; do
		((${#only[@]} == 0)) && kt_chosen+=("$kt_i")
		for kt_want in "${only[@]}"; do
			[[ ${names[kt_i]} != *"$kt_want"* ]] || kt_chosen+=("$kt_i")
		done
	done
	echo "KTAP version 1"
	echo "1..$((${#kt_chosen[@]} + 1))"
	setup
	# Without a setup nothing can be said of any test.
	kt_broken=$failed
	for kt_i in "${kt_chosen[@]}"; do
		failed=$kt_broken skipped=
		# A mistake such as an unset variable ends the eval, and would pass.
		kt_through=$kt_broken
		((kt_broken)) || eval "${commands[kt_i]}"$'\n'"kt_through=1"
		((kt_through)) || fail "the test has broken off"
		((kt_broken)) || after_each
		result $((++kt_n)) "${names[kt_i]}" || kt_rc=1
	done
	failed=0
	finish
	result $((++kt_n)) "nothing is left and the kernel log is clean" || kt_rc=1
	exit "$kt_rc"
}

# result NUMBER NAME: prints the line of one test.
result()
{
	if ((failed)); then
		echo "not ok $1 $2"
		return 1
	fi
	echo "ok $1 $2${skipped:+ # SKIP $skipped}"
}

only=("$@")
