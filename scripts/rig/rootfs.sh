#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian 13 userlands in the cache, made without containers: "user" is the root
# file system of the VMs, "build" has the compiler for Debian 13's kernel headers.
# "swan5" is Debian 12 with strongSwan 5.9, for one of the strongSwan tests, and "libreswan" has
# libreswan, which cannot be installed beside strongSwan.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=apt.sh
. "$OV2_RIG/apt.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/rig/rootfs.sh [user|build|swan5|libreswan]...
	                              make them, print their paths
	       scripts/rig/rootfs.sh --run NAME -- COMMAND...
	                              run COMMAND in one, with the cache at its usual path
	EOF
}

suite_of()
{
	case $1 in
	swan5) echo bookworm ;;
	build-sid) echo sid ;;
	*) echo trixie ;;
	esac
}

packages_of()
{
	case $1 in
	user)
		echo bash busybox bsdextrautils charon-systemd conntrack ethtool iperf3 \
			iproute2 iptables iputils-ping jq kmod libcharon-extra-plugins \
			libcharon-extauth-plugins libstrongswan-standard-plugins \
			libstrongswan-extra-plugins nftables openssl procps \
			python3 python3-yaml socat strongswan-swanctl tcpdump util-linux
		;;
	build)
		echo bash gcc-14 kmod libelf1t64 make
		;;
	build-sid)
		echo bash gcc-16 kmod libelf1t64 make
		;;
	swan5)
		echo bash charon-systemd libstrongswan-standard-plugins strongswan-swanctl
		;;
	dkms)
		echo bash dkms gcc-14 libelf1t64 make xz-utils
		;;
	libreswan)
		echo bash iproute2 libreswan
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

make_root()
{
	local suite=$1 dir=$2 mirror=$3
	shift 3

	mmdebstrap --mode=root --variant=apt --aptopt='APT::Sandbox::User "root"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--include="$(IFS=,; echo "$*")" \
		"$suite" "$dir" "$mirror"
	# Places that a VM mounts something on.
	mkdir -p "$dir/host" "$dir/usr/lib/modules"
}

build_root()
{
	local name=$1 dir=$2 mirror packages old

	[[ ! -e $dir/ov2-key ]] || return 0
	[[ $EUID == 0 ]] || ov2_die "needs root to make a root file system"
	ov2_need mmdebstrap
	mirror=$(ov2_mirror main)
	[[ $mirror ]] || ov2_die "no Debian mirror in this machine's apt sources"
	read -ra packages < <(packages_of "$name")
	rm -rf "$dir.tmp"
	mkdir -p "${dir%/*}" "$OV2_CACHE/log"
	ov2_logged "make the Debian root '$name'" "$OV2_CACHE/log/rootfs-$name.log" \
		make_root "$(suite_of "$name")" "$dir.tmp" "$mirror" "${packages[@]}"
	touch "$dir.tmp/ov2-key"
	mv "$dir.tmp" "$dir"
	for old in "${dir%-*}"-*; do
		[[ ! $(find "$old/ov2-key" -mtime +14 2>/dev/null) ]] || rm -rf "$old"
	done
}

# The folder is named after what it was made from: two checkouts with different packages do not undo
# each other's.
root()
{
	local dir=$OV2_CACHE/rootfs/$1-

	dir+=$({ suite_of "$1"; packages_of "$1"; } | sha256sum | cut -c1-8)
	if [[ -e $dir/ov2-key ]]; then
		touch -c "$dir/ov2-key" 2>/dev/null || :
	else
		ov2_locked "rootfs-${dir##*/}" build_root "$1" "$dir"
	fi
	printf '%s\n' "$dir"
}

# In a mount namespace of its own: nothing stays mounted, whatever happens.
run_in_root()
{
	local dir=$1
	shift

	# shellcheck disable=SC2016
	unshare -m bash -c '
		set -e
		mkdir -p "$1$2"
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		mount --bind "$2" "$1$2"
		dir=$1
		shift 2
		exec chroot "$dir" "$@"
	' bash "$dir" "$OV2_CACHE" "$@"
}

case ${1:-user} in
--run)
	dir=$(root "${2:?root}")
	shift 2
	[[ ${1:-} != -- ]] || shift
	run_in_root "$dir" "$@"
	;;
-*)
	usage
	;;
*)
	for name in "${@:-user}"; do
		root "$name"
	done
	;;
esac
