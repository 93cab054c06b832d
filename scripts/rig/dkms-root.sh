#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the package DEB in a Debian 13 with DKMS, for the kernel RELEASE with its HEADERS, and copy
# the modules that DKMS has built into folder TO: dkms-root.sh DEB RELEASE HEADERS TO

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

deb=$1 release=$2 headers=$3 to=$4
root=$("$OV2_RIG/rootfs.sh" dkms)
copy=$to/root
rm -rf "$copy"
mkdir -p "$copy" "$to/upper" "$to/work"

# The root stays as it is: what is installed is in a layer above it.
# shellcheck disable=SC2016
unshare -m bash -c '
	set -e
	root=$1 deb=$2 release=$3 headers=$4 to=$5 cache=$6
	mount -t tmpfs layer "$to/upper"
	mkdir "$to/upper/up" "$to/upper/work"
	mount -t overlay overlay -o "lowerdir=$root,upperdir=$to/upper/up,workdir=$to/upper/work" "$to/root"
	mount -t proc proc "$to/root/proc"
	mount --rbind /dev "$to/root/dev"
	mkdir -p "$to/root$cache" "$to/root/lib/modules/$release"
	mount --bind "$cache" "$to/root$cache"
	ln -s "$headers" "$to/root/lib/modules/$release/build"
	chroot "$to/root" dpkg -i "$deb"
	chroot "$to/root" dkms status ov2 -k "$release" | tee /dev/stderr | grep -q installed
	for module in ov2 ov2sim; do
		file=$(find "$to/root/lib/modules/$release/updates" -name "$module.ko*")
		case $file in
		*.xz) xz -dc "$file" >"$to/$module.ko" ;;
		*) cp "$file" "$to/$module.ko" ;;
		esac
	done
	chroot "$to/root" dpkg -r ov2-dkms
	[[ ! $(find "$to/root/lib/modules/$release" -name "ov2*.ko*") ]]
' bash "$root" "$deb" "$release" "$headers" "$to" "$OV2_CACHE" >&2
