// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the last step of the receive path, which gives a packet that the NIC has decrypted to
 * xfrm. Owns nothing.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/esp.h>
#include <net/xfrm.h>
#include "rx.h"

/* Returns true if xfrm_input() is going to infer the sequence number that the NIC has used.
 * xfrm_input() infers the upper half of an ESN itself, but trusts the NIC's verdict on the ICV.
 * With a different upper half it would accept a replayed packet as a new one. RFC 4303 appendix A2.
 */
bool ov2_rx_seq_agrees(struct xfrm_state *x, u64 seq)
{
	if (!(x->props.flags & XFRM_STATE_ESN))
		return true;
	return xfrm_replay_seqhi(x, htonl(lower_32_bits(seq))) == upper_32_bits(seq);
}

/* If xfrm does not infer the number of a good packet, treat the ICV as wrong, because it is wrong
 * for xfrm's number.
 */
void ov2_rx_check_seq(struct sk_buff *skb)
{
	struct xfrm_state *x = xfrm_input_state(skb);
	struct xfrm_offload *xo = xfrm_offload(skb);

	if (!(xo->status & CRYPTO_SUCCESS) ||
	    ov2_rx_seq_agrees(x, (u64)xo->seq.hi << 32 | xo->seq.low))
		return;
	xo->status = x->props.mode == XFRM_MODE_TUNNEL ? CRYPTO_TUNNEL_ESP_AUTH_FAILED :
							 CRYPTO_TRANSPORT_ESP_AUTH_FAILED;
}

/* Gives a marked packet to xfrm. @encap_type is that of the socket that received it, 0 without UDP.
 * The control block is as IP left it, or zero.
 *
 * Check the number again, because the window may have moved while a stand-in was on its way.
 * xfrm_input() follows at once. Both it and xfrm_replay_seqhi() read the window without x->lock, so
 * they can disagree only about a packet at the left edge of a window that another CPU moves in
 * between.
 */
int ov2_rx_input(struct sk_buff *skb, u32 esp_off, int encap_type)
{
	bool ipv4 = skb->protocol == htons(ETH_P_IP);

	ov2_rx_check_seq(skb);
	__skb_pull(skb, esp_off);
	skb_reset_transport_header(skb);
	if (ipv4)
		XFRM_TUNNEL_SKB_CB(skb)->tunnel.ip4 = NULL;
	else
		XFRM_TUNNEL_SKB_CB(skb)->tunnel.ip6 = NULL;
	XFRM_SPI_SKB_CB(skb)->family = ipv4 ? AF_INET : AF_INET6;
	XFRM_SPI_SKB_CB(skb)->daddroff = ipv4 ? offsetof(struct iphdr, daddr) :
						offsetof(struct ipv6hdr, daddr);
	XFRM_SPI_SKB_CB(skb)->seq = ip_esp_hdr(skb)->seq_no;
	return xfrm_input(skb, IPPROTO_ESP, ip_esp_hdr(skb)->spi, encap_type);
}
