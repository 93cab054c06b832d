#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels that the project is built for and tested on, each built or fetched
# when it is first asked for and kept in the cache. See usage below.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=apt.sh
. "$OV2_RIG/apt.sh"
# shellcheck source=source.sh
. "$OV2_RIG/source.sh"
# shellcheck source=uml.sh
. "$OV2_RIG/uml.sh"
# shellcheck source=debian.sh
. "$OV2_RIG/debian.sh"
# shellcheck source=modules.sh
. "$OV2_RIG/modules.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/rig/kernel.sh NAME...          build or fetch, print its folder
	       scripts/rig/kernel.sh --source SERIES  print the source tree (6.12, 7.3)
	       scripts/rig/kernel.sh --built NAME     print its folder if it is built
	       scripts/rig/kernel.sh --modules NAME [--to DIR] [--install DIR] [ARG...]
	                                              build the project's modules for
	                                              NAME (ARG: C=2, OV2_GCOV=1), copy
	                                              them to DIR, make install below
	                                              DIR, print the build folder
	       scripts/rig/kernel.sh --list           the names

	uml-7.3        debug kernel, user mode Linux, one CPU
	uml-6.12       the same of the older series
	uml-7.3-smp    debug kernel with SMP and DEBUG_OBJECTS
	uml-7.3-fast   SMP, no debugging
	debian-6.12    Debian's own, for QEMU, with its headers
	debian-7.3     the same from Debian 13's backports
	debian-6.12-trixie
	               Debian 13's own
	debian-6.12-backports, debian-7.2, debian-7.2-sid
	               headers only: Debian 12's backports, Debian 13's, and unstable

	Warnings of the compiler are errors. Checkouts that are alike share a build of
	the modules, which another one may change at any time: --to DIR is what stays.
	OV2_BUILD=WORD builds in a folder of the checkout's own, where warnings are none.
	OV2_REFRESH=1 looks for a newer package of each series now and not once a week.
	EOF
}

names=(uml-7.3 uml-6.12 uml-7.3-fast uml-7.3-smp debian-6.12 debian-7.3 debian-6.12-trixie
	debian-6.12-backports debian-7.2 debian-7.2-sid)
jobs=${OV2_JOBS:-$(nproc)}
log=$OV2_CACHE/log
mkdir -p "$log"

series_of()
{
	local series=${1#*-}
	printf '%s\n' "${series%%-*}"
}

suite_of()
{
	case $1 in
	*-6.12-trixie) echo trixie-security ;;
	*-6.12-backports) echo bookworm-backports ;;
	*-7.2-sid) echo sid ;;
	*-6.12*) echo bookworm-security ;;
	*-7.2 | *-7.3*) echo trixie-backports ;;
	*) ov2_die "no suite is known for $1" ;;
	esac
}

known()
{
	local name

	for name in "${names[@]}"; do
		[[ $name != "$1" ]] || return 0
	done
	ov2_die "unknown kernel '$1', known are: ${names[*]}"
}

kernel()
{
	known "$1"
	case $1 in
	uml-*) uml_kernel "$1" ;;
	debian-*) debian_kernel "$1" ;;
	esac
}

# In braces: all of it is read before it runs, and the file may change meanwhile.
{
case ${1:-} in
--list)
	printf '%s\n' "${names[@]}"
	;;
--source)
	source_tree "${2:?series}"
	;;
--built)
	known "${2:?kernel}"
	dir=$OV2_CACHE/kernel/$2
	[[ $2 != uml-* ]] || dir=$(uml_folder "$2" "$(source_tree "$(series_of "$2")")")
	[[ -e $dir/ov2-key ]]
	printf '%s\n' "$dir"
	;;
--modules)
	shift
	modules "${1:?kernel}" "${@:2}"
	;;
'' | -h | --help)
	usage
	;;
-*)
	usage >&2
	exit 2
	;;
*)
	for name; do
		kernel "$name"
	done
	;;
esac
exit
}
