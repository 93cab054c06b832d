// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the send path, from xfrm's question whether the NIC takes a packet to the handle and
 * the sequence number for ndo_start_xmit(). Owns nothing.
 */
#include <crypto/aead.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/esp.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "packet.h"

/* Leave no GSO burst to the NIC this close to a wrap of the lower half of an ESN, because no burst
 * may cross the wrap.
 */
#define OV2_GSO_WRAP_GUARD	0x10000

/* Returns true if tc, BPF or nftables can take a packet from the port after xfrm has framed it.
 * Context: RCU read side.
 */
static bool ov2_tx_egress_hook(const struct net_device *netdev)
{
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(netdev->tcx_egress))
		return true;
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(netdev->nf_hooks_egress))
		return true;
#endif
	return false;
}

static bool ov2_tx_gso_ok(struct sk_buff *skb, const struct xfrm_state *x,
			  const struct ov2_sa *sa)
{
	const struct net_device *netdev = sa->port->netdev;
	u32 features = READ_ONCE(sa->nic->features);

	/* gso_segs is not trustworthy for packets from an untrusted source (SKB_GSO_DODGY); xfrm
	 * would advance the sequence number by the wrong amount.
	 */
	if (!skb_shinfo(skb)->gso_segs || skb_shinfo(skb)->gso_type & SKB_GSO_DODGY)
		return false;
	/* Once a burst is framed for the NIC it cannot fall back to software, and the stack
	 * segments these two kinds of bursts wrong: see ov2_nic_set_stack_gso().
	 */
	if ((sa->traits.encap || x->props.family == AF_INET6) && !READ_ONCE(sa->nic->stack_gso))
		return false;
	/* An egress hook can clone the burst or send it to another device, and all clones of a
	 * burst share one counter of sequence numbers.
	 */
	if (ov2_tx_egress_hook(netdev))
		return false;
	/* The host puts an IV into a packet, and cannot do so for the segments of a burst. */
	if (sa->iv == OV2_IV_HOST)
		return false;
	/* Only the NIC can segment framed ESP in UDP. If it cannot, xfrm must segment the burst
	 * before it frames the packets.
	 */
	if (sa->traits.encap &&
	    (!(features & OV2_CAP_UDP_LSO) || !(netdev->features & NETIF_F_GSO_ESP) ||
	     netif_needs_gso(skb, netdev->features)))
		return false;
	return !sa->traits.esn || !x->replay_esn ||
	       x->replay_esn->oseq < U32_MAX - OV2_GSO_WRAP_GUARD;
}

/* Refuses a tunnel packet of the other family unless the NIC can carry it. ov2_caps_check() does
 * not always know, because the selector of a tunnel may leave the inner family open.
 */
static bool ov2_tx_family_ok(const struct sk_buff *skb, const struct xfrm_state *x,
			     const struct ov2_sa *sa)
{
	return x->props.mode != XFRM_MODE_TUNNEL ||
	       skb_dst(skb)->ops->family == x->props.family ||
	       READ_ONCE(sa->nic->features) & OV2_CAP_CROSS_FAMILY;
}

/* Refuses IPv4 options and IPv6 extension headers. xfrm_dev_offload_ok() does this on newer kernels
 * only. It checks the MTU on all kernels.
 */
static bool ov2_tx_headers_ok(struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (dst->ops->family == AF_INET)
		return ip_hdr(skb)->ihl == 5;
	return !ipv6_ext_hdr(ipv6_hdr(skb)->nexthdr);
}

/* Returns true if packets may be framed for the NIC with @sa. */
bool ov2_tx_usable(const struct ov2_sa *sa, const struct net_device *netdev)
{
	/* Pairs with the release in ov2_sa_set_state(). If we observe OFFLOADED, we also observe an
	 * esp_off that was set before the SA was added, because both are written under nic->lock.
	 * The same is true of a goal that is no longer the NIC: an add in packet mode may complete
	 * after ov2_slot_to_crypto().
	 */
	return smp_load_acquire(&sa->state) == OV2_SA_OFFLOADED &&
	       READ_ONCE(sa->goal) == OV2_GOAL_NIC && !READ_ONCE(sa->port->esp_off) &&
	       ov2_engine_up(sa->nic) && netdev->features & NETIF_F_HW_ESP;
}

/* An egress hook may send the packet to a device that xfrm did not frame it for. There software
 * encrypts it, which is right for a single packet if its checksum is complete. It is not right for
 * ESP in UDP, because software builds wrong headers.
 */
