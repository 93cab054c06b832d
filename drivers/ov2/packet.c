// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the send path in packet mode. Owns nothing.
 *
 * xfrm chooses the SA of a packet, asks ov2_tx_offload_ok(), and then gives the packet away as
 * plaintext, without a word about its SA. So ov2_packet_offload_ok() does what xfrm_output_one()
 * does for other states: it checks the state, counts the packet, and tags it. The tag leads
 * ov2_tx_sa() to the SA.
 *
 * The tag is a sec_path with the guard of the NIC in the place of the state. The guard is a state
 * that no one can look up, of packet mode, and of no netdev for ever. So validate_xmit_xfrm() drops
 * a packet with the tag on any netdev but ours (S66), even if it has waited there while xfrm took
 * the offload away from the real state. For a state without offload validate_xmit_xfrm() would let
 * software encrypt, which would find plaintext in the place of ESP, and one number for all packets.
 *
 * The number of a packet is taken in ndo_start_xmit(), behind the qdisc, so that the numbers of an
 * SA have the order of its packets on the wire. x->lock is only tried there, with the lock of the
 * queue held: see ov2_packet_trylock().
 */
#include <crypto/aead.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ipv6.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/xfrm.h>
#include "ov2.h"
#include "packet.h"

/* Flags of &struct xfrm_offload that xfrm does not use. */
#define OV2_XO_PACKET	BIT(31)	/* plaintext that xfrm has given to an SA in packet mode */
#define OV2_XO_PASSED	BIT(30)	/* ov2_features_check() has seen it on one of our netdevs */
#define OV2_XO_UDP	BIT(29)	/* the NIC puts the ESP packet into UDP */

#define OV2_PACKET_TRIES	1000	/* some ten microseconds */

/* Returns the guard of a NIC, or NULL. Context: process, may sleep. */
struct xfrm_state *ov2_packet_guard_new(void)
{
	struct xfrm_state *guard = xfrm_state_alloc(&init_net);

	if (!guard)
		return NULL;
	/* xfrm_state_put() frees dead states only. */
	guard->km.state = XFRM_STATE_DEAD;
	guard->xso.type = XFRM_DEV_OFFLOAD_PACKET;
	guard->xso.dir = XFRM_DEV_OFFLOAD_OUT;
	return guard;
}

/* Packets that still wait somewhere keep the guard. Context: any up to softirq. */
void ov2_packet_guard_put(struct xfrm_state *guard)
{
	xfrm_state_put(guard);
}

/* Returns the length of the headers that each segment of a burst gets a copy of. */
static u32 ov2_packet_gso_headers(const struct sk_buff *skb)
{
	u32 off = skb->encapsulation ? skb_inner_transport_offset(skb) : skb_transport_offset(skb);
	struct tcphdr buf;
	const struct tcphdr *th;

	if (!skb_is_gso_tcp(skb))
		return off + sizeof(struct udphdr);
	th = skb_header_pointer(skb, off, sizeof(buf), &buf);
	return off + (th ? __tcp_hdrlen(th) : sizeof(*th));
}

/* Returns the number of packets that a packet or burst becomes. gso_segs may be wrong for a burst
 * from an untrusted source (SKB_GSO_DODGY), and so may the length of the TCP header: the stack
 * drops a burst that is shorter later.
 */
static u32 ov2_packet_segs(const struct sk_buff *skb)
{
	u32 headers;

	if (!skb_is_gso(skb))
		return 1;
	headers = ov2_packet_gso_headers(skb);
	if (skb->len <= headers)
		return 1;
	return DIV_ROUND_UP(skb->len - headers, skb_shinfo(skb)->gso_size);
}

/* Counts what xfrm_output_one() counts: the length without the outer header in tunnel mode, without
 * the IP header in transport mode, and each segment of a burst with its own headers. Context:
 * x->lock held.
 */
static void ov2_packet_count(const struct sk_buff *skb, struct xfrm_state *x)
{
	u32 ip_len = x->props.family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	u32 segs = ov2_packet_segs(skb);

	lockdep_assert_held(&x->lock);
	if (x->props.mode == XFRM_MODE_TUNNEL)
		ip_len = 0;
	x->curlft.bytes += skb->len - ip_len;
	if (segs > 1)
		x->curlft.bytes += (u64)(segs - 1) * (ov2_packet_gso_headers(skb) - ip_len);
	x->curlft.packets += segs;
	x->lastused = ktime_get_real_seconds();
}

/* Returns false if the state may not be used any more. */
static bool ov2_packet_account(const struct sk_buff *skb, struct xfrm_state *x)
{
	bool ok = false;

	spin_lock_bh(&x->lock);
	if (x->km.state != XFRM_STATE_VALID) {
		XFRM_INC_STATS(xs_net(x), LINUX_MIB_XFRMOUTSTATEINVALID);
	} else if (xfrm_state_check_expire(x)) {
		XFRM_INC_STATS(xs_net(x), LINUX_MIB_XFRMOUTSTATEEXPIRED);
	} else {
		ov2_packet_count(skb, x);
		ok = true;
	}
	spin_unlock_bh(&x->lock);
	return ok;
}

