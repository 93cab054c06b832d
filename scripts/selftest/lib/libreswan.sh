# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# libreswan at both ends of the strongSwan tests' topology, in a root of its own, because Debian does
# not install it beside strongSwan. The connection is that of C, as far as libreswan knows it.

PLUTO_ROOT=
declare -A PLUTO_PID=()

# A command of libreswan's at an end, in the mounts of its daemon.
pluto_run()
{
	local pid=${PLUTO_PID[$1]}
	shift

	nsenter --target "$pid" --mount --net chroot "$PLUTO_ROOT" "$@"
}

pluto_whack()
{
	local end=$1
	shift
	pluto_run "$end" /usr/libexec/ipsec/whack --rundir "$SWAN_DIR/$end/run" "$@"
}

pluto_subnet()
{
	local ts

	ts=$(swan_ts "$1" 1)
	[[ $ts == dynamic ]] || echo "${2}subnet=$ts"
}

# Options that only one end may have, such as nic-offload, come from PLUTO_l and PLUTO_r.
pluto_conf()
{
	local end=$1 dir=$SWAN_DIR/$1 other=r me=${C[local]} peer=${C[remote]} words=PLUTO_$1

	[[ $end == l ]] || { other=l me=${C[remote]} peer=${C[local]}; }
	mkdir -p "$dir"
	{
		cat <<-EOF2
			config setup
			    logtime=no
			conn ike
			    keyexchange=ikev2
			    authby=secret
			    left=$me
			    right=$peer
			    leftid=@$end
			    rightid=@$other
			    type=${C[mode]}
			    esp=${C[pluto_esp]:-aes_gcm128-null}
			    esn=no
			    auto=add
		EOF2
		# shellcheck disable=SC2046,SC2086
		printf '    %s\n' $(pluto_subnet "$end" left) $(pluto_subnet "$other" right) ${!words:-}
	} >"$dir/ipsec.conf"
	echo "@l @r : PSK \"0x$(cat "$SWAN_DIR/psk")\"" >"$dir/ipsec.secrets"
}

pluto_start()
{
	local end=$1 dir=$SWAN_DIR/$1

	rm -rf "$dir/run" "$dir/nss" "$dir/log"
	mkdir -p "$dir/run" "$dir/nss" "$dir/ipsec.d"
	# shellcheck disable=SC2016
	ip netns exec "sw$end" unshare -m bash -c '
		dir=$1 root=$2
		for fs in proc sys dev tmp; do
			mount --rbind "/$fs" "$root/$fs"
		done
		mount -t tmpfs run "$root/run"
		chroot "$root" certutil -N -d "sql:$dir/nss" --empty-password || exit
		exec chroot "$root" /usr/libexec/ipsec/pluto --nofork --no-dnssec \
			--config "$dir/ipsec.conf" --nssdir "$dir/nss" --rundir "$dir/run" \
			--ipsecdir "$dir/ipsec.d" --secretsfile "$dir/ipsec.secrets" \
			--logfile "$dir/log"
	' bash "$dir" "$PLUTO_ROOT" >"$dir/out" 2>&1 &
	PLUTO_PID[$end]=$!
	wait_for 60 test -S "$dir/run/pluto.ctl" ||
		fail "no pluto $end: $(tail -qn 3 "$dir/out" "$dir/log")" || return
	pluto_whack "$end" --listen >"$dir/listen" 2>&1
}

# The daemon at an end takes the connection as it is now.
pluto_load()
{
	local end=$1 dir=$SWAN_DIR/$1

	pluto_conf "$end"
	pluto_run "$end" /usr/libexec/ipsec/addconn --config "$dir/ipsec.conf" \
		--ctlsocket "$dir/run/pluto.ctl" ike >"$dir/load" 2>&1
}

# Whether the connection comes up. $1 seconds at most.
pluto_initiate()
{
	: >"$SWAN_DIR/l/log"
	timeout "$1" nsenter --target "${PLUTO_PID[l]}" --mount --net chroot "$PLUTO_ROOT" \
		/usr/libexec/ipsec/whack --rundir "$SWAN_DIR/l/run" --name ike --initiate \
		>"$SWAN_DIR/l/up" 2>&1
	grep -q 'established Child SA\|established.*IPsec SA' "$SWAN_DIR/l/up" "$SWAN_DIR/l/log"
}

pluto_down()
{
	local end

	for end in l r; do
		pluto_whack "$end" --name ike --delete >"$SWAN_DIR/$end/down" 2>&1
	done
}

pluto_stop()
{
	local pid=${PLUTO_PID[$1]:-}

	[[ $pid ]] || return 0
	pluto_whack "$1" --shutdown >/dev/null 2>&1
	kill -TERM "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "PLUTO_PID[$1]"
}
