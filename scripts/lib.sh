# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every script of the rig shares: places, messages, packages, locks.

set -euo pipefail

OV2_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# The sourcing scripts use what looks unused here.
# shellcheck disable=SC2034
OV2_SCRIPTS=$OV2_TOP/scripts
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

# The mirror that the machine uses itself, for suites like bookworm ("main")
# or bookworm-security ("security").
ov2_mirror()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v kind="$1" '
			$1 !~ /debian/ { next }
			kind == "security" && $2 ~ /-security$/ { print $1; exit }
			kind == "main" && $2 !~ /-(security|updates|backports)$/ { print $1; exit }'
}

ov2_apt_setup()
{
	local suite=$1 dir=$OV2_CACHE/apt/$1 kind=main mirror

	[[ $suite != *-security ]] || kind=security
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	mirror=$(ov2_mirror "$kind")
	# A machine that has never asked its mirror for anything does not know its suites.
	[[ $mirror ]] || { apt-get -qq update >&2 && mirror=$(ov2_mirror "$kind"); }
	[[ $mirror ]] || ov2_die "no Debian mirror for $suite in this machine's apt sources"
	printf 'deb [signed-by=%s] %s %s main\n' \
		/usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite" \
		>"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::lists "$dir/lists";
		Dir::Cache "$dir/cache";
		APT::Sandbox::User "root";
	EOF
	if apt-get -qq -c "$dir/apt.conf" update >&2; then
		touch "$dir/updated"
	elif [[ -e $dir/updated ]]; then
		ov2_say "cannot update $suite, going on with what is here"
	else
		ov2_die "cannot fetch the package lists of $suite"
	fi
}

# A private apt configuration for one suite; the machine's own is never touched.
# A newer kernel of a series is looked for once a week: every other run works
# from the cache alone.
ov2_apt()
{
	local dir=$OV2_CACHE/apt/$1

	[[ $(find "$dir/updated" -mtime -7 2>/dev/null) && -z ${OV2_REFRESH:-} ]] ||
		ov2_locked "apt-$1" ov2_apt_setup "$1"
	printf '%s\n' "$dir/apt.conf"
}

# What apt-cache has said since the last update, for it takes a second to say it.
ov2_remember()
{
	local suite=$1 memo conf
	shift

	conf=$(ov2_apt "$suite")
	memo=$OV2_CACHE/apt/$suite/memo-$(printf '%s ' "$@" | sha256sum | cut -c1-16)
	if [[ ! -s $memo || $OV2_CACHE/apt/$suite/updated -nt $memo ]]; then
		"$1" "$conf" "${@:2}" >"$memo.$$"
		mv "$memo.$$" "$memo"
	fi
	cat "$memo"
}

ov2_ask_newest()
{
	apt-cache -c "$1" search -n "$2" | cut -d' ' -f1 | { grep -E "$2" || :; } |
		sort -V | tail -n 1
}

ov2_ask_version()
{
	apt-cache -c "$1" show --no-all-versions "$2" | sed -n 's/^Version: //p' | sed 1q
}

# The newest package of suite $1 whose name matches $2.
ov2_newest()
{
	ov2_remember "$1" ov2_ask_newest "$2"
}

ov2_version()
{
	ov2_remember "$1" ov2_ask_version "$2"
}

# Fetch packages $3... of suite $1 into folder $2.
ov2_fetch()
{
	local conf dir=$2

	conf=$(ov2_apt "$1")
	shift 2
	mkdir -p "$dir"
	ov2_say "fetch $*"
	(cd "$dir" && apt-get -qq -c "$conf" download "$@" >&2)
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
