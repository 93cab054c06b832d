# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# SAs and policies, added to the kernels of both ends.

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
#   encap=udp  off=a|b|ab (ends that offload)  kind=crypto|packet  flags="esn ..."
#   window=32
#   out_a in_b out_b in_a: more words for one SA
conn()
{
	local id=$1 alg=gcm128-128 fam=4 inner='' mode=transport proto=udp encap='' off=a
	local flags='' window=32 out_a='' in_b='' out_b='' in_a='' kind=crypto
	local src dst isrc idst len spi req sa_1 sa_2 pol tmpl_1 tmpl_2 ports_1='' ports_2='' crypt key
	local addr_a addr_b off_a='' off_b='' pol_a='' pol_b=''
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
	[[ $off != *a* ]] || off_a="offload $kind dev $dev_a dir"
	[[ $off != *b* ]] || off_b="offload $kind dev $dev_b dir"
	[[ $kind$off != packet*a* ]] || pol_a="offload packet dev $dev_a"
	[[ $kind$off != packet*b* ]] || pol_b="offload packet dev $dev_b"
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
	batch_a+="$pol dir out $pol_a $tmpl_1"$'\n'
	batch_b+="$pol dir in $pol_b $tmpl_1"$'\n'
	pol="xfrm policy add src $idst/$len dst $isrc/$len $ports_2"
	tmpl_2="tmpl src $dst dst $src proto esp $req"
	batch_b+="$pol dir out $pol_b $tmpl_2"$'\n'
	batch_a+="$pol dir in $pol_a $tmpl_2"$'\n'
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
