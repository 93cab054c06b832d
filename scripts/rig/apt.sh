# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Packages of Debian suites other than the machine's own, fetched and not installed.

# The mirror that the machine uses itself, for suites like bookworm ("main")
# or bookworm-security ("security"). Debian's mirrors keep the latter beside the
# former, for machines that have no source for it.
ov2_mirror()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v kind="$1" '
			$1 !~ /debian/ { next }
			$2 ~ /-security$/ { of["security"] = of["security"] ? of["security"] : $1; next }
			$2 !~ /-(updates|backports)$/ { of["main"] = of["main"] ? of["main"] : $1 }
			END {
				beside = of["main"]
				if (!of["security"] && sub("/debian/?$", "/debian-security/", beside))
					of["security"] = beside
				print of[kind]
			}'
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

# Prints the answer that apt-cache gave since the last update: to ask it takes a second.
ov2_remember()
{
	local suite=$1 memo conf
	shift

	conf=$(ov2_apt "$suite") || return
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

	conf=$(ov2_apt "$1") || return
	shift 2
	mkdir -p "$dir"
	ov2_say "fetch $*"
	(cd "$dir" && apt-get -qq -c "$conf" download "$@" >&2)
}
