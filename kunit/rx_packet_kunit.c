// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive path in packet mode: the core puts back what the NIC has removed, and the real
 * xfrm_input() keeps the books.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include "fault.h"
#include "km_spy.h"
#include "packet_out.h"
#include "xfrm_packet.h"

#define RX_PACKET_PAYLOAD	60
#define RX_PACKET_TUNNEL	.packet = true, .mode = XFRM_MODE_TUNNEL
#define RX_PACKET_CBC		.ealg = "cbc(aes)", .ealg_bits = 128, .aalg = "hmac(sha256)", \
			.aalg_bits = 256, .aalg_trunc = 128
#define RX_PACKET_NULL	.ealg = "ecb(cipher_null)", .aalg = "hmac(sha1)", .aalg_bits = 160, \
			.aalg_trunc = 96

static const struct fixture_sa rx_packet_tunnel = { RX_PACKET_TUNNEL };
static const struct fixture_sa rx_packet_transport = { .packet = true };

static int rx_packet_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	km_spy_start();
	return packet_spy_start();
}

static void rx_packet_exit(struct kunit *test)
{
	packet_spy_stop();
	km_spy_stop();
	fixture_destroy(test->priv);
}

static struct xfrm_state *rx_packet_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

/**
 * struct rx_packet_in - What the NIC delivers.
 * @family: of the inner packet, 0 for that of the SA
 * @tos: its TOS or traffic class
 * @tfc: bytes behind it
 * @next_header: 0 for that of the packet
 * @empty: nothing follows the MAC header
 * @paged: nothing is in the linear part of the skb but the MAC header
 * @complete: the NIC has summed up the packet
 */
struct rx_packet_in {
	u16 family;
	u8 tos;
	u32 tfc;
	u8 next_header;
	bool empty;
	bool paged;
	bool complete;
};

static const struct rx_packet_in rx_packet_plain;

static u16 rx_packet_family(const struct xfrm_state *x, const struct rx_packet_in *want)
{
	return want->family ?: x->props.family;
}

