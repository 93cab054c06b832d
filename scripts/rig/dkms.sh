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
cat >"$dest/dkms.conf" <<EOF
PACKAGE_NAME="ov2"
PACKAGE_VERSION="$version"
MAKE[0]="make -C \${kernel_source_dir} M=\${dkms_tree}/ov2/$version/build modules"
CLEAN="make -C \${kernel_source_dir} M=\${dkms_tree}/ov2/$version/build clean"
BUILT_MODULE_NAME[0]="ov2"
BUILT_MODULE_LOCATION[0]="drivers/ov2"
DEST_MODULE_LOCATION[0]="/updates/dkms"
BUILT_MODULE_NAME[1]="ov2sim"
BUILT_MODULE_LOCATION[1]="drivers/ov2sim"
DEST_MODULE_LOCATION[1]="/updates/dkms"
AUTOINSTALL="yes"
EOF
dkms add "ov2/$version"
dkms build "ov2/$version" "$@"
dkms install --force "ov2/$version" "$@"
