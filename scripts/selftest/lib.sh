# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every selftest shares: KTAP, a pair of linked ports, SAs, counters.
#
#   namespace a (under test)          namespace b (the far end)
#   +-----------------------+  wire   +-----------------------+
#   | ov2sim1: offloaded SAs |--------| ov2sim2: software SAs  |
#   +-----------------------+         +-----------------------+
#    10.1.0.1  fd01::1                 10.1.0.2  fd01::2        on the wire
#    10.2.0.1  fd02::1                 10.2.0.2  fd02::2        inside tunnels
#
# A test file registers its tests with T and ends with run_tests. A test fails
# by calling fail, directly or through one of the check_ functions.

set -u

selftest=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$(mktemp -d)
children=()
core=/sys/kernel/debug/ov2
sim=/sys/kernel/debug/ov2sim
# shellcheck disable=SC2034
tracing=/sys/kernel/tracing
dev_a=ov2sim1
dev_b=ov2sim2
nic_a=ov2sim1
nic_b=ov2sim2
# Conditions are polled: a pipe that nobody writes to is the clock.
mkfifo "$tmp/tick"
exec {tick}<>"$tmp/tick"

### KTAP

names=()
commands=()
failed=0
skipped=

T()
{
	names+=("$1")
	shift
	commands+=("${*@Q}")
}

