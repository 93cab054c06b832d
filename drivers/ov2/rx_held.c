// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: packets that the NIC has decrypted, held while a stand-in goes through the stack. Owns
 * the table of held packets, under a lock of its own.
 *
 * Without GRO, and in UDP, software removes ESP behind XDP, taps, tc, rx_handlers, netfilter,
 * routing and the policy of an IKE daemon's socket. Each of these decides about the encrypted
 * packet and may send it elsewhere. The decrypted packet must not go through them: its plaintext
 * could leave the machine, and a policy check would find a sec_path that is not expected there. So
 * a stand-in goes through them. It has the headers and the length of the packet, and a ticket and
 * zeroes in place of IV, ciphertext and ICV. xfrm's protocol handlers are called by priority, and
 * ours comes first. It exchanges the stand-in for the packet, which inherits what the stack has
 * found out on the way.
 *
 * A stand-in may never arrive: a firewall may drop it, or it may leave through another port, where
 * it is of no use to its receiver and reveals nothing. Its packet is freed when the table needs the
 * slot, after OV2_HELD_TIME, when the state is deleted, or when the device goes down.
 */
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/esp.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "rx.h"

#define OV2_HELD_TIME	(5 * HZ)	/* longer than a shaper or an NFQUEUE takes */

/* A stand-in carries this behind its ESP header. Every ESP packet has room for it: RFC 4303 has at
 * least 4 bytes of text and padding, and no algorithm has less than 12 bytes of IV and ICV.
 */
struct ov2_ticket {
	u64 number;
	u64 mac;
};

/**
 * struct ov2_held - A slot for a held packet.
 * @number: number of its ticket
 * @skb: the packet, its data at the IP header; NULL if the slot is free
 * @nic: the NIC, a reference; counts the packet if the stand-in does not arrive
 * @esp_off: offset of its ESP header
 * @since: jiffies
 */
struct ov2_held {
	u64 number;
	struct sk_buff *skb;
	struct ov2_nic *nic;
	u32 esp_off;
	unsigned long since;
};

static struct ov2_held ov2_held[OV2_HELD_MAX];
/* Guards ov2_held, ov2_held_next and ov2_held_used; a leaf, BH off. */
static DEFINE_SPINLOCK(ov2_held_lock);
static u64 ov2_held_next;
static u32 ov2_held_used;
static siphash_key_t ov2_held_key;

static void ov2_held_work(struct work_struct *work);
static void ov2_held_tick(struct work_struct *work);
static DECLARE_WORK(ov2_held_now, ov2_held_work);
VISIBLE_IF_KUNIT struct delayed_work ov2_held_later =
	__DELAYED_WORK_INITIALIZER(ov2_held_later, ov2_held_tick, 0);
EXPORT_SYMBOL_IF_KUNIT(ov2_held_later);

/* Takes the packet in a slot out of the table. The caller frees it after it has dropped the lock.
 */
static struct ov2_held ov2_held_take(struct ov2_held *held)
{
	struct ov2_held taken = *held;

	lockdep_assert_held(&ov2_held_lock);
	if (held->skb) {
		held->skb = NULL;
		ov2_held_used--;
	}
	return taken;
}

/* Drops a packet whose stand-in has not arrived, or was changed. Context: BH off. */
static void ov2_held_drop(struct ov2_held *held)
{
	if (!held->skb)
		return;
	ov2_stats_inc(held->nic, OV2_PKT_RX_DROP_HELD);
	kfree_skb(held->skb);
	ov2_nic_put(held->nic);
}

static bool ov2_held_is_stale(const struct ov2_held *held, const struct net_device *dev)
{
	if (!held->skb)
		return false;
	if (dev)
		return held->skb->dev == dev;
	return time_after(jiffies, held->since + OV2_HELD_TIME) ||
	       READ_ONCE(xfrm_input_state(held->skb)->km.state) == XFRM_STATE_DEAD;
}

/* Frees packets whose stand-ins are overdue or whose states are deleted. With @dev, frees all
 * packets of a device instead. Context: process.
 */