/* Returns false if the packet would leave by another device, or would need a second SA. xfrm checks
 * the former on newer kernels only.
 */
static bool ov2_packet_route_ok(const struct sk_buff *skb, const struct xfrm_state *x,
				const struct net_device *netdev)
{
	const struct dst_entry *dst = skb_dst(skb);

	return xfrm_dst_path(dst)->dev == netdev && !xfrm_dst_child(dst)->xfrm &&
	       dst->ops->family == x->props.family;
}

/* Writes the MAC header in front of a packet that the NIC puts into a tunnel. It leads to the next
 * hop of the outer header, of which the neighbour code of the inner packet knows nothing.
 * xfrm_dev_direct_output() pushes the header. Returns false if the next hop is not resolved yet.
 */
static bool ov2_packet_put_mac(struct sk_buff *skb, const struct xfrm_state *x,
			       const struct net_device *netdev)
{
	struct neighbour *n;
	struct ethhdr *eth;
	bool valid;

	if (skb_cow_head(skb, LL_RESERVED_SPACE(netdev)))
		return false;
	n = dst_neigh_lookup(xfrm_dst_path(skb_dst(skb)), &x->id.daddr);
	if (!n)
		return false;
	neigh_event_send(n, NULL);
	valid = READ_ONCE(n->nud_state) & NUD_VALID;
	if (valid) {
		eth = (struct ethhdr *)(skb->data - ETH_HLEN);
		neigh_ha_snapshot(eth->h_dest, n, netdev);
		ether_addr_copy(eth->h_source, netdev->dev_addr);
		eth->h_proto = skb->protocol;
	}
	neigh_release(n);
	return valid;
}

/* Returns the TTL or hop limit of an outer header, which xfrm takes from the route as well. */
static u8 ov2_packet_ttl(const struct sk_buff *skb, const struct xfrm_state *x)
{
	struct dst_entry *child = xfrm_dst_child(skb_dst(skb));

	return x->props.family == AF_INET ? ip4_dst_hoplimit(child) : ip6_dst_hoplimit(child);
}

/* Puts the guard into the sec_path, and what ov2_tx_sa() needs where it finds it: the cookie of the
 * SA, and the TTL of an outer header, because the route is not known there.
 */
static bool ov2_packet_tag(struct sk_buff *skb, const struct xfrm_state *x, const struct ov2_sa *sa)
{
	struct xfrm_state *guard = sa->nic->guard;
	struct xfrm_offload *xo;
	struct sec_path *sp;

	/* A forwarded packet still has the sec_path of its receipt. */
	secpath_reset(skb);
	sp = secpath_set(skb);
	if (!sp)
		return false;
	xfrm_state_hold(guard);
	sp->xvec[sp->len++] = guard;
	sp->olen++;
	xo = xfrm_offload(skb);
	xo->flags = OV2_XO_PACKET | (x->encap ? OV2_XO_UDP : 0);
	xo->seq.low = sa->cookie;
	xo->seq.hi = x->props.mode == XFRM_MODE_TUNNEL ? ov2_packet_ttl(skb, x) : 0;
	return true;
}

/* Prepares a packet for the NIC. Returns false if the packet must be dropped: software does not
 * encrypt it. Context: as ov2_tx_offload_ok().
 */
bool ov2_packet_offload_ok(struct sk_buff *skb, struct xfrm_state *x, struct ov2_sa *sa)
{
	const struct net_device *netdev = sa->port->netdev;
	bool tunnel = x->props.mode == XFRM_MODE_TUNNEL;

	if (!ov2_packet_route_ok(skb, x, netdev) ||
	    (tunnel && !ov2_packet_put_mac(skb, x, netdev)) ||
	    !ov2_packet_tag(skb, x, sa) || !ov2_packet_account(skb, x))
		return false;
	skb->mark = xfrm_smark_get(skb->mark, x);
	/* xfrm sends packets without a socket to the device directly. With a socket they would go
	 * through the neighbour code, which would look for the inner destination.
	 */
	if (tunnel)
		skb_orphan(skb);
	return true;
}

/* Returns true for a packet that ov2_packet_offload_ok() has prepared. */
bool ov2_packet_tagged(const struct xfrm_offload *xo)
{
	return xo->flags & OV2_XO_PACKET;
}

/* Returns true for a packet with the tag whose ESP packet the NIC puts into UDP. */
bool ov2_packet_in_udp(const struct xfrm_offload *xo)
{
	return xo->flags & OV2_XO_UDP;
}

/* Returns the cookie of the SA of a packet with the tag. */
u32 ov2_packet_cookie(const struct xfrm_offload *xo)
{
	return xo->seq.low;
}

/* Lets a packet pass validate_xmit_xfrm(), on a netdev of ours and nowhere else: a clone of the
 * packet may be on its way to another netdev and shares the sec_path, so give this packet its own
 * first. If there is no memory for that, the flags stay as they are, and validate_xmit_xfrm() drops
 * the packet. If something leads the packet past that, ov2_tx_sa() drops it, because it has not
 * passed here.
 */