static bool ov2_tx_single_ok(struct sk_buff *skb, const struct ov2_sa *sa)
{
	if (!ov2_tx_egress_hook(sa->port->netdev))
		return true;
	return !sa->traits.encap && (skb->ip_summed != CHECKSUM_PARTIAL || !skb_checksum_help(skb));
}

/* In packet mode a packet may be given to the NIC during a reset: ov2_tx_sa() drops it then, so
 * that senders see a loss and no error.
 */
static bool ov2_tx_packet_usable(const struct ov2_sa *sa)
{
	return READ_ONCE(sa->goal) == OV2_GOAL_NIC && !READ_ONCE(sa->port->esp_off) &&
	       sa->port->netdev->features & NETIF_F_HW_ESP;
}

/* Returns false if software must encrypt this packet, or xfrm must drop it in packet mode. A state
 * that is offloaded inbound may belong to an outbound policy as well, because one SA can serve both
 * directions (RFC 4552). Context: send path, BH off or process, RCU read side.
 */
bool ov2_tx_offload_ok(struct sk_buff *skb, struct xfrm_state *x)
{
	struct ov2_sa *sa;
	bool ok = false;

	rcu_read_lock();
	sa = ov2_state_sa(x);
	if (!sa || sa->dir != OV2_OUT || !ov2_tx_headers_ok(skb))
		ok = false;
	else if (smp_load_acquire(&sa->traits.packet))	/* Pairs with ov2_slot_to_crypto(). */
		ok = ov2_tx_packet_usable(sa) && ov2_packet_offload_ok(skb, x, sa);
	else if (ov2_tx_usable(sa, sa->port->netdev) && ov2_tx_family_ok(skb, x, sa))
		ok = skb_is_gso(skb) ? ov2_tx_gso_ok(skb, x, sa) : ov2_tx_single_ok(skb, sa);
	rcu_read_unlock();
	return ok;
}

/* Returns the port of a netdev, or NULL if the netdev is not a port, for example a bond that calls
 * the xfrmdev_ops of its port.
 */
struct ov2_port *ov2_port_of(const struct net_device *netdev)
{
	const struct xfrmdev_ops *ops = netdev->xfrmdev_ops;

	if (!ops || ops->xdo_dev_offload_ok != ov2_tx_offload_ok)
		return NULL;
	return container_of(ops, struct ov2_port, xfrmdev_ops);
}

/* Returns the number of a packet. The lower half is that of the ESP header. xo->seq is not exact,
 * because xfrm counts it on and the segments of a packet in a qdisc share it, but it is near enough
 * for the upper half: the number is the one nearest to xo->seq.
 */
u64 ov2_tx_seq(u32 header, u32 xo_low, u32 xo_high)
{
	u64 seq = (u64)xo_high << 32 | xo_low;

	return seq + (s32)(header - xo_low);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_tx_seq);

static __be32 ov2_tx_esp_seq(const struct sk_buff *skb, bool encap)
{
	const u8 *esp = skb_transport_header(skb) + (encap ? sizeof(struct udphdr) : 0);

	return ((const struct ip_esp_hdr *)esp)->seq_no;
}

/* Returns the handle to send with, or 0. Packets with XFRM_XMIT cannot fall back to software, so
 * keep serving the SA until its delete completes. A reset waits for an RCU grace period before it
 * adds SAs again, so the handle cannot change under us.
 */
static u32 ov2_tx_handle(const struct ov2_sa *sa)
{
	/* Pairs with the release in ov2_sa_set_state(), which publishes the state after the handle.
	 */
	enum ov2_sa_state state = smp_load_acquire(&sa->state);

	if (state < OV2_SA_OFFLOADED || state > OV2_SA_DELETING || !ov2_engine_up(sa->nic))
		return 0;
	return READ_ONCE(sa->offload_handle);
}

/* Returns the protocol that follows the IP header, even behind VLAN tags in the frame, or 0 if it
 * is not IP.
 */
static u8 ov2_tx_proto(const struct sk_buff *skb)
{
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} buf;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	int off = skb_network_offset(skb);

	switch (vlan_get_protocol(skb)) {
	case htons(ETH_P_IP):
		iph = skb_header_pointer(skb, off, sizeof(*iph), &buf.v4);
		return iph ? iph->protocol : 0;
	case htons(ETH_P_IPV6):
		ip6h = skb_header_pointer(skb, off, sizeof(*ip6h), &buf.v6);
		return ip6h ? ip6h->nexthdr : 0;
	default:
		return 0;
	}
}

