# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Every script of the rig uses these: places, messages, packages, locks.

set -euo pipefail

OV2_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
OV2_SCRIPTS=$OV2_TOP/scripts
# The scripts that source this one use it.
# shellcheck disable=SC2034
OV2_RIG=$OV2_SCRIPTS/rig
OV2_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ov2
mkdir -p "$OV2_CACHE"

# Messages go to stderr: stdout belongs to what a script was asked for.
ov2_say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

ov2_die()
{
	ov2_say "$*"
	exit 1
}

# A name for this checkout, so that two clones do not share a build tree.
ov2_checkout_id()
{
	printf '%s' "$OV2_TOP" | sha256sum | cut -c1-8
}

# Run a command under an exclusive lock named $1: two callers never build or
# fetch the same thing at once, and the second finds it done.
ov2_locked()
{
	local name=$1 fd
	shift

	mkdir -p "$OV2_CACHE/lock"
	exec {fd}>"$OV2_CACHE/lock/$name"
	if ! flock -w 2 "$fd"; then
		ov2_say "waiting for another run that works on $name"
		flock "$fd"
	fi
	# Children must not inherit the lock: a daemon would keep it for ever.
	"$@" {fd}>&-
	exec {fd}>&-
}

# Run a command with its output in a log and a line of progress now and then.
ov2_logged()
{
	local what=$1 log=$2 start=$SECONDS pid rc=0 next=$((SECONDS + 15))
	shift 2

	ov2_say "$what (log: $log)"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		read -rt 0.3 <> <(:) || :
		if ((SECONDS >= next)); then
			ov2_say "$what: $((SECONDS - start)) s: $(tail -qn 1 "$log" | cut -c1-70)"
			next=$((SECONDS + 15))
		fi
	done
	wait "$pid" || rc=$?
	if ((rc)); then
		ov2_say "$what failed after $((SECONDS - start)) s; the end of $log:"
		grep -nE '(error|Error|fatal|undefined)' "$log" | head -n 20 >&2 || :
		tail -n 25 "$log" >&2
		return "$rc"
	fi
	ov2_say "$what: done in $((SECONDS - start)) s"
}

ov2_apt_install()
{
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" ||
		{ apt-get -qq update &&
		  apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
			--no-install-recommends "$@"; }
}

# Install the Debian packages that are missing.
ov2_need()
{
	local pkg missing=()

	for pkg; do
		[[ $(dpkg-query -Wf '${db:Status-Status}' "$pkg" 2>/dev/null) == installed ]] ||
			missing+=("$pkg")
	done
	((${#missing[@]})) || return 0
	[[ $EUID == 0 ]] || ov2_die "needs root to install: ${missing[*]}"
	mkdir -p "$OV2_CACHE/log"
	ov2_locked apt ov2_logged "install ${missing[*]}" "$OV2_CACHE/log/apt-$$.log" \
		ov2_apt_install "${missing[@]}"
}

# Bring the sources up to date in folder $1, beside what was built there.
ov2_mirror_sources()
{
	local dir=$1 src present=()

	ov2_need rsync
	for src in drivers include kunit Kbuild Kconfig Makefile; do
		[[ ! -e $OV2_TOP/$src ]] || present+=("$OV2_TOP/$src")
	done
	mkdir -p "$dir"
	# Checksums, and no times: what has not changed is not built again, and what has is,
	# even if its file is older than what was built, as after a checkout.
	rsync -rlp --checksum --delete --exclude='*.ko' --exclude='*.o' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*.cmd' --exclude='*.gcno' \
		--exclude='modules.order' --exclude='Module.symvers' --exclude='*.dtb*' \
		"${present[@]}" "$dir/"
}
