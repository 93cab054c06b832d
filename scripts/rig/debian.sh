# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's kernels: packages unpacked into a folder, never installed.

# Kernels that the modules are only built for.
headers_only()
{
	case $1 in
	debian-6.12-backports | debian-7.2*) ;;
	*) return 1 ;;
	esac
}

debian_unpack()
{
	local name=$1 dir=$2 suite=$3 release=$4 key=$5 deb common pkgs

	[[ $(cat "$dir/ov2-key" 2>/dev/null) != "$key" ]] || return 0
	ov2_need kmod
	rm -rf "$dir"
	mkdir -p "$dir/deb" "$dir/root"
	common=${release%-amd64}
	pkgs=("linux-headers-$release" "linux-headers-$common-common" "linux-kbuild-$common")
	if headers_only "$name"; then
		:
	elif [[ $(ov2_newest "$suite" "^linux-binary-${release//[+.]/.}\$") ]]; then
		pkgs+=("linux-base-$release" "linux-binary-$release" "linux-modules-$release")
	else
		pkgs+=("linux-image-$release")
	fi
	ov2_fetch "$suite" "$dir/deb" "${pkgs[@]}"
	for deb in "$dir/deb/"*.deb; do
		dpkg-deb -x "$deb" "$dir/root"
	done
	rm -rf "$dir/deb"
	# The headers' Makefile and build link name the installed places.
	find "$dir/root/usr/src" -name Makefile -path "*linux-headers-$release/*" \
		-exec sed -i "s:/usr/src/linux-headers:$dir/root/usr/src/linux-headers:" {} +
	[[ -d $dir/root/lib ]] || ln -s usr/lib "$dir/root/lib"
	ln -sfn "$dir/root/usr/src/linux-headers-$release" "$dir/headers"
	# With vmlinux beside the headers kbuild would want pahole, for nothing.
	rm -f "$dir/root/usr/src/linux-headers-$release/vmlinux"
	if ! headers_only "$name"; then
		ln -sfn "$(find "$dir/root" -name 'vmlinuz*' | head -n 1)" "$dir/vmlinuz"
		depmod -b "$dir/root" "$release"
	fi
	echo "$release" >"$dir/release"
	echo "$key" >"$dir/ov2-key"
}

debian_kernel()
{
	local name=$1 suite series release version
	local dir=$OV2_CACHE/kernel/$name

	suite=$(suite_of "$name")
	series=$(series_of "$name")
	release=$(ov2_newest "$suite" "^linux-headers-${series/./\\.}[0-9.]*\+deb[0-9]+-amd64$")
	release=${release#linux-headers-}
	[[ $release ]] || ov2_die "no headers package of series $series in $suite"
	version=$(ov2_version "$suite" "linux-headers-$release")
	ov2_locked "kernel-$name" debian_unpack "$name" "$dir" "$suite" "$release" "$version"
	printf '%s\n' "$dir"
}
