// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: large send offload: cut a TCP packet of up to 64 KiB into frames of mss payload bytes.
 *
 * Each frame gets a copy of the headers with its own IP lengths and ids, TCP sequence number, flags
 * and checksum. With ESP each frame is an ESP packet of its own, with its own sequence number, IV,
 * padding, trailer and ICV. In packet mode the headers are added first, to the copy (encap.c), and
 * the rest is the same. Either all frames are made or none. There are no locks, because the
 * caller keeps the SA.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include "encap.h"
#include "frame.h"
#include "lso.h"
#include "sadb.h"

/* Ethernet with a VLAN tag, outer IPv6, UDP, ESP with IV, inner IPv6, TCP with options. */
#define OV2SIM_LSO_HDR_MAX	(18 + 40 + 8 + 24 + 40 + 60)

/**
 * struct ov2sim_lso - A packet that is being cut.
 * @txd: its descriptor; in packet mode its offsets are those of the packet with all headers
 * @sa: ESP: the SA, else NULL
 * @encap: packet mode: the headers that the NIC has added to @hdr
 * @hdr: copy of the headers
 * @hdr_len: length of the headers and offset of the payload
 * @payload: bytes of TCP payload
 * @ip_off: offset of the IP header that TCP follows
 * @text_off: ESP: offset of the encrypted part
 */
struct ov2sim_lso {
	struct ov2sim_txd txd;
	struct ov2sim_sa *sa;
	struct ov2sim_encap encap;
	u8 hdr[OV2SIM_LSO_HDR_MAX];
	u32 hdr_len;
	u32 payload;
	u32 ip_off;
	u32 text_off;
};

/* Length of the IP header at @off, 0 if there is none that LSO supports. */
static u32 ov2sim_lso_ip_len(const struct ov2sim_lso *lso, u32 off)
{
	const u8 *ip = lso->hdr + off;

	if (off >= lso->hdr_len)
		return 0;
	if (*ip >> 4 == 6)
		return sizeof(struct ipv6hdr);
	if (*ip >> 4 == 4 && (*ip & 0xf) >= 5)
		return (*ip & 0xf) * 4;
	return 0;
}

/* Check that the offsets of the descriptor agree with each other and with the headers, so that
 * segmentation neither reads nor writes outside of the frame.
 */
static int ov2sim_lso_check(struct ov2sim_lso *lso)
{
	const struct ov2sim_txd *txd = &lso->txd;
	const struct ov2sim_sa *sa = lso->sa;
	u32 next = txd->l3_off + ov2sim_lso_ip_len(lso, txd->l3_off);
	u8 proto = IPPROTO_TCP;
	bool tunnel;

	lso->ip_off = txd->l3_off;
	if (sa) {
		if (sa->id.encap == OV2_ENCAP_UDP)
			next += sizeof(struct udphdr);
		if (next != txd->esp_off)
			return -EINVAL;
		lso->text_off = txd->esp_off + OV2SIM_ESP_HLEN + sa->esp.iv_len;
		next = lso->text_off;
		tunnel = sa->id.mode == OV2_TUNNEL;
		if (!!txd->inner_off != tunnel)
			return -EINVAL;
	}
	if (txd->inner_off) {
		if (!sa || txd->inner_off != next)
			return -EINVAL;
		lso->ip_off = next;
		next += ov2sim_lso_ip_len(lso, next);
	}
	/* The other offsets are lower than l4_off, and ov2sim_lso_init() has checked that l4_off
	 * is within the headers.
	 */
	if (next != txd->l4_off || next == lso->ip_off)
		return -EINVAL;
	if (txd->inner_off)
		proto = lso->hdr[lso->ip_off] >> 4 == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	if (sa && (txd->esp_proto != proto ||
		   get_unaligned((__be32 *)(lso->hdr + txd->esp_off)) != sa->id.spi ||
		   get_unaligned_be32(lso->hdr + txd->esp_off + 4) != lower_32_bits(txd->seq)))
		return -EIO;
	return 0;
}

/* Take off the trailer and the room for the ICV that the stack has put behind the aggregate. */
static int ov2sim_lso_strip(struct ov2sim_lso *lso)
{
	const struct sk_buff *skb = lso->txd.skb;
	u32 icv = lso->sa->esp.icv_len;
	u8 pad;

	if (skb->len < lso->hdr_len + icv + 2 ||
	    skb_copy_bits(skb, skb->len - icv - 2, &pad, sizeof(pad)))
		return -EINVAL;
	if (lso->payload <= icv + 2 + pad)
		return -EINVAL;
	lso->payload -= icv + 2 + pad;
	return 0;
}

static int ov2sim_lso_init(struct ov2sim_lso *lso, const struct ov2sim_txd *txd,
			   struct ov2sim_sa *sa)
{
	const struct sk_buff *skb = txd->skb;
	bool packet = sa && sa->id.packet;
	struct tcphdr th;
	u32 len;
	int err;

	lso->txd = *txd;
	lso->sa = sa;
	if (!txd->mss || skb_copy_bits(skb, txd->l4_off, &th, sizeof(th)))
		return -EINVAL;
	err = packet ? ov2sim_encap_plan(&lso->encap, txd, sa) : 0;
	if (err)
		return err;
	len = txd->l4_off + th.doff * 4;
	lso->hdr_len = len + lso->encap.len;
	if (th.doff * 4 < sizeof(th) || lso->hdr_len > sizeof(lso->hdr) || len >= skb->len ||
	    ov2sim_encap_copy(&lso->encap, skb, len, lso->hdr))
		return -EINVAL;
	lso->payload = skb->len - len;
	if (packet)
		ov2sim_encap_put(&lso->encap, &lso->txd, sa, lso->hdr, lso->hdr_len);
	err = ov2sim_lso_check(lso);
	if (err)
		return err;
	return txd->flags & OV2SIM_TX_ESP_TRAILER && sa ? ov2sim_lso_strip(lso) : 0;
}

