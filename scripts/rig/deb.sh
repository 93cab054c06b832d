#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make a Debian package that hands the modules to DKMS: scripts/rig/deb.sh VERSION [FOLDER]. Prints
# its path, in FOLDER or in the cache.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

version=${1:?version}
work=$OV2_CACHE/package/$(ov2_checkout_id)
to=${2:-$work}

# A date that stays the same while the sources do.
changelog()
{
	local date

	date=$(git -C "$OV2_TOP" log -1 --format=%cD 2>/dev/null) || date=$(date -R -r "$OV2_TOP/Makefile")
	cat <<-EOF2
		ov2 ($version) unstable; urgency=medium

		  * The sources of this version.

		 -- The ov2 maintainers <ov2@packages.debian.org>  $date
	EOF2
}

build_deb()
{
	local dir=$work/ov2-$version

	rm -rf "$work"
	mkdir -p "$dir"
	ov2_mirror_sources "$dir"
	cp -r "$OV2_RIG/deb" "$dir/debian"
	changelog >"$dir/debian/changelog"
	mkdir "$dir/debian/source"
	echo '3.0 (native)' >"$dir/debian/source/format"
	(cd "$dir" && dpkg-buildpackage -b -us -uc) >&2
	lintian --fail-on error,warning --display-info "$work/ov2_${version}_"*.changes >&2
	rm -rf "$dir"
}

ov2_need debhelper dh-dkms dpkg-dev fakeroot lintian
mkdir -p "$OV2_CACHE/log"
ov2_locked "package-$(ov2_checkout_id)" ov2_logged "make the package" \
	"$OV2_CACHE/log/deb-$(ov2_checkout_id).log" build_deb
deb=$work/ov2-dkms_${version}_all.deb
if [[ $to != "$work" ]]; then
	mkdir -p "$to"
	cp "$deb" "$to/"
fi
echo "$to/${deb##*/}"
