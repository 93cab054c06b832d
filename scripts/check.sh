#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every gate and every test of the project, one line each; `make check`.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"
# shellcheck source=rig/check.sh
. "$OV2_RIG/check.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/check.sh [-j N] [--all] [NAME...]
	                                           run all checks, or those whose name
	                                           matches one of the patterns; --all has
	                                           every selftest, also on uml-6.12
	       scripts/check.sh [--all] --list     their names

	The checks are the executables in scripts/gates. Logs are kept in the cache,
	below log/check.
	EOF
}

# Each VM has a CPU of its own: two of them on one are slower than one after the other.
jobs=$(nproc) patterns=()
while (($#)); do
	case $1 in
	--all) export OV2_CHECK_ALL=1; shift ;;
	--list) find_checks; printf '%s\n' "${known[@]}"; exit ;;
	-h | --help) usage; exit ;;
	-j) jobs=$2; shift 2 ;;
	-*) usage >&2; exit 2 ;;
	*) patterns+=("$1"); shift ;;
	esac
done

check "$jobs" "${patterns[@]}"
exit