/* Correct the IP header at @off of segment @i, whose IP packet ends at @end. */
static void ov2sim_lso_fix_ip(u8 *data, u32 off, u32 end, u32 i)
{
	struct iphdr *iph = (struct iphdr *)(data + off);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)(data + off);

	if (iph->version == 6) {
		ip6h->payload_len = htons(end - off - sizeof(*ip6h));
		return;
	}
	iph->tot_len = htons(end - off);
	iph->id = htons(ntohs(iph->id) + i);
	ip_send_check(iph);
}

static void ov2sim_lso_fix_tcp(const struct ov2sim_lso *lso, u8 *data, u32 off, u32 len, bool last)
{
	const struct iphdr *iph = (const struct iphdr *)(data + lso->ip_off);
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)iph;
	u32 l4 = lso->txd.l4_off, l4_len = lso->hdr_len - l4 + len;
	struct tcphdr *th = (struct tcphdr *)(data + l4);
	__wsum sum;

	th->seq = htonl(ntohl(th->seq) + off);
	if (off)
		th->cwr = 0;
	if (!last) {
		th->fin = 0;
		th->psh = 0;
	}
	th->check = 0;
	sum = csum_partial(th, l4_len, 0);
	if (iph->version == 4)
		th->check = csum_tcpudp_magic(iph->saddr, iph->daddr, l4_len, IPPROTO_TCP, sum);
	else
		th->check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, l4_len, IPPROTO_TCP, sum);
}

static int ov2sim_lso_fix_esp(const struct ov2sim_lso *lso, struct ov2sim_frame *frame, u32 end,
			      u32 i)
{
	struct ov2sim_sa *sa = lso->sa;
	u32 esp_off = lso->txd.esp_off;
	u8 *data = frame->data;
	struct udphdr *uh;
	int err;

	if (sa->id.encap == OV2_ENCAP_UDP) {
		uh = (struct udphdr *)(data + esp_off - sizeof(*uh));
		uh->len = htons(frame->len - esp_off + sizeof(*uh));
		uh->check = 0;
	}
	ov2sim_esp_put_trailer(data + end, frame->len - sa->esp.icv_len - end, lso->txd.esp_proto);
	put_unaligned_be32(lower_32_bits(lso->txd.seq + i), data + esp_off + 4);
	err = ov2sim_esp_send(&sa->esp, data + esp_off, frame->len - esp_off, lso->txd.seq + i);
	if (err)
		return err;
	ov2sim_encap_put_csum(&lso->txd, sa, data, frame->len);
	return 0;
}

/* Make segment @i, which has @len bytes of the payload from @off on. */
static int ov2sim_lso_segment(const struct ov2sim_lso *lso, u32 i, u32 off, u32 len,
			      struct list_head *frames)
{
	u32 payload_off = lso->hdr_len - lso->encap.len;
	const struct ov2sim_txd *txd = &lso->txd;
	struct ov2sim_frame *frame;
	u32 end = lso->hdr_len + len;
	u32 trailer = 0;
	int err;

	if (lso->sa)
		trailer = ov2sim_esp_trailer_len(&lso->sa->esp, end - lso->text_off);
	frame = ov2sim_frame_alloc(end + trailer, GFP_KERNEL);
	if (!frame)
		return -ENOMEM;
	list_add_tail(&frame->list, frames);

	memcpy(frame->data, lso->hdr, lso->hdr_len);
	err = skb_copy_bits(txd->skb, payload_off + off, frame->data + lso->hdr_len, len);
	if (err)
		return err;
	ov2sim_lso_fix_ip(frame->data, txd->l3_off, frame->len, lso->encap.df ? 0 : i);
	if (txd->inner_off)
		ov2sim_lso_fix_ip(frame->data, txd->inner_off, end, i);
	ov2sim_lso_fix_tcp(lso, frame->data, off, len, off + len == lso->payload);
	return lso->sa ? ov2sim_lso_fix_esp(lso, frame, end, i) : 0;
}

/**
 * ov2sim_lso - cut a packet into segments
 * @txd: the packet
 * @sa: the SA to encrypt with, or NULL
 * @frames: the frames are appended to this
 *
 * Return: 0; -EINVAL if the descriptor is inconsistent; -EIO if it does not match the SA;
 * -EOVERFLOW if the SA has too few sequence numbers left; -ENOMEM. After an error @frames is
 * unchanged.
 */
int ov2sim_lso(const struct ov2sim_txd *txd, struct ov2sim_sa *sa, struct list_head *frames)
{
	struct ov2sim_lso lso = {};
	u32 i, count, len;
	LIST_HEAD(made);
	int err;

	err = ov2sim_lso_init(&lso, txd, sa);
	if (err)
		return err;
	count = DIV_ROUND_UP(lso.payload, txd->mss);
	/* The stack has taken @segs numbers. One more segment would use the sequence number and
	 * the IV of the next packet (S41).
	 */
	if (sa && count > txd->segs)
		return -EIO;
	if (sa && !sa->id.esn && txd->seq + count - 1 > U32_MAX)
		return -EOVERFLOW;

	for (i = 0; i < count; i++) {
		len = min(lso.payload - i * txd->mss, txd->mss);
		err = ov2sim_lso_segment(&lso, i, i * txd->mss, len, &made);
		if (err)
			goto err_free_frames;
	}
	list_splice_tail(&made, frames);
	return 0;

err_free_frames:
	ov2sim_frames_free(&made);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_lso);