void ov2_packet_pass(struct sk_buff *skb)
{
	if (skb_ext_add(skb, SKB_EXT_SEC_PATH))
		xfrm_offload(skb)->flags |= XFRM_XMIT | OV2_XO_PASSED;
}

/* Returns true if ov2_packet_pass() has seen the packet. */
bool ov2_packet_passed(const struct xfrm_offload *xo)
{
	return xo->flags & XFRM_XMIT && xo->flags & OV2_XO_PASSED;
}

/* Takes @count numbers of a state, and returns the first, or 0 if there are not enough. As
 * xfrm_replay_overflow(). Context: x->lock held.
 */
static u64 ov2_packet_take(struct xfrm_state *x, u32 count)
{
	struct xfrm_replay_state_esn *esn = x->replay_esn;
	bool wide = x->props.flags & XFRM_STATE_ESN;
	u64 max = wide ? U64_MAX - U32_MAX : U32_MAX;
	u32 *low = esn ? &esn->oseq : &x->replay.oseq;
	u64 last = *low;

	lockdep_assert_held(&x->lock);
	if (wide)
		last |= (u64)esn->oseq_hi << 32;
	if ((last > max || count > max - last) &&
	    (wide || !(x->props.extra_flags & XFRM_SA_XFLAG_OSEQ_MAY_WRAP)))
		return 0;
	*low = lower_32_bits(last + count);
	if (wide)
		esn->oseq_hi = upper_32_bits(last + count);
	return last + 1;
}

/* Reports the numbers of a state to key managers that keep a copy of it, as xfrm_replay_notify()
 * does, which is not exported: after every replay_maxdiff packets, and at the first packet after
 * replay_maxage has passed without one, because the timer stands still then. Key managers do not
 * sleep here, because xfrm calls them under x->lock, too. If the state is deleted meanwhile, xfrm
 * stops the timer before it frees the state, which it does a grace period later. Context: x->lock,
 * the lock of the TX queue and RCU read side held.
 */
static void ov2_packet_notify(struct xfrm_state *x)
{
	struct xfrm_replay_state_esn *esn = x->replay_esn;
	u32 sent = esn ? esn->oseq - x->preplay_esn->oseq : x->replay.oseq - x->preplay.oseq;
	struct km_event c = { .event = XFRM_MSG_NEWAE, .data.aevent = XFRM_REPLAY_UPDATE };

	lockdep_assert_held(&x->lock);
	if (!xfrm_aevent_is_on(xs_net(x)))
		return;
	if (!x->replay_maxdiff || sent < x->replay_maxdiff) {
		if (!(x->xflags & XFRM_TIME_DEFER))
			return;
		c.data.aevent = XFRM_REPLAY_TIMEOUT;
	}
	if (esn)
		memcpy(x->preplay_esn, esn, xfrm_replay_state_esn_len(esn));
	else
		x->preplay = x->replay;
	km_state_notify(x, &c);
	if (x->replay_maxage && !mod_timer(&x->rtimer, jiffies + x->replay_maxage))
		x->xflags &= ~XFRM_TIME_DEFER;
}

/* Takes x->lock with the lock of a TX queue held. Whoever has x->lock may be about to send, by the
 * same queue: xfrm gives messages to netlink under it, nlmon sees them, and tc sends them anywhere.
 * So this does not wait for longer than xfrm usually has the lock.
 */
VISIBLE_IF_KUNIT bool ov2_packet_trylock(struct xfrm_state *x)
{
	u32 i;

	KUNIT_STATIC_STUB_REDIRECT(ov2_packet_trylock, x);
	for (i = 0; i < OV2_PACKET_TRIES; i++) {
		if (spin_trylock_bh(&x->lock))
			return true;
		cpu_relax();
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_packet_trylock);

/* Gives numbers to a packet or burst, and its UDP ports. Returns how many numbers it has,
 * -EOVERFLOW, or -EAGAIN if another CPU has x->lock. Context: send path, BH off.
 */
int ov2_packet_number(struct sk_buff *skb, struct xfrm_state *x, struct ov2_tx *tx)
{
	u32 segs = ov2_packet_segs(skb);

	if (!ov2_packet_trylock(x))
		return -EAGAIN;
	tx->seq = ov2_packet_take(x, segs);
	if (x->encap) {
		tx->sport = x->encap->encap_sport;
		tx->dport = x->encap->encap_dport;
	}
	if (tx->seq) {
		ov2_packet_notify(x);
	} else {
		XFRM_INC_STATS(xs_net(x), LINUX_MIB_XFRMOUTSTATESEQERROR);
		xfrm_audit_state_replay_overflow(x, skb);
	}
	spin_unlock_bh(&x->lock);
	tx->packet = true;
	tx->ttl = xfrm_offload(skb)->seq.hi;
	tx->icv_len = crypto_aead_authsize(x->data);
	return tx->seq ? segs : -EOVERFLOW;
}