/* Returns true if @skb, which xfrm has framed for an offload but not given to a device, is
 * plaintext. Its xfrm_offload has not been acted on, so it is plaintext whatever has become of its
 * state: validate_xmit_xfrm() passes on packets of a state that is offloaded inbound, and packets
 * that arrive while its backlog is not empty.
 *
 * There are two exceptions, which are not output of xfrm. XFRM_GRO marks software's receive path.
 * CRYPTO_DONE marks a packet that a NIC has decrypted, and that was redirected below IP before xfrm
 * removed the ESP header. A NIC in packet mode removes the ESP header itself, and the packet is
 * plain traffic then.
 */
static bool ov2_tx_in_clear(const struct sk_buff *skb, const struct xfrm_state *x,
			    const struct xfrm_offload *xo)
{
	u8 proto;

	if (!(xo->flags & (CRYPTO_DONE | XFRM_GRO)))
		return true;
	if (!(xo->flags & CRYPTO_DONE))
		return false;
	proto = ov2_tx_proto(skb);
	return proto == IPPROTO_ESP || (x->encap && proto == IPPROTO_UDP);
}

/* Returns true if the NIC would write a checksum into a packet that software has encrypted. The
 * stack leaves a checksum to a device that can do it before encryption. It may then encrypt in
 * software all the same, for a device about which it does not ask ov2_features_check(), such as one
 * that tc redirects to.
 */
static bool ov2_tx_csum_in_cipher(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && ov2_tx_proto(skb) == IPPROTO_ESP;
}

static int ov2_tx_drop(const struct ov2_port *port, enum ov2_packet_counter counter)
{
	ov2_stats_inc(port->nic, counter);
	return -ENOENT;
}

/* Finds the SA by xso.offload_handle and not by sa->x, which is NULL once xfrm has deleted the
 * state. The comparisons are needed because the handle may be another driver's, as below a bond.
 * Context: RCU read side.
 */
static struct ov2_sa *ov2_tx_find(struct sk_buff *skb, const struct ov2_port *port)
{
	const struct xfrm_state *x = xfrm_input_state(skb);
	struct ov2_sa *sa;

	if (skb_sec_path(skb)->len != 1)
		return NULL;
	sa = ov2_sa_find(READ_ONCE(x->xso.offload_handle));
	return sa && sa->owner == x && sa->port == port && sa->dir == OV2_OUT ? sa : NULL;
}

/**
 * ov2_tx_flow - find out which packets belong to one SA, for ndo_select_queue
 * @skb: a packet on its way to the driver
 *
 * In crypto mode xfrm has numbered the packets of an SA before, in packet mode ov2_tx_sa() numbers
 * them in ndo_start_xmit(). A NIC sends the packets of several queues in any order, and the far end
 * refuses those that come later than its replay window. So a driver must keep an SA on one queue.
 *
 * Context: send path, BH off.
 * Return: the same number for all packets of an SA, or 0 for a packet of none.
 */
u32 ov2_tx_flow(struct sk_buff *skb)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);

	if (!xo)
		return 0;
	return ov2_packet_tagged(xo) ? ov2_packet_cookie(xo) :
				       be32_to_cpu(xfrm_input_state(skb)->id.spi);
}
EXPORT_SYMBOL_GPL(ov2_tx_flow);

/* The IV that OV2_IV_SEQ describes. */
static __be64 ov2_tx_iv(const struct xfrm_state *x, u64 seq)
{
	__be64 salt;

	ov2_xlate_iv_salt(x, (u8 *)&salt);
	return cpu_to_be64(seq | BIT_ULL(63)) ^ salt;
}