diag()
{
	local line

	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

fail()
{
	failed=1
	diag "$*"
	return 1
}

skip()
{
	skipped=$*
}

check()
{
	local what=$1
	shift
	"$@" || fail "$what: failed: $*"
}

check_eq()
{
	[[ $2 == "$3" ]] || fail "$1: is '${2:0:200}', should be '${3:0:200}'"
}

check_ge()
{
	(($2 >= $3)) || fail "$1: is $2, should be at least $3"
}

check_le()
{
	(($2 <= $3)) || fail "$1: is $2, should be at most $3"
}

# What is true between any two tests; a file may put its own in place.
after_each()
{
	clean_sas
}

# Everything before the first test; a file may put its own in place.
setup()
{
	check "a pair of NICs" pair_up && check "a server" serve
}

# Arguments, if there are any, choose tests by a part of their names. The names
# of its own variables are kept from the tests: theirs may be global.
run_tests()
{
	local kt_i kt_n=0 kt_rc=0 kt_chosen=() kt_want kt_broken kt_through

	for kt_i in "${!names[@]}"; do
		((${#only[@]} == 0)) && kt_chosen+=("$kt_i")
		for kt_want in "${only[@]}"; do
			[[ ${names[kt_i]} != *"$kt_want"* ]] || kt_chosen+=("$kt_i")
		done
	done
	echo "KTAP version 1"
	echo "1..$((${#kt_chosen[@]} + 1))"
	setup
	# Without a setup nothing can be said of any test.
	kt_broken=$failed
	for kt_i in "${kt_chosen[@]}"; do
		failed=$kt_broken skipped=
		# A mistake such as an unset variable ends the eval, and would pass.
		kt_through=$kt_broken
		((kt_broken)) || eval "${commands[kt_i]}"$'\n'"kt_through=1"
		((kt_through)) || fail "the test has broken off"
		((kt_broken)) || after_each
		result $((++kt_n)) "${names[kt_i]}" || kt_rc=1
	done
	failed=0
	finish
	result $((++kt_n)) "nothing is left and the kernel log is clean" || kt_rc=1
	exit "$kt_rc"
}

# result NUMBER NAME: prints the line of one test.
result()
{
	if ((failed)); then
		echo "not ok $1 $2"
		return 1
	fi
	echo "ok $1 $2${skipped:+ # SKIP $skipped}"
}

only=("$@")

### Conditions

# wait_for SECONDS COMMAND...: until it succeeds. Most conditions are true after a moment. A
# machine that has slept all those seconds still gets a few looks.
wait_for()
{
	local end=$((SECONDS + $1)) ms=2 looks=20
	shift

	until "$@"; do
		((SECONDS <= end || --looks > 0)) || return 1
		read -rt "0.0$((ms / 10))$((ms % 10))" -u "$tick" _ || :
		ms=$((ms < 16 ? 2 * ms : 20))
	done
}

exists()
{
	[[ -e $1 ]]
}

gone()
{
	[[ ! -e $1 ]]
}

# grep -q reads on after its answer: no writer is ended by a signal.
says()
{
	local what=$1
	shift
	[[ $("$@" 2>&1) == *"$what"* ]]
}

# file_says FILE TEXT
file_says()
{
	local said

	mapfile -t said <"$1"
	[[ ${said[*]} == *"$2"* ]]
}

### Namespaces and processes

a()
{
	nsenter --net=/run/netns/a "$@"
}

b()
{
	nsenter --net=/run/netns/b "$@"
}

# spawn END COMMAND...: runs it in the background; its process is $child.
spawn()
{
	nsenter --net="/run/netns/$1" "${@:2}" &
	child=$!
	children+=("$child")
}

# Ends a process of ours and waits for it.
reap()
{
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

at_exit()
{
	local pid

	for pid in "${children[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap at_exit EXIT

### Devices

sim_new()
{
	echo "$*" >/sys/bus/ov2sim/new_device
}

sim_del()
{
	echo "$1" >/sys/bus/ov2sim/del_device
}

ifindex()
{
	local out

	out=$(ip -n "$1" -o link show dev "$2") && echo "${out%%:*}"
}

mac()
{
	local out

	out=$(ip -n "$1" -o link show dev "$2") && out=${out#*link/ether } && echo "${out%% *}"
}

# link NS DEV NS DEV: the wire between two ports.
link()
{
	local fd_1 fd_2 rc=0

	exec {fd_1}<"/run/netns/$1" {fd_2}<"/run/netns/$3"
	echo "$fd_1:$(ifindex "$1" "$2") $fd_2:$(ifindex "$3" "$4")" \
		>/sys/bus/ov2sim/link_device || rc=1
	exec {fd_1}<&- {fd_2}<&-
	return "$rc"
}

unlink()
{
	local fd rc=0

	exec {fd}<"/run/netns/$1"
	echo "$fd:$(ifindex "$1" "$2")" >/sys/bus/ov2sim/unlink_device || rc=1
	exec {fd}<&-
	return "$rc"
}

netns_add()
{
	ip netns add "$1" || return
	# No router discovery of the kernel's own.
	# shellcheck disable=SC2016
	nsenter --net="/run/netns/$1" bash -c '
		for name in accept_ra router_solicitations dad_transmits; do
			echo 0 >/proc/sys/net/ipv6/conf/all/$name
			echo 0 >/proc/sys/net/ipv6/conf/default/$name
		done'
}

# The addresses of one end. Neighbours are permanent: with policies for
# everything their discovery would be encrypted as well.
configure_end()
{
	local ns=$1 dev=$2 me=$3 you=$4 lladdr=$5

	ip -n "$ns" -batch - <<-EOF
		link set lo up
		addr replace 10.1.0.$me/24 dev $dev
		addr replace fd01::$me/64 dev $dev nodad
		addr replace 10.2.0.$me/32 dev lo
		addr replace fd02::$me/128 dev lo nodad
		link set $dev up
		neigh replace 10.1.0.$you lladdr $lladdr dev $dev nud permanent
		neigh replace fd01::$you lladdr $lladdr dev $dev nud permanent
		route replace 10.2.0.$you/32 via 10.1.0.$you dev $dev src 10.2.0.$me
		route replace fd02::$you/128 via fd01::$you dev $dev src fd02::$me
	EOF
}

carrier()
{
	says LOWER_UP ip -n "$1" link show dev "$2"
}

# Two NICs linked between a and b.
pair_up()
{
	netns_add a && netns_add b && sim_new 1 && sim_new 2 && wire_up
}

wire_up()
{
	# After a reload one may be in place.
	[[ ! -e /sys/class/net/$dev_a ]] || ip link set "$dev_a" netns a || return
	[[ ! -e /sys/class/net/$dev_b ]] || ip link set "$dev_b" netns b || return
	wire
}

# Links the ports where they are, and configures them.
wire()
{
	link a "$dev_a" b "$dev_b" || return
	configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")" &&
		configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a" && wait_for 5 carrier b "$dev_b"
}

# The modules' own idea of what exists: nothing.
finish()
{
	local pid

	for pid in "${children[@]}"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	children=()
	remove_all
	check "every netdev is gone" wait_for 10 no_devices
	check_klog
}

remove_all()
{
	local path

	for path in /sys/bus/ov2sim/devices/*; do
		[[ ! -e $path ]] || sim_del "${path##*/ov2sim}"
	done
	for path in /run/netns/*; do
		[[ ! -e $path ]] || ip netns del "${path##*/}"
	done
}

no_devices()
{
	[[ $(echo /sys/bus/ov2sim/devices/*) == *'*' && $(echo $core/*) == *'*' ]]
}

# What no kernel says unless something is wrong.
check_klog()
{
	local log

	log=$(dmesg | tail -n "+$((klog_start + 1))" | grep -E \
		'BUG|WARNING|UBSAN|KASAN|Oops|possible (recursive|circular|irq)|suspicious RCU|refcount_t|ref_tracker|bjects remaining|blocked for more|sleeping function|inconsistent lock|unregister_netdevice|stall' |
		grep -v 'ref_tracker: memory allocation failure')
	[[ -z $log ]] || fail "kernel log: $log"
}

klog_start=$(dmesg | wc -l)

### Keys and algorithms

# Keys are cut from one long random string.
key_pool=$(od -An -v -tx1 -N 65536 /dev/urandom | tr -d ' \n')
key_next=0

# Sets $key to $1 random bytes in hex.
new_key()
{
	((key_next + 2 * $1 <= ${#key_pool})) || key_next=0
	key=0x${key_pool:key_next:2*$1}
	(($1)) || key='""'
	key_next=$((key_next + 2 * $1))
}

# Sets $crypt to iproute2's words for an algorithm, with a fresh key.
new_crypt()
{
	local bits=${1//[!0-9-]/} cipher=${1%%-*} hash=${1#*-} k1

	bits=${bits%%-*}
	case $cipher in
	gcm*)
		new_key $((bits / 8 + 4))
		crypt="aead rfc4106(gcm(aes)) $key ${1##*-}"
		;;
	gmac*)
		new_key $((bits / 8 + 4))
		crypt="aead rfc4543(gcm(aes)) $key 128"
		;;
	chapoly)
		new_key 36
		crypt="aead rfc7539esp(chacha20,poly1305) $key 128"
		;;
	cbc* | null)
		case $cipher in
		null) k1='ecb(cipher_null) ""' ;;
		*)
			new_key $((bits / 8))
			k1="cbc(aes) $key"
			;;
		esac
		case $hash in
		sha1) new_key 20; key+=" 96" ;;
		sha256) new_key 32; key+=" 128" ;;
		sha384) new_key 48; key+=" 192" ;;
		sha512) new_key 64; key+=" 256" ;;
		esac
		crypt="enc $k1 auth-trunc hmac($hash) $key"
		;;
	esac
}

# Every algorithm with every ICV that issue and NIC name.
# shellcheck disable=SC2034
all_algs=(gcm128-64 gcm128-96 gcm128-128 gcm192-64 gcm192-96 gcm192-128
	gcm256-64 gcm256-96 gcm256-128 gmac128 gmac192 gmac256 chapoly
	cbc128-sha1 cbc128-sha256 cbc192-sha384 cbc256-sha512
	null-sha1 null-sha256 null-sha384 null-sha512)

### SAs

batch_a=
batch_b=

# addrs FAMILY wire|inner: sets $addr_a and $addr_b. Here and below results are
# left in variables where many are needed: a fork takes long on these kernels.
addrs()
{
	local net=1

	[[ $2 == wire ]] || net=2
	if (($1 == 4)); then
		addr_a=10.$net.0.1 addr_b=10.$net.0.2
	else
		addr_a=fd0$net::1 addr_b=fd0$net::2
	fi
}

# conn ID [NAME=VALUE]...: the SAs and policies of one connection, gathered in
# batch_a and batch_b for commit. Its UDP or TCP source port at a is 20000+ID,
# its port at b is 7, so that any number can run between the same addresses.
#   alg=gcm128-128  fam=4  inner=FAM  mode=transport|tunnel  proto=udp|tcp|any
#   encap=udp  off=a|b|ab (ends that offload)  flags="esn ..."  window=32
#   out_a in_b out_b in_a: more words for one SA
conn()
{
	local id=$1 alg=gcm128-128 fam=4 inner='' mode=transport proto=udp encap='' off=a
	local flags='' window=32 out_a='' in_b='' out_b='' in_a=''
	local src dst isrc idst len spi req sa_1 sa_2 pol tmpl_1 tmpl_2 ports_1='' ports_2='' crypt key
	local addr_a addr_b off_a='' off_b=''
	shift

	(($# == 0)) || local "$@"
	inner=${inner:-$fam}
	addrs "$fam" wire
	src=$addr_a dst=$addr_b
	if [[ $mode == tunnel ]]; then
		addrs "$inner" inner
		((inner == fam)) || flags+=" af-unspec"
	fi
	isrc=$addr_a idst=$addr_b
	[[ $off != *a* ]] || off_a="offload crypto dev $dev_a dir"
	[[ $off != *b* ]] || off_b="offload crypto dev $dev_b dir"
	len=$((inner == 4 ? 32 : 128))
	spi=$((0x1000 + 2 * id))
	req="reqid $((id + 1)) mode $mode"
	[[ -z $flags ]] || flags="flag $flags"
	[[ -z $encap ]] || encap="encap espinudp 4500 4500 0.0.0.0"
	new_crypt "$alg"
	sa_1="xfrm state add src $src dst $dst proto esp spi $spi $req $flags $crypt $encap"
	new_crypt "$alg"
	sa_2="xfrm state add src $dst dst $src proto esp spi $((spi + 1)) $req $flags $crypt $encap"
	window="replay-window $window"
	batch_a+="$sa_1 dir out $out_a ${off_a:+$off_a out}"$'\n'
	batch_b+="$sa_1 dir in $window $in_b ${off_b:+$off_b in}"$'\n'
	batch_b+="$sa_2 dir out $out_b ${off_b:+$off_b out}"$'\n'
	batch_a+="$sa_2 dir in $window $in_a ${off_a:+$off_a in}"$'\n'

	# Numbers: names need files that a small system lacks.
	case $proto in
	udp) proto=17 ;;
	tcp) proto=6 ;;
	esac
	if [[ $proto != any ]]; then
		ports_1="proto $proto sport $((20000 + id)) dport 7"
		ports_2="proto $proto sport 7 dport $((20000 + id))"
	fi
	pol="xfrm policy add src $isrc/$len dst $idst/$len $ports_1"
	tmpl_1="tmpl src $src dst $dst proto esp $req"
	batch_a+="$pol dir out $tmpl_1"$'\n'
	batch_b+="$pol dir in $tmpl_1"$'\n'
	pol="xfrm policy add src $idst/$len dst $isrc/$len $ports_2"
	tmpl_2="tmpl src $dst dst $src proto esp $req"
	batch_b+="$pol dir out $tmpl_2"$'\n'
	batch_a+="$pol dir in $tmpl_2"$'\n'
}

# Hands what conn has gathered to the kernels of both ends; sets $out.
commit_out()
{
	out=$(ip -n a -batch - <<<"$batch_a" 2>&1 && ip -n b -batch - <<<"$batch_b" 2>&1)
	batch_a='' batch_b=''
}

# A warning, which means that an SA is not offloaded, is a failure.
commit()
{
	local out

	commit_out
	[[ -z $out ]] || fail "ip: $out"
}

# There is a warning, and nothing worse.
commit_warned()
{
	local out

	commit_out
	[[ $out == Warning* && $out != *Error* ]] || fail "ip: $out"
}

# Conditions that are polled fork as little as possible: it takes long on these kernels.

# in_flight NIC: the core waits for it.
in_flight()
{
	local line table

	mapfile -t table <"$core/$1/requests"
	for line in "${table[@]}"; do
		[[ $line != "in flight"* ]] || return 0
	done
	return 1
}

# count_sas NIC STATE: sets $count to how many SAs of it the core has in that state.
count_sas()
{
	local line table

	mapfile -t table <"$core/$1/sas" || return
	count=0
	for line in "${table[@]}"; do
		[[ $line != *" $2 "* ]] || count=$((count + 1))
	done
}

core_sas()
{
	local count

	count_sas "$1" "$2" && echo "$count"
}

sas_are()
{
	local count

	count_sas "$1" "$2" && ((count == $3))
}

# wait_offloaded N [NIC]
wait_offloaded()
{
	wait_for 20 sas_are "${2:-$nic_a}" offloaded "$1" ||
		fail "$(core_sas "${2:-$nic_a}" offloaded) SAs offloaded, not $1"
}

no_sas()
{
	local table line

	mapfile -t table <"$core/$1/sas"
	read -r line <"$sim/$1/sas"
	[[ ${#table[@]} == 1 && $line == "sas 0" ]]
}

flush()
{
	ip -n "$1" -batch - <<<$'xfrm state flush\nxfrm policy flush'
}

clean_sas()
{
	local nic

	flush a
	flush b
	for nic in "$nic_a" "$nic_b"; do
		[[ ! -e $core/$nic ]] || check "no SA is left on $nic" wait_for 20 no_sas "$nic"
	done
}

# sim_sa SPI FIELD [NIC]: sets $field from the NIC's own table, empty without.
# shellcheck disable=SC2034
sim_sa()
{
	local line table spi

	printf -v spi ' spi 0x%08x ' "$1"
	field=
	# Not line by line: each would be a seek back, and a walk from the first.
	mapfile -t table <"$sim/${3:-$nic_a}/sas"
	for line in "${table[@]}"; do
		[[ $line == *"$spi"* ]] || continue
		line=${line#* "$2" }
		field=${line%% *}
		return 0
	done
	return 1
}

# param NIC NAME VALUE: a devlink parameter.
param()
{
	devlink dev param set "ov2sim/$1" name "$2" value "$3" cmode runtime
}

# SAs that are using the NIC's places, as devlink knows it.
occupancy()
{
	local out

	out=$(devlink resource show "ov2sim/$1") && out=${out#*ipsec_sa*occ } && echo "${out%% *}"
}

# fault NIC KNOB VALUE
fault()
{
	echo "$3" >"$sim/$1/faults/$2"
}

# features END NAME on|off...: as ethtool -K.
features()
{
	local dev=$dev_a end=$1 out

	[[ $1 == a ]] || dev=$dev_b
	shift
	out=$("$end" ethtool -K "$dev" "$@" 2>&1) || fail "ethtool -K $*: $out"
}

### Counters

# stat END NAME: one counter of ethtool -S.
stat()
{
	local dev=$dev_a out

	[[ $1 == a ]] || dev=$dev_b
	out=$("$1" ethtool -S "$dev") || return
	out=${out#* "$2": }
	echo "${out%%$'\n'*}"
}

# stats END NAME...: sets $got, an array of several of them, read at once.
stats()
{
	local dev=$dev_a

	[[ $1 == a ]] || dev=$dev_b
	stats_of "$1" "$dev" "${@:2}"
}

# stats_of NETNS DEV NAME...
# shellcheck disable=SC2034
stats_of()
{
	local name out
	got=()

	out=$(nsenter --net="/run/netns/$1" ethtool -S "$2") || return
	for name in "${@:3}"; do
		name=${out#* "$name": }
		got+=("${name%%$'\n'*}")
	done
}

# counter NIC NAME: one of the core's.
counter()
{
	local line table

	mapfile -t table <"$core/$1/counters" || return
	for line in "${table[@]}"; do
		[[ $line != "$2 "* ]] || echo "${line##* }"
	done
}

# xfrm_stat END NAME
xfrm_stat()
{
	# shellcheck disable=SC2016
	"$1" awk -v name="$2" '$1 == name { print $2 }' /proc/net/xfrm_stat
}

# udp_stat END FAMILY NAME: as RFC 4113 names them.
udp_stat()
{
	local table names values i

	if (($2 == 6)); then
		# shellcheck disable=SC2016
		"$1" awk -v name="Udp6$3" '$1 == name { print $2 }' /proc/net/snmp6
		return
	fi
	mapfile -t table <<<"$("$1" grep '^Udp:' /proc/net/snmp)"
	read -ra names <<<"${table[0]}"
	read -ra values <<<"${table[1]}"
	for i in "${!names[@]}"; do
		[[ ${names[i]} != "$3" ]] || echo "${values[i]}"
	done
}

# What NICs and xfrm have dropped so far, to say with a loss.
drops()
{
	local end dev

	for end in a b; do
		dev=$dev_a
		[[ $end == a ]] || dev=$dev_b
		# shellcheck disable=SC2016
		printf '%s:%s ' "$end" "$({
			"$end" ethtool -S "$dev"
			"$end" cat /proc/net/xfrm_stat
		} | awk '/drop|fail|miss|Xfrm/ && $2 { printf " %s %s", $1, $2 }')"
	done
}

### Traffic

# The server at end $1 (b); $server is its process.
serve()
{
	spawn "${1:-b}" python3 "$selftest/traffic.py" serve 7 "$tmp/serve-${1:-b}" natt
	# shellcheck disable=SC2034
	server=$child
	wait_for 20 exists "$tmp/serve-${1:-b}"
}

# A socket for ESP in UDP at a.
natt()
{
	spawn a python3 "$selftest/traffic.py" natt "$tmp/natt"
	wait_for 20 exists "$tmp/natt"
}

# client COMMAND...: of traffic.py at a, in a process that stays: python takes long to start on
# these kernels. Sets $out to what it has printed.
client=
client()
{
	local rc

	if [[ ! $client ]]; then
		mkfifo "$tmp/client.in" "$tmp/client.out"
		python3 "$selftest/traffic.py" agent /run/netns/a \
			<"$tmp/client.in" >"$tmp/client.out" &
		client=$!
		children+=("$client")
		exec {client_in}>"$tmp/client.in" {client_out}<"$tmp/client.out"
	fi
	echo "$*" >&"$client_in"
	read -r rc out <&"$client_out" && ((rc == 0))
}

# udp ID FAMILY wire|inner LENGTHS: payloads come back as they were sent.
udp()
{
	local out addr_a addr_b

	addrs "$2" "$3"
	client udp "$1 $addr_a $((20000 + $1)) $addr_b 7 $4" ||
		fail "UDP: $out; dropped: $(drops)"
}

# tcp ID FAMILY wire|inner up|down SIZE: a stream arrives as it was sent.
tcp()
{
	local out addr_a addr_b

	addrs "$2" "$3"
	client tcp "$addr_a" $((20000 + $1)) "$addr_b" 7 "$4" "$5" || fail "TCP: $out"
}

### Captures

# capture END NAME [FILTER]...: into $tmp/NAME.pcap, until capture_end.
capture()
{
	local dev=$dev_a end=$1 name=$2

	[[ $end == a ]] || dev=$dev_b
	shift 2
	spawn "$end" tcpdump -Z root -i "$dev" -s 0 -U --immediate-mode -B 16384 \
		-w "$tmp/$name.pcap" "$@" 2>"$tmp/$name.log"
	capture=$child
	wait_for 10 file_says "$tmp/$name.log" "listening on" ||
		fail "tcpdump: $(<"$tmp/$name.log")"
}

capture_end()
{
	reap "$capture" INT
}
