#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Are the tests worth anything? Makes the mutants of scripts/mutants/list, one after
# the other, and runs the KUnit suites on each: they must catch it. A mutant that
# survives is a missing test.

# shellcheck source=rig/lib.sh
. "$(dirname "$0")/rig/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/mutants.sh [-j N] [NAME...]
	                                      all mutants, or those whose name matches
	                                      one of the patterns, N at a time (2)
	       scripts/mutants.sh [-j N] --soak [NAME...]
	                                      the soak and not KUnit must notice: those of
	                                      the names below, unless others are given
	       scripts/mutants.sh --list      what they are and which rule each breaks; fails
	                                      if one of them cannot be made

	A line of scripts/mutants/list has these fields, with a tab between two of them:
	  name        of the mutant
	  S-numbers   the rules of scripts/semantics.md that it breaks
	  module      the folder in drivers/ whose files are searched, without the folders in
	              it: ov2, ov2sim, ov2sim/nic
	  function    what is broken: the name of a function, an object or a macro that one
	              file of the module defines. Several have commas between them.
	  script      for sed -E. It sees the lines of that definition alone, from the first
	              to the } in column one, and must change each that is named.
	  area        of the selftests, if KUnit cannot catch the mutant
	EOF
}

jobs=2 suite=kunit patterns=()
while (($#)); do
	case $1 in
	-h | --help) usage; exit ;;
	-j) jobs=$2; shift ;;
	--soak) suite=soak ;;
	--list) exec "$OV2_SCRIPTS/mutants/mutate.py" --list ;;
	-*) usage >&2; exit 2 ;;
	*) patterns+=("$1") ;;
	esac
	shift
done

# shellcheck source=mutants/run.sh
. "$OV2_SCRIPTS/mutants/run.sh"