/* ov2_tx_sa() in packet mode. */
static int ov2_tx_packet(struct sk_buff *skb, const struct ov2_port *port, struct ov2_tx *tx)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);
	struct xfrm_state *x = NULL;
	struct ov2_sa *sa = NULL;
	bool fresh;
	int count;

	rcu_read_lock();
	if (ov2_packet_passed(xo))
		sa = ov2_sa_find(ov2_packet_cookie(xo));
	/* The SA may have turned to crypto mode while the packet was in a qdisc. The packet has no
	 * ESP header, which the NIC expects then.
	 */
	if (sa && sa->port == port && sa->dir == OV2_OUT && READ_ONCE(sa->traits.packet)) {
		tx->offload_handle = ov2_tx_handle(sa);
		/* NULL once xfrm has deleted the state. xfrm frees a deleted state after a grace
		 * period, so that it is there until the end of this RCU read side.
		 */
		x = rcu_dereference(sa->x);
	}
	if (!x || !tx->offload_handle) {
		rcu_read_unlock();
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SA);
	}
	tx->priv = sa->priv;
	tx->host_iv = false;
	count = ov2_packet_number(skb, x, tx);
	fresh = count > 0 && (!sa->sent || ov2_sent_add(sa->sent, tx->seq, count));
	rcu_read_unlock();
	if (count == -EAGAIN)
		return count;
	if (!fresh)
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SEQ);
	ov2_stats_inc(port->nic, OV2_PKT_TX_FRAMED);
	return 1;
}

/**
 * ov2_tx_sa - find the SA to protect a packet with
 * @skb: the packet, in ndo_start_xmit
 * @tx: filled if the return is 1
 *
 * The NIC does the cryptography for the packet. For a GSO packet it also makes the ESP header, IV,
 * padding, trailer and ICV of each segment, with sequence numbers counted up from @tx. NDIS: the
 * OffloadHandle of a send.
 *
 * The core gives each number to the NIC once only, so the driver must call this once for each
 * packet, and only when it knows that it has room. It must then send or drop the packet. Source:
 * RFC 4106 section 3.1, RFC 7634 section 2.
 *
 * Context: send path, BH off.
 * Return: 0 if the packet needs no protection, 1 if the NIC must protect it. -ENOENT if the packet
 * needs protection but its SA is no longer served, its number was used before, its numbers are used
 * up, the stack has segmented what was framed for the NIC, or the NIC would write a checksum into
 * ciphertext: the packet may be plaintext and the driver must drop it; the core has counted it.
 * -EAGAIN if the SA is in packet mode and another CPU has its state locked: the driver must kick
 * the NIC for the packets before this one and return NETDEV_TX_BUSY; nothing has changed.
 */
int ov2_tx_sa(struct sk_buff *skb, struct ov2_tx *tx)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);
	const struct ov2_port *port = ov2_port_of(skb->dev);
	const struct xfrm_state *x;
	struct ov2_sa *sa;
	u32 low, handle;
	bool fresh;

	if (!port)
		return 0;
	if (!xo)
		return ov2_tx_csum_in_cipher(skb) ? ov2_tx_drop(port, OV2_PKT_TX_DROP_CSUM) : 0;
	if (ov2_packet_tagged(xo))
		return ov2_tx_packet(skb, port, tx);
	x = xfrm_input_state(skb);
	if (!(xo->flags & XFRM_XMIT))
		return ov2_tx_in_clear(skb, x, xo) ? ov2_tx_drop(port, OV2_PKT_TX_DROP_SA) : 0;

	/* ov2_features_check() sets a status if software would build wrong headers, or if the stack
	 * has segmented a packet that was framed for the NIC, so that its number is not its own.
	 * XFRM_GSO_SEGMENT on a GSO packet means that a clone, with which it shares the counter,
	 * was segmented.
	 */
	if (xo->status & CRYPTO_INVALID_PROTOCOL)
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SA);
	if (xo->status || (skb_is_gso(skb) && xo->flags & XFRM_GSO_SEGMENT))
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SEQ);

	rcu_read_lock();
	sa = ov2_tx_find(skb, port);
	handle = sa ? ov2_tx_handle(sa) : 0;
	if (!handle) {
		rcu_read_unlock();
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SA);
	}
	low = be32_to_cpu(ov2_tx_esp_seq(skb, x->encap));
	tx->offload_handle = handle;
	tx->priv = sa->priv;
	tx->packet = false;
	tx->seq = sa->traits.esn ? ov2_tx_seq(low, xo->seq.low, xo->seq.hi) : low;
	tx->icv_len = crypto_aead_authsize(x->data);
	tx->host_iv = sa->iv == OV2_IV_HOST;
	if (tx->host_iv)
		tx->iv = ov2_tx_iv(x, tx->seq);
	fresh = !sa->sent || ov2_sent_add(sa->sent, tx->seq,
					  skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1);
	rcu_read_unlock();
	if (!fresh)
		return ov2_tx_drop(port, OV2_PKT_TX_DROP_SEQ);
	ov2_stats_inc(port->nic, OV2_PKT_TX_PROTECTED);
	return 1;
}
EXPORT_SYMBOL_GPL(ov2_tx_sa);