static u32 rx_packet_ip_len(const struct xfrm_state *x, const struct rx_packet_in *want)
{
	return rx_packet_family(x, want) == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* Fills the packet behind the MAC header. Returns its length. */
static u32 rx_packet_fill(const struct xfrm_state *x, const struct rx_packet_in *want, u8 *data)
{
	bool tunnel = x->props.mode == XFRM_MODE_TUNNEL;
	u32 ip_len = rx_packet_ip_len(x, want), len = ip_len + RX_PACKET_PAYLOAD, i;

	memset(data, 0, ip_len);
	if (rx_packet_family(x, want) == AF_INET) {
		struct iphdr *iph = (struct iphdr *)data;

		iph->version = 4;
		iph->ihl = 5;
		iph->tos = want->tos;
		iph->ttl = 33;
		iph->protocol = IPPROTO_UDP;
		iph->tot_len = htons(len);
		iph->saddr = tunnel ? htonl(0x0a000001) : x->props.saddr.a4;
		iph->daddr = tunnel ? htonl(0x0a000002) : x->id.daddr.a4;
	} else {
		struct ipv6hdr *ip6h = (struct ipv6hdr *)data;

		ip6_flow_hdr(ip6h, want->tos, htonl(0x12345));
		ip6h->hop_limit = 33;
		ip6h->nexthdr = IPPROTO_UDP;
		ip6h->payload_len = htons(RX_PACKET_PAYLOAD);
		ip6h->saddr = x->props.saddr.in6;
		ip6h->daddr = x->id.daddr.in6;
	}
	for (i = ip_len; i < len + want->tfc; i++)
		data[i] = i;
	return len + want->tfc;
}

/* Returns the packet as eth_type_trans() leaves it, with no more room around it than the driver
 * must leave.
 */
static struct sk_buff *rx_packet_frame(struct fixture *f, const struct xfrm_state *x,
				       const struct rx_packet_in *want)
{
	__be16 type = rx_packet_family(x, want) == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	struct sk_buff *skb = alloc_skb(want->paged ? ETH_HLEN : 512, GFP_KERNEL);
	struct page *page;
	struct ethhdr *eth;
	u8 data[512];
	u32 len;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	len = want->empty ? 0 : rx_packet_fill(x, want, data);
	skb_reset_mac_header(skb);
	eth = skb_put_zero(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, f->netdev[0]->dev_addr);
	eth->h_proto = type;
	if (want->paged) {
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(f->test, page);
		memcpy(page_address(page), data, len);
		skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	} else {
		skb_put_data(skb, data, len);
	}
	__skb_pull(skb, ETH_HLEN);
	skb->protocol = type;
	skb->pkt_type = PACKET_HOST;
	skb->dev = f->netdev[0];
	skb->ip_summed = want->complete ? CHECKSUM_COMPLETE : CHECKSUM_UNNECESSARY;
	return skb;
}

static u8 rx_packet_next_header(const struct xfrm_state *x, const struct rx_packet_in *want)
{
	if (want->next_header)
		return want->next_header;
	if (x->props.mode != XFRM_MODE_TUNNEL)
		return IPPROTO_UDP;
	return rx_packet_family(x, want) == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* The report of a good packet that has come from the other end of the SA. */
static struct ov2_rx_meta rx_packet_meta(const struct xfrm_state *x,
					 const struct rx_packet_in *want, u64 seq)
{
	struct ov2_rx_meta meta = {
		.cookie = x->xso.offload_handle,
		.flags = OV2_RX_CRYPTO_DONE,
		.status = CRYPTO_SUCCESS,
		.seq = seq,
		.next_header = rx_packet_next_header(x, want),
	};

	if (!x->encap)
		return meta;
	meta.sport = x->encap->encap_sport;
	if (x->props.family == AF_INET)
		meta.saddr.s6_addr32[0] = x->props.saddr.a4;
	else
		meta.saddr = x->props.saddr.in6;
	return meta;
}

static int rx_packet_rx(struct fixture *f, struct sk_buff *skb, const struct ov2_rx_meta *meta)
{
	int ret;

	local_bh_disable();
	ret = ov2_rx(fixture_port_of(f, 0), skb, meta);
	local_bh_enable();
	if (ret < 0)
		kfree_skb(skb);
	return ret;
}

/* Receives a good packet. Returns whether xfrm has accepted it. */
static bool rx_packet_receive(struct fixture *f, struct xfrm_state *x,
			      const struct rx_packet_in *want, u64 seq)
{
	struct ov2_rx_meta meta = rx_packet_meta(x, want, seq);
	u32 packets = packet_seen.packets;

	packet_seen.err = -ENOENT;
	KUNIT_EXPECT_EQ(f->test, rx_packet_rx(f, rx_packet_frame(f, x, want), &meta), 1);
	KUNIT_EXPECT_EQ(f->test, packet_seen.packets, packets + 1);
	return !packet_seen.err;
}

struct rx_packet_row {
	const char *name;
	struct fixture_sa sa;
	struct rx_packet_in packet;
	u64 seq;
};

static const struct rx_packet_row rx_packet_accepted_rows[] = {
	{ "4 in 4", { RX_PACKET_TUNNEL }, .seq = 5 },
	{ "6 in 6", { RX_PACKET_TUNNEL, .family = AF_INET6 }, .seq = 5 },
	{ "6 in 4", { RX_PACKET_TUNNEL, .sel_family = FIXTURE_UNSPEC }, { .family = AF_INET6 }, 5 },
	{ "4 in 6", { RX_PACKET_TUNNEL, .family = AF_INET6, .sel_family = FIXTURE_UNSPEC },
	  { .family = AF_INET }, 5 },
	{ "transport, IPv4", { .packet = true }, .seq = 5 },
	{ "transport, IPv6", { .packet = true, .family = AF_INET6 }, .seq = 5 },
	{ "UDP, 4 in 4", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, .seq = 5 },
	{ "UDP, 6 in 6", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6 },
	  .seq = 5 },
	{ "UDP, transport, IPv4", { .packet = true, .encap = UDP_ENCAP_ESPINUDP }, .seq = 5 },
	{ "UDP, transport, IPv6", { .packet = true, .encap = UDP_ENCAP_ESPINUDP,
	  .family = AF_INET6 }, .seq = 5 },
	{ "CBC", { RX_PACKET_TUNNEL, RX_PACKET_CBC }, .seq = 5 },
	{ "CBC, transport, IPv6", { .packet = true, RX_PACKET_CBC, .family = AF_INET6 }, .seq = 5 },
	{ "null encryption", { RX_PACKET_TUNNEL, RX_PACKET_NULL }, .seq = 5 },
	{ "TFC padding", { RX_PACKET_TUNNEL }, { .tfc = 41 }, 5 },
	{ "TFC padding, 6 in 6", { RX_PACKET_TUNNEL, .family = AF_INET6 }, { .tfc = 7 }, 5 },
	{ "paged", { RX_PACKET_TUNNEL }, { .paged = true }, 5 },
	{ "paged, 6 in 6", { RX_PACKET_TUNNEL, .family = AF_INET6 }, { .paged = true }, 5 },
	{ "paged, transport", { .packet = true }, { .paged = true }, 5 },
	{ "summed up", { RX_PACKET_TUNNEL }, { .complete = true }, 5 },
	{ "ESN", { RX_PACKET_TUNNEL, .esn = true }, .seq = 5 },
	{ "ESN, upper half", { RX_PACKET_TUNNEL, .esn = true, .seq = 0x300000000 },
	  .seq = 0x300000007 },
	{ "ESN, carry", { RX_PACKET_TUNNEL, .esn = true, .seq = 0xfffffff0 }, .seq = 0x100000005 },
};

KUNIT_ARRAY_PARAM_DESC(rx_packet, rx_packet_accepted_rows, name);

/* Checks the packet that xfrm has unpacked: that of the NIC. In transport mode xfrm puts the next
 * header into the IP header after it has called the protocols.
 */
static void rx_packet_expect_seen(struct kunit *test, const struct xfrm_state *x,
				  const struct rx_packet_in *want)
{
	u8 data[512];
	u32 len = rx_packet_fill(x, want, data), ip_len = rx_packet_ip_len(x, want);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)packet_seen.head;
	struct iphdr *iph = (struct iphdr *)packet_seen.head;

	KUNIT_EXPECT_EQ(test, packet_seen.len, len);
	KUNIT_EXPECT_EQ(test, packet_seen.next_header, rx_packet_next_header(x, want));
	if (x->props.mode == XFRM_MODE_TUNNEL) {
		KUNIT_EXPECT_MEMEQ(test, packet_seen.head, data, len);
		KUNIT_EXPECT_EQ(test, ntohs(packet_seen.mac_type),
				rx_packet_family(x, want) == AF_INET ? ETH_P_IP : ETH_P_IPV6);
		return;
	}
	KUNIT_EXPECT_MEMEQ(test, packet_seen.head + ip_len, data + ip_len, len - ip_len);
	if (ip_len == sizeof(*iph)) {
		KUNIT_EXPECT_EQ(test, ntohs(iph->tot_len), len);
		KUNIT_EXPECT_EQ(test, ntohl(iph->saddr), ntohl(x->props.saddr.a4));
		KUNIT_EXPECT_EQ(test, (int)iph->ttl, 33);
	} else {
		KUNIT_EXPECT_EQ(test, ntohs(ip6h->payload_len), len - ip_len);
		KUNIT_EXPECT_MEMEQ(test, &ip6h->saddr, &x->props.saddr.in6, 16);
		KUNIT_EXPECT_EQ(test, (int)ip6h->hop_limit, 33);
	}
}

