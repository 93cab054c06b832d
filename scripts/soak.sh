#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The soak with one seed after the other, each in a VM of its own.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"
# shellcheck source=rig/soak.sh
. "$OV2_RIG/soak.sh"

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

soak
exit
