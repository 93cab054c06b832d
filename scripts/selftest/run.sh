#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the selftests inside a VM:
#   scripts/vm.sh -- scripts/selftest/run.sh [AREA[:PART OF A TEST'S NAME]]...
#   scripts/selftest/run.sh --list
# Areas are the files beside this one; pm switches the VM off, and is run only when it
# is asked for. Prints KTAP.

set -u -o pipefail
cd "$(dirname "$0")" || exit

list()
{
	local path

	for path in *.sh; do
		case $path in
		run.sh | lib.sh | pm.sh) ;;
		*) echo "${path%.sh}" ;;
		esac
	done
}

areas=("$@")
case ${1:-} in
'') mapfile -t areas < <(list) ;;
--list) list; exit ;;
esac

rc=0
n=0
echo "KTAP version 1"
echo "1..${#areas[@]}"
for area in "${areas[@]}"; do
	name=${area%%:*}
	part=()
	[[ $area != *:* ]] || part=("${area#*:}")
	n=$((n + 1))
	start=$SECONDS
	if "./$name.sh" "${part[@]}" 2>&1 | sed -u 's/^/    /'; then
		result=ok
	else
		result="not ok"
		rc=1
	fi
	echo "$result $n $name"
	echo "# $name took $((SECONDS - start)) s"
done
exit "$rc"