static u64 rx_packet_window(const struct xfrm_state *x)
{
	const struct xfrm_replay_state_esn *esn = x->replay_esn;

	return esn ? (u64)esn->seq_hi << 32 | esn->seq : x->replay.seq;
}

/* S54, S68: xfrm gets the packet that it would have unpacked itself, and counts it as it counts
 * that.
 */
static void rx_packet_test_accepted(struct kunit *test)
{
	const struct rx_packet_row *row = test->param_value;
	bool tunnel = row->sa.mode == XFRM_MODE_TUNNEL;
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &row->sa);
	u32 refs = refcount_read(&x->refcnt);

	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &row->packet, row->seq));
	KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE | XFRM_GRO);
	rx_packet_expect_seen(test, x, &row->packet);
	KUNIT_EXPECT_EQ(test, packet_seen.ip_summed,
			row->packet.complete ? CHECKSUM_NONE : CHECKSUM_UNNECESSARY);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
	KUNIT_EXPECT_EQ(test, x->curlft.bytes, row->packet.tfc + RX_PACKET_PAYLOAD +
			(tunnel ? rx_packet_ip_len(x, &row->packet) : 0));
	KUNIT_EXPECT_EQ(test, rx_packet_window(x), row->seq);
	KUNIT_EXPECT_NE(test, x->lastused, 0);
	KUNIT_EXPECT_EQ(test, km_seen.mappings, 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_UNFRAMED), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);

	/* S68: neither the NIC nor software can deliver it again. */
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &row->packet, row->seq));
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
	KUNIT_EXPECT_EQ(test, x->stats.replay, 1);
}

