# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2034,SC2119,SC2120,SC2153,SC2154
# The daemons: started, told to bring a connection up, stopped.

declare -A SWAN_PID=() SWAN_ROOT=()

# A command at an end, with the strongSwan of its root. With the default
# configuration swanctl would load every plugin, and probe all that the kernel
# has to offer.
swan_run()
{
	local end=$1 root=${SWAN_ROOT[$1]:-} conf=STRONGSWAN_CONF=$SWAN_DIR/$1/strongswan.conf
	shift

	if [[ $root ]]; then
		nsenter --target "${SWAN_PID[$end]}" --mount --net \
			chroot "$root" env "$conf" "$@"
	else
		swan_in "$end" env "$conf" "$@"
	fi
}

swan_ctl()
{
	local end=$1 cmd=$2
	shift 2
	swan_run "$end" swanctl "$cmd" --uri "unix://$SWAN_DIR/$end/vici" "$@"
}

swan_start()
{
	local end=$1 dir=$SWAN_DIR/$1 root=${SWAN_ROOT[$1]:-}

	rm -f "$dir/vici"
	# A daemon of its own /run, or the two would take each other for one.
	# shellcheck disable=SC2016
	ip netns exec "sw$end" unshare -m bash -c '
		dir=$1 root=$2
		if [[ $root ]]; then
			for fs in proc sys dev tmp; do
				mount --rbind "/$fs" "$root/$fs"
			done
		fi
		mount -t tmpfs run "$root/run"
		export STRONGSWAN_CONF=$dir/strongswan.conf
		if [[ $root ]]; then
			exec chroot "$root" /usr/sbin/charon-systemd
		fi
		exec /usr/sbin/charon-systemd
	' bash "$dir" "$root" >"$dir/out" 2>&1 &
	SWAN_PID[$end]=$!
	wait_for 60 test -S "$dir/vici" || fail "no charon $end: $(tail -n 3 "$dir/out")" || return
	swan_load "$end"
}

swan_load()
{
	local dir=$SWAN_DIR/$1

	swan_ctl "$1" --load-all --file "$dir/swanctl.conf" >"$dir/load" 2>&1 ||
		fail "charon $1 takes no configuration: $(tail -n 3 "$dir/load")"
}

swan_stop()
{
	local pid=${SWAN_PID[$1]:-}

	[[ $pid ]] || return 0
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "SWAN_PID[$1]"
}

swan_initiate()
{
	local k

	for ((k = 1; k <= C[children]; k++)); do
		swan_ctl l --initiate --child "c$k" --timeout 30 >"$SWAN_DIR/initiate" 2>&1 ||
			fail "no connection: $(tail -n 3 "$SWAN_DIR/initiate")" || return
	done
}

# Both ends with the configuration in C. Daemons that are running already go on
# with it.
swan_ready()
{
	local end

	for end in r l; do
		swan_conf "$end"
		if [[ ${SWAN_PID[$end]:-} ]]; then
			swan_load "$end" || return
		else
			swan_start "$end" || return
		fi
	done
}

# Ready, and every child up.
swan_up()
{
	swan_ready && swan_initiate
}

# The connection ends, and with it every SA: charon deletes them.
swan_down()
{
	swan_ctl l --terminate --ike ike --force --timeout 20 >"$SWAN_DIR/terminate" 2>&1
	swan_settled l 0
	swan_settled r 0
}
