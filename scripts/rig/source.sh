# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sources: one tree for each package version, with the patches that it has.

# The patches that a series needs to run on today's hosts. No other program uses these trees.
patches_of()
{
	find "$OV2_RIG/config" -name "linux-$1-*.patch" -o -name 'linux-any-*.patch' | sort
}

unpack_source()
{
	local series=$1 tree=$2 suite patch pkg=linux-source-$1

	[[ ! -d $tree ]] || return 0
	ov2_need xz-utils patch
	suite=$(suite_of "src-$series")
	rm -rf "$tree.tmp" "$OV2_CACHE/deb/$pkg"
	ov2_fetch "$suite" "$OV2_CACHE/deb/$pkg" "$pkg"
	mkdir -p "$tree.tmp"
	ov2_say "unpack $pkg"
	dpkg-deb --fsys-tarfile "$OV2_CACHE/deb/$pkg/"*.deb |
		tar xO "./usr/src/$pkg.tar.xz" | xz -dc |
		tar x -C "$tree.tmp" --strip-components=1
	rm -rf "$OV2_CACHE/deb/$pkg"
	patches_of "$series" | while IFS= read -r patch; do
		patch -d "$tree.tmp" -p1 -s -N <"$patch" >&2
	done
	mv "$tree.tmp" "$tree"
}

source_tree()
{
	local version tree

	version=$(ov2_version "$(suite_of "src-$1")" "linux-source-$1")
	[[ $version ]] || ov2_die "no package linux-source-$1"
	tree=$OV2_CACHE/src/linux-${1}_$version-$(patches_of "$1" | xargs -r cat | sha256sum | cut -c1-8)
	[[ -d $tree ]] || ov2_locked "src-$1" unpack_source "$1" "$tree"
	printf '%s\n' "$tree"
}
