# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2153,SC2154
# The configuration of the daemons: connections and children, from C.

# crypto, or packet for the areas that run those of crypto mode in packet mode.
SWAN_OFFLOAD=${SWAN_OFFLOAD:-crypto}

# A connection; swan_defaults sets it before every test. A child may have esp and inner of its
# own: esp2, inner2. The left end's address is local, and from is what it may choose it from. With
# net=yes children protect networks, and with vip=yes the left end is given the address that it
# protects. tries and fragment_size are read when a daemon starts.
declare -A C=()

# swan_defaults [KEY=VALUE]...
swan_defaults()
{
	local word

	C=([local]=192.0.2.1 [remote]=192.0.2.2 [mode]=tunnel [inner]=4 [children]=1
		[esp]=aes128gcm16 [hw_l]=$SWAN_OFFLOAD [hw_r]=$SWAN_OFFLOAD [encap]=no [rekey]=0 [rand]=0
		[start]=none [clear]=no [net]=no [vip]=no [from]='' [mobike]=no [fragmentation]=yes
		[dpd]=0 [tries]=8 [fragment_size]=1280)
	for word; do
		C[${word%%=*}]=${word#*=}
	done
}

# The traffic selector of child $2 at end $1.
swan_ts()
{
	local n=1 v4 v6

	[[ $1 == l ]] || n=2
	v4=10.$n.$2.1/32 v6=fd00:$n:$2::1/128
	[[ ${C[net]} == no ]] || v4=10.$n.$2.0/24 v6=fd00:$n:$2::/64
	if [[ ${C[mode]} == transport || ($1 == l && ${C[vip]} == yes) ]]; then
		echo dynamic
	elif [[ ${C[inner]} == both ]]; then
		echo "$v4,$v6"
	elif [[ ${C[inner$2]:-${C[inner]}} == 6 ]]; then
		echo "$v6"
	else
		echo "$v4"
	fi
}

swan_child_conf()
{
	local k=$1 end=$2 other=$3

	cat <<-EOF
		c$k {
			local_ts = $(swan_ts "$end" "$k")
			remote_ts = $(swan_ts "$other" "$k")
			mode = ${C[mode]}
			esp_proposals = ${C[esp$k]:-${C[esp]}}
			hw_offload = $([[ ${SWAN_NIC[$end]:-} ]] && echo "${C[hw_$end]}" || echo no)
			rekey_time = ${C[rekey]}s
			rand_time = ${C[rand]}s
			life_time = 3600s
			start_action = $([[ $end == l ]] && echo "${C[start]}" || echo none)
		}
	EOF
}

swan_conf()
{
	local end=$1 dir=$SWAN_DIR/$1 other=r k
	local me=${C[from]:-${C[local]}} peer=${C[remote]} vips=

	[[ ${C[vip]} == no ]] || vips="vips = 0.0.0.0"
	if [[ $end == r ]]; then
		other=l me=${C[remote]} peer=%any vips=${vips:+pools = pool}
	fi
	mkdir -p "$dir"
	cat >"$dir/strongswan.conf" <<-EOF
		swanctl {
			load = random
		}
		charon-systemd {
			load = openssl random nonce kdf pem kernel-netlink socket-default vici
			make_before_break = yes
			delete_rekeyed_delay = 1
			retransmit_timeout = 1
			retransmit_tries = ${C[tries]}
			fragment_size = ${C[fragment_size]}
			filelog {
				log {
					path = $dir/log
					flush_line = yes
					default = 1
					knl = 1
				}
			}
			plugins {
				vici {
					socket = unix://$dir/vici
				}
			}
		}
	EOF
	{
		cat <<-EOF
			connections {
			ike {
				version = 2
				mobike = ${C[mobike]}
				fragmentation = ${C[fragmentation]}
				dpd_delay = ${C[dpd]}s
				$vips
				local_addrs = $me
				remote_addrs = $peer
				encap = ${C[encap]}
				proposals = aes128-sha256-x25519
				rekey_time = 0s
				reauth_time = 0s
				local {
					auth = psk
					id = $end.ov2.test
				}
				remote {
					auth = psk
					id = $other.ov2.test
				}
				children {
		EOF
		for ((k = 1; k <= C[children]; k++)); do
			swan_child_conf "$k" "$end" "$other"
		done
		printf '}\n}\n}\nsecrets {\nike {\nsecret = 0x%s\n}\n}\n' "$(cat "$SWAN_DIR/psk")"
		echo 'pools { pool { addrs = 10.3.0.0/24 } }'
	} >"$dir/swanctl.conf"
}
