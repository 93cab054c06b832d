#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Hand the modules to DKMS: scripts/rig/dkms.sh VERSION [ARG...], with ARG for dkms build.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

version=${1:?version}
shift
dest=/usr/src/ov2-$version

[[ $EUID == 0 ]] || ov2_die "needs root"
ov2_need dkms gcc make
if [[ $(dkms status "ov2/$version") ]]; then
	dkms remove "ov2/$version" --all
fi
rm -rf "$dest"
ov2_mirror_sources "$dest"
sed "s/#MODULE_VERSION#/$version/" "$OV2_RIG/deb/dkms.conf" >"$dest/dkms.conf"
dkms add "ov2/$version"
dkms build "ov2/$version" "$@"
dkms install --force "ov2/$version" "$@"
