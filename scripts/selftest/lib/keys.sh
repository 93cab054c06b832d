# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Keys, and the algorithms by their short names.

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
all_algs=(gcm128-64 gcm128-96 gcm128-128 gcm192-64 gcm192-96 gcm192-128
	gcm256-64 gcm256-96 gcm256-128 gmac128 gmac192 gmac256 chapoly
	cbc128-sha1 cbc128-sha256 cbc192-sha384 cbc256-sha512
	null-sha1 null-sha256 null-sha384 null-sha512)
