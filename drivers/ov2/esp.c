// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: helpers for drivers, for the parts of an ESP packet that a NIC leaves to the host or
 * does not want. Owns nothing.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/esp.h>
#include <net/ip.h>
#include <net/ov2.h>

/* Padding is at most 255 bytes, and its length and the next header follow it. RFC 4303 2.4. */
#define OV2_ESP_PAD_MAX		255
#define OV2_ESP_TAIL_LEN	2

/**
 * ov2_esp_offset - find the ESP header of a packet
 * @skb: a packet for which ov2_tx_sa() has returned 1
 *
 * Context: any.
 * Return: its offset from skb->data. The ESP header may be behind UDP (RFC 3948) or IPv6 extension
 * headers; xfrm has set the transport header to it, or to UDP.
 */
int ov2_esp_offset(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	u8 proto = iph->version == 4 ? iph->protocol : ipv6_hdr(skb)->nexthdr;

	return skb_transport_offset(skb) + (proto == IPPROTO_UDP ? sizeof(struct udphdr) : 0);
}
EXPORT_SYMBOL_GPL(ov2_esp_offset);

/**
 * ov2_esp_put_iv - put the IV into a packet for a NIC that makes none
 * @skb: a packet for which ov2_tx_sa() has returned 1; its head is private and has room for the IV
 * @tx: filled by ov2_tx_sa(); without &struct ov2_tx.host_iv nothing is done
 *
 * Context: any.
 */
void ov2_esp_put_iv(struct sk_buff *skb, const struct ov2_tx *tx)
{
	u8 *esp = skb->data + ov2_esp_offset(skb);

	if (tx->host_iv)
		memcpy(esp + sizeof(struct ip_esp_hdr), &tx->iv, sizeof(tx->iv));
}
EXPORT_SYMBOL_GPL(ov2_esp_put_iv);

/* Corrects the lengths of the outer headers by @change bytes. */
static void ov2_esp_fix_lengths(struct sk_buff *skb, int change)
{
	struct iphdr *iph = ip_hdr(skb);
	struct udphdr *uh = udp_hdr(skb);
	u8 proto;

	if (iph->version == 4) {
		proto = iph->protocol;
		iph->tot_len = htons(ntohs(iph->tot_len) + change);
		ip_send_check(iph);
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		proto = ip6h->nexthdr;
		ip6h->payload_len = htons(ntohs(ip6h->payload_len) + change);
	}
	if (proto == IPPROTO_UDP)
		uh->len = htons(ntohs(uh->len) + change);
}

/**
 * ov2_esp_strip_trailer - remove padding, trailer and room for the ICV, which xfrm has put
 * @skb: a packet for which ov2_tx_sa() has returned 1, no GSO packet, not shared; its headers are
 *	linear and may be written
 * @tx: what ov2_tx_sa() has filled
 *
 * For a NIC that appends all of these on its own. The lengths of the outer headers follow.
 *
 * Context: any.
 * Return: the next header (RFC 4303 section 2.6), or -EINVAL if the packet is too short.
 */
int ov2_esp_strip_trailer(struct sk_buff *skb, const struct ov2_tx *tx)
{
	u32 len = skb->len - ov2_esp_offset(skb);
	u8 tail[OV2_ESP_TAIL_LEN];
	u32 cut;

	if (len < sizeof(struct ip_esp_hdr) + sizeof(tail) + tx->icv_len ||
	    skb_copy_bits(skb, skb->len - tx->icv_len - sizeof(tail), tail, sizeof(tail)))
		return -EINVAL;
	cut = tail[0] + sizeof(tail) + tx->icv_len;
	if (len < sizeof(struct ip_esp_hdr) + cut || pskb_trim(skb, skb->len - cut))
		return -EINVAL;
	ov2_esp_fix_lengths(skb, -(int)cut);
	return tail[1];
}
EXPORT_SYMBOL_GPL(ov2_esp_strip_trailer);

/**
 * ov2_esp_put_trailer - append padding, trailer and room for the ICV
 * @skb: a packet that ends with what is to be encrypted, not shared; its headers are linear and may
 *	be written
 * @nexthdr: next header (RFC 4303 section 2.6)
 * @align: what ciphertext is padded to, the cipher's block size or 4; a power of two
 * @icv_len: bytes of the ICV, which are zeroed
 *
 * For a driver that segments, or that packs packets for the NIC on its own. The padding counts up
 * from 1 (RFC 4303 section 2.4). The lengths of the outer headers follow.
 *
 * Context: any up to softirq.
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int ov2_esp_put_trailer(struct sk_buff *skb, u8 nexthdr, u32 align, u32 icv_len)
{
	u32 payload = skb->len - ov2_esp_offset(skb) - sizeof(struct ip_esp_hdr);
	u32 pad, i, add;
	struct sk_buff *last;
	u8 *tail;

	if (!align || align % 4 || align > OV2_ESP_PAD_MAX ||
	    skb->len < ov2_esp_offset(skb) + sizeof(struct ip_esp_hdr))
		return -EINVAL;
	pad = ALIGN(payload + OV2_ESP_TAIL_LEN, align) - payload - OV2_ESP_TAIL_LEN;
	add = pad + OV2_ESP_TAIL_LEN + icv_len;
	if (skb_cow_data(skb, add, &last) < 0)
		return -ENOMEM;
	tail = pskb_put(skb, last, add);
	for (i = 0; i < pad; i++)
		tail[i] = i + 1;
	tail[pad] = pad;
	tail[pad + 1] = nexthdr;
	memset(tail + pad + OV2_ESP_TAIL_LEN, 0, icv_len);
	ov2_esp_fix_lengths(skb, add);
	return 0;
}
EXPORT_SYMBOL_GPL(ov2_esp_put_trailer);