/* S54, S68: the window is that of the state, which software shares, and a reset of the NIC does not
 * change it.
 */
static void rx_packet_test_window(struct kunit *test)
{
	unsigned long refused = packet_mib(LINUX_MIB_XFRMINSTATESEQERROR);
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);

	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 100));
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 69));
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 68));
	KUNIT_EXPECT_EQ(test, x->stats.replay_window, 1);
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 69));
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 0));
	/* Software has decrypted number 99. */
	x->replay.bitmap |= BIT(1);
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 99));
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMINSTATESEQERROR), refused + 4);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 2);
}

/* S68: a lifetime ends at the same packet as in software. */
static void rx_packet_test_expiry(struct kunit *test)
{
	unsigned long expired = packet_mib(LINUX_MIB_XFRMINSTATEEXPIRED);
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);

	x->lft.hard_packet_limit = 2;
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 1));
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 2));
	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 3));
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMINSTATEEXPIRED), expired + 1);
	KUNIT_EXPECT_EQ(test, x->replay.seq, 2);
}

struct rx_packet_status_row {
	const char *name;
	u32 status;
	u32 failed;
	int mib;
};

static const struct rx_packet_status_row rx_packet_status_rows[] = {
	{ "authentication", CRYPTO_TUNNEL_ESP_AUTH_FAILED, 1, LINUX_MIB_XFRMINSTATEPROTOERROR },
	{ "protocol", CRYPTO_INVALID_PROTOCOL, 0, LINUX_MIB_XFRMINSTATEPROTOERROR },
	{ "syntax", CRYPTO_INVALID_PACKET_SYNTAX, 0, LINUX_MIB_XFRMINBUFFERERROR },
	{ "generic error", CRYPTO_GENERIC_ERROR, 0, LINUX_MIB_XFRMINBUFFERERROR },
};

KUNIT_ARRAY_PARAM_DESC(rx_packet_status, rx_packet_status_rows, name);

/* S49, S54: a packet that failed comes as it was received. xfrm counts and drops it. */
static void rx_packet_test_failed(struct kunit *test)
{
	const struct rx_packet_status_row *row = test->param_value;
	unsigned long counted = packet_mib(row->mib);
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);
	struct sk_buff *skb = packet_received(f, x, 5);
	struct ov2_rx_meta meta = rx_packet_meta(x, &rx_packet_plain, 5);

	meta.status = row->status;
	KUNIT_EXPECT_EQ(test, rx_packet_rx(f, skb, &meta), 1);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, -1);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, row->failed);
	KUNIT_EXPECT_EQ(test, packet_mib(row->mib), counted + 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	KUNIT_EXPECT_EQ(test, x->replay.seq, 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_FAILED), 1);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_UNFRAMED), 0);
}

/* S54: a NIC that has used another number than xfrm infers may have verified a replayed packet. */
static void rx_packet_test_mismatch(struct kunit *test)
{
	static const struct fixture_sa esn = { RX_PACKET_TUNNEL, .esn = true, .seq = 1000 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &esn);

	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &rx_packet_plain, 0x100000400));
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, 1);
	KUNIT_EXPECT_EQ(test, rx_packet_window(x), 1000);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_SEQ_MISMATCH), 1);
}

struct rx_packet_dummy_row {
	const char *name;
	struct fixture_sa sa;
	struct rx_packet_in packet;
};

static const struct rx_packet_dummy_row rx_packet_dummy_rows[] = {
	{ "tunnel", { RX_PACKET_TUNNEL }, { .next_header = IPPROTO_NONE } },
	{ "tunnel, empty", { RX_PACKET_TUNNEL }, { .next_header = IPPROTO_NONE, .empty = true } },
	{ "tunnel, IPv6, empty", { RX_PACKET_TUNNEL, .family = AF_INET6 },
	  { .next_header = IPPROTO_NONE, .empty = true } },
	{ "transport", { .packet = true }, { .next_header = IPPROTO_NONE } },
};

