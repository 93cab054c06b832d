#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites: as kernel CI runs them, by the kernel's own kunit.py with the
# project overlaid on a kernel tree, or as modules in a VM.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"
# shellcheck source=rig/kunit.sh
. "$OV2_RIG/kunit.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/kunit.sh [ARG...]        by kunit.py run, with ARG for it
	       scripts/kunit.sh --vm NAME       as modules on kernel NAME of rig/kernel.sh
	EOF
}

case ${1:-} in
--vm)
	in_vm "${2:-uml-7.3}"
	;;
-h | --help)
	usage
	;;
*)
	ov2_locked kunit by_kunit_py "$@"
	;;
esac