void ov2_held_clean(const struct net_device *dev)
{
	struct ov2_held held;
	u32 i;

	for (i = 0; i < OV2_HELD_MAX; i++) {
		if (!READ_ONCE(ov2_held[i].skb))
			continue;
		held.skb = NULL;
		local_bh_disable();
		spin_lock(&ov2_held_lock);
		if (ov2_held_is_stale(&ov2_held[i], dev))
			held = ov2_held_take(&ov2_held[i]);
		spin_unlock(&ov2_held_lock);
		ov2_held_drop(&held);
		local_bh_enable();
	}
}

static void ov2_held_work(struct work_struct *work)
{
	ov2_held_clean(NULL);
}

static void ov2_held_tick(struct work_struct *work)
{
	ov2_held_clean(NULL);
	if (READ_ONCE(ov2_held_used))
		schedule_delayed_work(&ov2_held_later, HZ);
}

/* xfrm has deleted a state, so free its packets soon. Context: any up to softirq. */
void ov2_held_expire(void)
{
	if (READ_ONCE(ov2_held_used))
		schedule_work(&ov2_held_now);
}

static u64 ov2_held_mac(u64 number)
{
	return siphash_1u64(number, &ov2_held_key);
}

static void ov2_held_write_ticket(struct sk_buff *standin, u64 number)
{
	struct ov2_ticket ticket = { number, ov2_held_mac(number) };

	skb_put_data(standin, &ticket, sizeof(ticket));
}

/* Returns a frame like that of @skb without its secret part. */
static struct sk_buff *ov2_held_standin(const struct sk_buff *skb, u32 esp_off, u64 number)
{
	u32 head = esp_off + sizeof(struct ip_esp_hdr);
	u32 mac_len = skb_network_offset(skb) - skb_mac_offset(skb);
	struct sk_buff *standin;

	if (skb->len < head + sizeof(struct ov2_ticket))
		return NULL;
	standin = netdev_alloc_skb(skb->dev, NET_IP_ALIGN + mac_len + skb->len);
	if (!standin)
		return NULL;
	skb_reserve(standin, NET_IP_ALIGN);
	skb_reset_mac_header(standin);
	skb_put_data(standin, skb_mac_header(skb), mac_len + head);
	ov2_held_write_ticket(standin, number);
	skb_put_zero(standin, skb->len - head - sizeof(struct ov2_ticket));
	__skb_pull(standin, mac_len);
	skb_reset_network_header(standin);
	skb_reset_transport_header(standin);
	standin->protocol = skb->protocol;
	standin->pkt_type = skb->pkt_type;
	/* The NIC has verified a checksum over the ciphertext before it decrypted. */
	standin->ip_summed = CHECKSUM_UNNECESSARY;
	skb_copy_hash(standin, skb);
	skb_copy_queue_mapping(standin, skb);
	__vlan_hwaccel_copy_tag(standin, skb);
	return standin;
}

/* Holds a marked packet, whose data begins at the IP header and whose headers are in one piece.
 * Returns its stand-in. Returns NULL if there is no memory or the packet is too short; @skb remains
 * the caller's then. Context: BH off.
 */
struct sk_buff *ov2_held_put(struct ov2_port *port, struct sk_buff *skb, u32 esp_off)
{
	struct sk_buff *standin;
	struct ov2_held *slot, old;
	u64 number;

	spin_lock(&ov2_held_lock);
	number = ov2_held_next++;
	spin_unlock(&ov2_held_lock);
	standin = ov2_held_standin(skb, esp_off, number);
	if (!standin)
		return NULL;
	ov2_nic_get(port->nic);
	spin_lock(&ov2_held_lock);
	slot = &ov2_held[number % OV2_HELD_MAX];
	old = ov2_held_take(slot);
	*slot = (struct ov2_held){ number, skb, port->nic, esp_off, jiffies };
	ov2_held_used++;
	spin_unlock(&ov2_held_lock);
	ov2_held_drop(&old);
	/* This races with ov2_held_tick(), which may have found the table empty. Queueing is a full
	 * barrier after ov2_held_used was counted, so either the tick that runs sees the packet, or
	 * this queues another one.
	 */
	schedule_delayed_work(&ov2_held_later, HZ);
	return standin;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_held_put);