KUNIT_ARRAY_PARAM_DESC(rx_packet_dummy, rx_packet_dummy_rows, name);

/* S54: xfrm drops a dummy packet (RFC 4303 section 2.6) and counts it as it does in software. */
static void rx_packet_test_dummy(struct kunit *test)
{
	const struct rx_packet_dummy_row *row = test->param_value;
	unsigned long counted = packet_mib(LINUX_MIB_XFRMINSTATEPROTOERROR);
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &row->sa);

	KUNIT_EXPECT_FALSE(test, rx_packet_receive(f, x, &row->packet, 5));
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMINSTATEPROTOERROR), counted + 1);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_MEM), 0);
}

/* A tunnel whose packet has no room for an IP header, which the NIC cannot have verified. */
static void rx_packet_test_too_short(struct kunit *test)
{
	static const struct rx_packet_in empty = { .empty = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);
	struct ov2_rx_meta meta = rx_packet_meta(x, &empty, 5);
	u32 refs = refcount_read(&x->refcnt);

	KUNIT_EXPECT_EQ(test, rx_packet_rx(f, rx_packet_frame(f, x, &empty), &meta), -ENOMEM);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_MEM), 1);
}

struct rx_packet_tos_row {
	const char *name;
	u16 family;
	u32 flags;
	u8 tos;
};

static const struct rx_packet_tos_row rx_packet_tos_rows[] = {
	{ "IPv4", AF_INET, 0, 0xba },
	{ "IPv4, CE", AF_INET, 0, 0xbb },
	{ "IPv4, not ECT", AF_INET, 0, 0xb8 },
	{ "IPv4, DSCP", AF_INET, XFRM_STATE_DECAP_DSCP, 0xb9 },
	{ "IPv4, DSCP, CE", AF_INET, XFRM_STATE_DECAP_DSCP, 0x2b },
	{ "IPv4, no ECN", AF_INET, XFRM_STATE_NOECN, 0xba },
	{ "IPv6", AF_INET6, 0, 0xba },
	{ "IPv6, CE", AF_INET6, 0, 0xbb },
	{ "IPv6, DSCP", AF_INET6, XFRM_STATE_DECAP_DSCP, 0xb9 },
	{ "IPv6, DSCP, CE", AF_INET6, XFRM_STATE_DECAP_DSCP, 0x2b },
};

KUNIT_ARRAY_PARAM_DESC(rx_packet_tos, rx_packet_tos_rows, name);

/* S54: the NIC has taken over DSCP and ECN, and xfrm must not change them again. */
static void rx_packet_test_tos(struct kunit *test)
{
	const struct rx_packet_tos_row *row = test->param_value;
	struct fixture_sa want = { RX_PACKET_TUNNEL, .family = row->family };
	struct rx_packet_in packet = { .tos = row->tos };
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &want);

	x->props.flags |= row->flags;
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &packet, 1));
	rx_packet_expect_seen(test, x, &packet);
}

struct rx_packet_nat_row {
	const char *name;
	struct fixture_sa sa;
	bool port;
	bool addr;
};

static const struct rx_packet_nat_row rx_packet_nat_rows[] = {
	{ "port", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, .port = true },
	{ "address", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, .addr = true },
	{ "IPv6, port", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6 },
	  .port = true },
	{ "IPv6, address", { RX_PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6 },
	  .addr = true },
	{ "transport, port", { .packet = true, .encap = UDP_ENCAP_ESPINUDP }, .port = true },
};

KUNIT_ARRAY_PARAM_DESC(rx_packet_nat, rx_packet_nat_rows, name);

/* S55: the IKE daemon learns that the other end has a new address or port. */
static void rx_packet_test_nat(struct kunit *test)
{
	const struct rx_packet_nat_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &row->sa);
	struct ov2_rx_meta meta = rx_packet_meta(x, &rx_packet_plain, 5);
	u32 words = x->props.family == AF_INET ? 1 : 4;

	if (row->port)
		meta.sport = htons(1234);
	if (row->addr)
		meta.saddr.s6_addr32[words - 1] ^= htonl(0xff);
	KUNIT_EXPECT_EQ(test, rx_packet_rx(f, rx_packet_frame(f, x, &rx_packet_plain), &meta), 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, 0);
	KUNIT_EXPECT_EQ(test, km_seen.mappings, 1);
	KUNIT_EXPECT_EQ(test, ntohs(km_seen.port), ntohs(meta.sport));
	KUNIT_EXPECT_MEMEQ(test, &km_seen.addr, &meta.saddr, 4 * words);
}

