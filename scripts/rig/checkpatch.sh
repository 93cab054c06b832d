# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The kernel's checkpatch, for the gates that use it; $src is set by kernel_source.

# checkpatch ARGUMENTS: its findings. Without a repository it does not start the kernel's
# spdxcheck, which wants packages.
checkpatch()
{
	local out rc=0

	out=$(GIT_DIR=/nonexistent "$src/scripts/checkpatch.pl" "--root=$src" --strict --terse \
		--show-types --max-line-length=100 "$@" 2>&1) || rc=$?
	grep -v '^total: ' <<<"$out"
	return "$rc"
}
