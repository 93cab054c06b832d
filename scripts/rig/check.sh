# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The scheduler behind scripts/check.sh. A check is a gate with its arguments.

# shellcheck source=pool.sh
. "$OV2_RIG/pool.sh"

log=$OV2_CACHE/log/check-$(ov2_checkout_id)
# How many seconds each check took the last time that it passed.
took=$OV2_CACHE/took
passed=0 failed=0 skipped=0
# All checks, in the order in which they run; "yes" for those that need the machine for themselves.
known=()
declare -A lonely=()

# Lines of SECONDS, a tab and a check. A check that has not passed yet may take long.
weighed()
{
	local name seconds

	while read -r name; do
		seconds=9999
		[[ ! -e $took/${name// /-} ]] || seconds=$(<"$took/${name// /-}")
		printf '%s\t%s\n' "$seconds" "$name"
	done
}

# The checks that need the machine for themselves come first, one after the other; then the
# others, the longest first, so that none runs on alone at the end.
find_checks()
{
	local gate how rest others=()

	for gate in "$OV2_SCRIPTS"/gates/*; do
		while read -r how rest; do
			rest="${gate##*/}${rest:+ $rest}"
			if [[ $how == alone ]]; then
				lonely[$rest]=yes
				known+=("$rest")
			else
				others+=("$rest")
			fi
		done < <("$gate" --list)
	done
	mapfile -t -O "${#known[@]}" known < <(
		printf '%s\n' "${others[@]}" | weighed | sort -srnk1,1 | cut -f2)
}

# chosen PATTERN...: the checks that the patterns mean. A pattern means the check of that name or, if
# there is none, all checks that it matches.
chosen()
{
	local pattern name exact

	for pattern; do
		exact=()
		for name in "${known[@]}"; do
			[[ $name != "$pattern" ]] || exact=("$name")
		done
		for name in "${exact[@]:-"${known[@]}"}"; do
			# shellcheck disable=SC2053
			[[ $name != $pattern && $name != *"$pattern"* ]] || echo "$name"
		done
	done
}

# All checks stand on these, so they are made first, one after the other: they take most of the
# time of a first run, and show their own progress.
prepare()
{
	ov2_need gcc make git python3 perl xz-utils kmod rsync
	"$OV2_RIG/kernel.sh" --source 7.3 >/dev/null
	"$OV2_RIG/kernel.sh" uml-7.3 uml-6.12 debian-6.12 debian-7.3 >/dev/null
	"$OV2_RIG/rootfs.sh" user build swan5 ${OV2_CHECK_ALL:+libreswan} >/dev/null
	"$OV2_RIG/ksft.sh" >/dev/null
}

# skips FILE: how many tests were skipped in a log, by KTAP and by kunit.py's summaries.
skips()
{
	awk 'tolower($0) ~ /# skip([^a-z]|$)/ { n++ }
		/Testing complete\. / && match($0, /skipped: [0-9]+/) {
			n += substr($0, RSTART + 9, RLENGTH - 9)
		}
		END { print n + 0 }' "$1"
}

# As pool.sh asks for.
ended()
{
	local name=$1 rc=$2 seconds=$3 file=$log/${1// /-}.log n

	n=$(skips "$file")
	skipped=$((skipped + n))
	case $rc in
	0)
		passed=$((passed + 1))
		echo "$seconds" >"$took/${name// /-}"
		printf 'pass %4d s  %s%s\n' "$seconds" "$name" "$( ((n == 0)) || echo " ($n skipped in it)")"
		;;
	4)
		printf 'skip %4d s  %s (%s)\n' "$seconds" "$name" "$(sed -n 's/^# SKIP //p' "$file")"
		;;
	*)
		failed=$((failed + 1))
		printf 'FAIL %4d s  %s (%s)\n' "$seconds" "$name" "$file"
		tail -n 60 "$file" | sed 's/^/    | /'
		;;
	esac
}

# check JOBS PATTERN...
check()
{
	local jobs=$1 wanted=() name words most
	shift

	mkdir -p "$log" "$took"
	(($#)) || prepare
	find_checks
	mapfile -t wanted < <(chosen "${@:-*}")
	((${#wanted[@]})) || ov2_die "no check is called $*"
	for name in "${wanted[@]}"; do
		most=$jobs
		[[ ! ${lonely[$name]:-} ]] || most=1
		pool_wait "$most"
		read -ra words <<<"$name"
		pool_start "$name" "$log/${name// /-}.log" "$OV2_SCRIPTS/gates/${words[0]}" "${words[@]:1}"
		((most > 1)) || pool_wait 1
	done
	pool_wait 1
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}