/* The output mark of the SA is set, as after software has decrypted. */
static void rx_packet_test_mark(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_transport);

	x->props.smark.v = 0x42;
	x->props.smark.m = 0xff;
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 1));
	KUNIT_EXPECT_EQ(test, packet_seen.mark, 0x42);
}

/* S59, S60: SaDeleteReq comes with a packet, whether xfrm accepts it or not, and is answered once.
 */
static void rx_packet_test_delreq(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);
	struct ov2_rx_meta meta = rx_packet_meta(x, &rx_packet_plain, 5);
	int i;

	disable_work_sync(&f->nic->delreq_work);
	meta.flags |= OV2_RX_SA_DELETE_REQ;
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, rx_packet_rx(f, rx_packet_frame(f, x, &rx_packet_plain),
						   &meta), 1);
		KUNIT_EXPECT_EQ(test, packet_seen.err, -i);
		KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE | XFRM_GRO);
		KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 1 + i);
	}
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	enable_and_queue_work(f->nic->wq, &f->nic->delreq_work);
	flush_work(&f->nic->delreq_work);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, km_seen.hard, 1);
}

/* The packet is not addressed to the port: it may be a copy. Its number must not be used up. */
static void rx_packet_test_not_to_us(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);
	struct sk_buff *skb = rx_packet_frame(f, x, &rx_packet_plain);
	struct ov2_rx_meta meta = rx_packet_meta(x, &rx_packet_plain, 5);

	skb->pkt_type = PACKET_OTHERHOST;
	KUNIT_EXPECT_EQ(test, rx_packet_rx(f, skb, &meta), -ENOENT);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
	KUNIT_EXPECT_TRUE(test, rx_packet_receive(f, x, &rx_packet_plain, 5));
}

/* Whichever allocation fails, the packet is dropped and counted before xfrm knows of it. */
static void rx_packet_test_no_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = rx_packet_sa(f, &rx_packet_tunnel);
	struct ov2_rx_meta meta = rx_packet_meta(x, &rx_packet_plain, 5);
	u32 refs = refcount_read(&x->refcnt), nth;
	int ret;

	for (nth = 1; nth < 10; nth++) {
		struct sk_buff *skb = rx_packet_frame(f, x, &rx_packet_plain);
		bool failed;

		fault_nth(test, nth);
		ret = rx_packet_rx(f, skb, &meta);
		failed = fault_done();
		if (!failed || ret == 1)
			break;
		KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
		KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_MEM), nth);
		KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);
		KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	}
	/* The sec_path and the room for the headers. */
	KUNIT_EXPECT_GE(test, nth, 3);
	KUNIT_EXPECT_EQ(test, ret, 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
}

static struct kunit_case rx_packet_cases[] = {
	KUNIT_CASE_PARAM(rx_packet_test_accepted, rx_packet_gen_params),
	KUNIT_CASE(rx_packet_test_window),
	KUNIT_CASE(rx_packet_test_expiry),
	KUNIT_CASE_PARAM(rx_packet_test_failed, rx_packet_status_gen_params),
	KUNIT_CASE(rx_packet_test_mismatch),
	KUNIT_CASE_PARAM(rx_packet_test_dummy, rx_packet_dummy_gen_params),
	KUNIT_CASE(rx_packet_test_too_short),
	KUNIT_CASE_PARAM(rx_packet_test_tos, rx_packet_tos_gen_params),
	KUNIT_CASE_PARAM(rx_packet_test_nat, rx_packet_nat_gen_params),
	KUNIT_CASE(rx_packet_test_mark),
	KUNIT_CASE(rx_packet_test_delreq),
	KUNIT_CASE(rx_packet_test_not_to_us),
	KUNIT_CASE(rx_packet_test_no_memory),
	{ }
};

static struct kunit_suite rx_packet_suite = {
	.name = "ov2_rx_packet",
	.init = rx_packet_init,
	.exit = rx_packet_exit,
	.test_cases = rx_packet_cases,
};

kunit_test_suite(rx_packet_suite);