/* Returns true if the stack has changed neither the SPI nor the length of the headers of the
 * stand-in, so that the packet can replace it.
 */
static bool ov2_held_fits(const struct ov2_held *held, const struct sk_buff *standin)
{
	const struct ip_esp_hdr *esp = (const void *)(held->skb->data + held->esp_off);

	return skb_network_header_len(standin) == held->esp_off &&
	       ip_esp_hdr(standin)->spi == esp->spi;
}

/* Returns true if software would find the state of the held packet for the stand-in. It would not
 * if tc or an ipvlan has moved the stand-in, or a copy of it, to another namespace, or if NAT has
 * changed the destination.
 */
static bool ov2_held_is_found(const struct ov2_held *held, const struct sk_buff *standin)
{
	const struct xfrm_state *x = xfrm_input_state(held->skb);

	if (!net_eq(dev_net(standin->dev), dev_net(held->skb->dev)))
		return false;
	if (x->props.family == AF_INET)
		return ip_hdr(standin)->daddr == x->id.daddr.a4;
	return ipv6_addr_equal(&ipv6_hdr(standin)->daddr, &x->id.daddr.in6);
}

/* The packet inherits what the stack has found out about its stand-in, NAT included. */
static void ov2_held_adopt(struct sk_buff *skb, const struct sk_buff *standin, u32 esp_off)
{
	memcpy(skb_network_header(skb), skb_network_header(standin), esp_off);
	memcpy(skb->cb, standin->cb, sizeof(skb->cb));
	skb->dev = standin->dev;
	skb->skb_iif = standin->skb_iif;
	skb->pkt_type = standin->pkt_type;
	skb->protocol = standin->protocol;
	skb->priority = standin->priority;
	skb->mark = xfrm_smark_get(standin->mark, xfrm_input_state(skb));
	skb->tstamp = standin->tstamp;
	skb_copy_secmark(skb, standin);
	skb_dst_copy(skb, standin);
}

/**
 * ov2_held_input - xfrm's handler for ESP, with or without UDP
 * @standin: a packet, its data and transport header at the ESP header
 * @encap_type: encapsulation type of the socket that has received it, 0 without UDP
 *
 * Context: softirq, RCU read side.
 * Return: -EINVAL if it is not a stand-in, or if software would not find the packet's state, so
 * that xfrm calls its next handler. Otherwise 0 or what xfrm_input() returns, and @standin is
 * consumed.
 */
int ov2_held_input(struct sk_buff *standin, int encap_type)
{
	struct ov2_held held = {};
	struct ov2_ticket ticket;
	struct ov2_held *slot;
	bool found = true;

	if (skb_copy_bits(standin, sizeof(struct ip_esp_hdr), &ticket, sizeof(ticket)) ||
	    ticket.mac != ov2_held_mac(ticket.number))
		return -EINVAL;
	slot = &ov2_held[ticket.number % OV2_HELD_MAX];
	spin_lock(&ov2_held_lock);
	if (slot->skb && slot->number == ticket.number) {
		found = ov2_held_is_found(slot, standin);
		if (found)
			held = ov2_held_take(slot);
	}
	spin_unlock(&ov2_held_lock);
	/* This may be a copy. Keep the packet for the original. */
	if (!found)
		return -EINVAL;
	if (!held.skb || !ov2_held_fits(&held, standin)) {
		ov2_held_drop(&held);
		kfree_skb(standin);
		return 0;
	}
	ov2_held_adopt(held.skb, standin, held.esp_off);
	consume_skb(standin);
	ov2_nic_put(held.nic);
	return ov2_rx_input(held.skb, held.esp_off, encap_type);
}

#if IS_ENABLED(CONFIG_KUNIT)
/* Returns the number of packets that are held now. */
u32 ov2_held_count(void)
{
	return READ_ONCE(ov2_held_used);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_held_count);
#endif

void ov2_held_init(void)
{
	get_random_bytes(&ov2_held_key, sizeof(ov2_held_key));
}

/* No port is left, so no packet is held. */
void ov2_held_exit(void)
{
	cancel_work_sync(&ov2_held_now);
	cancel_delayed_work_sync(&ov2_held_later);
	WARN_ON_ONCE(ov2_held_used);
}
