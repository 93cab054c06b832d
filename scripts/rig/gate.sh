# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# The gates share this. A gate is an executable in gates/; check.sh runs it in the top folder,
# once for each element of its array "runs", which are its arguments, or once without any.
#
#   runs=(...)    set before this file is sourced
#   alone=yes     nothing may run beside it, because it keeps every CPU busy or takes the time
#
# Exit status 0: passed; 4: skipped, a line "# SKIP why" says why; else failed.

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A gate goes on after what has failed, so that it reports all of it.
set +e +o pipefail
# The system's tools: others on PATH lack the system's modules.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
cd "$OV2_TOP" || exit

# For check.sh: a line for each run, "alone" or "beside" and its arguments.
if [[ ${1:-} == --list ]]; then
	[[ ${alone:-} ]] && how=alone || how=beside
	printf "$how %s\n" "${runs[@]-}"
	exit
fi

c_files()
{
	find drivers include kunit -name '*.[ch]' ! -name '*.mod.c' | sort
}

h_files()
{
	c_files | grep '\.h$'
}

# The scripts of libreswan's scenarios are lines for a console, in a format that is not ours.
shell_files()
{
	find scripts -name '*.sh' ! -path 'scripts/scenarios/libreswan/*' | sort
	grep -rlI '^#!.*bash' scripts/scenarios/{guest,nic} | grep -v '\.sh$' | sort
	grep -l '^#!.*bash' scripts/gates/*
	[[ ! -f .ci/run ]] || echo .ci/run
}

# Sets $src to the source tree of the kernel that the sources are checked against.
kernel_source()
{
	src=$("$OV2_RIG/kernel.sh" --source 7.3)
}

# A check that has something to say prints it and fails.
must_be_empty()
{
	local text

	text=$(cat)
	[[ ! $text ]] || { printf '%s\n' "$1" "$text"; return 1; }
}

# silent COMMAND...: a check of the sources must print nothing to pass, on stderr as well, because a
# tool that is missing or crashes prints something.
silent()
{
	local out rc=0

	out=$("$@" 2>&1) || rc=$?
	[[ ! $out ]] || printf '%s\n' "$out"
	((rc == 0)) || echo "$1: status $rc"
	[[ ! $out ]] && ((rc == 0))
}

# unless_clean KEY COMMAND...: COMMAND gets those files of stdin that it has not yet found
# clean as they are, ending well and silently. KEY is all else that its answer depends on.
unless_clean()
{
	local marks=$OV2_CACHE/clean key out sum file todo=() new=() rc=0

	key=$(sha256sum <<<"$*" | cut -c1-16)
	shift
	mkdir -p "$marks"
	find "$marks" -type f -mtime +30 -delete
	while read -r sum file; do
		sum=$marks/$key-${sum:0:32}-${file//\//_}
		if [[ -e $sum ]]; then
			touch -c "$sum"
		else
			new+=("$sum") todo+=("$file")
		fi
	done < <(xargs sha256sum)
	((${#todo[@]})) || return 0
	out=$("$@" "${todo[@]}" 2>&1) || rc=$?
	printf '%s' "$out"
	[[ ! $out ]] && ((rc == 0)) && touch "${new[@]}"
}

# vm ARGUMENTS OF vm.sh: ends with the gate.
vm()
{
	setpriv --pdeathsig TERM "$OV2_SCRIPTS/vm.sh" "$@"
}
