// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the protocol handlers through which xfrm calls the receive path. Owns their
 * registration.
 */
#include <linux/skbuff.h>
#include <net/xfrm.h>
#include "ov2.h"
#include "rx.h"

/* Higher than the priority of vti, so that stand-ins come here first and SA_DELETE_REQ is seen
 * whichever handler gets the packet.
 */
#define OV2_RX_PRIORITY	200

/* xfrm_input() calls this at its end, whether it accepted the packet or not. Always passes the
 * packet on. Context: softirq, RCU read side.
 */
static int ov2_rx_cb(struct sk_buff *skb, int err)
{
	struct xfrm_offload *xo = xfrm_offload(skb);
	const struct xfrm_state *x;
	struct ov2_sa *sa;

	if (!xo || !(xo->flags & SA_DELETE_REQ))
		return 1;
	xo->flags &= ~SA_DELETE_REQ;
	x = xfrm_input_state(skb);
	sa = ov2_sa_find(READ_ONCE(x->xso.offload_handle));
	if (sa && rcu_access_pointer(sa->x) == x)
		ov2_delreq_raise(sa);
	return 1;
}

static int ov2_rx_esp(struct sk_buff *skb)
{
	return ov2_held_input(skb, 0);
}

static int ov2_rx_esp_in_udp(struct sk_buff *skb, int nexthdr, __be32 spi, int encap_type)
{
	return ov2_held_input(skb, encap_type);
}

static int ov2_rx_err4(struct sk_buff *skb, u32 info)
{
	return -ENOENT;
}

static int ov2_rx_err6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
		       int offset, __be32 info)
{
	return -ENOENT;
}

static struct xfrm4_protocol ov2_rx_protocol4 = {
	.handler = ov2_rx_esp,
	.input_handler = ov2_rx_esp_in_udp,
	.cb_handler = ov2_rx_cb,
	.err_handler = ov2_rx_err4,
	.priority = OV2_RX_PRIORITY,
};

static struct xfrm6_protocol ov2_rx_protocol6 = {
	.handler = ov2_rx_esp,
	.input_handler = ov2_rx_esp_in_udp,
	.cb_handler = ov2_rx_cb,
	.err_handler = ov2_rx_err6,
	.priority = OV2_RX_PRIORITY,
};

int ov2_rx_init(void)
{
	int err;

	ov2_held_init();
	err = xfrm4_protocol_register(&ov2_rx_protocol4, IPPROTO_ESP);
	if (err)
		goto err_held;
	err = xfrm6_protocol_register(&ov2_rx_protocol6, IPPROTO_ESP);
	if (err)
		goto err_protocol4;
	return 0;

err_protocol4:
	xfrm4_protocol_deregister(&ov2_rx_protocol4, IPPROTO_ESP);
err_held:
	ov2_held_exit();
	return err;
}

void ov2_rx_exit(void)
{
	xfrm6_protocol_deregister(&ov2_rx_protocol6, IPPROTO_ESP);
	xfrm4_protocol_deregister(&ov2_rx_protocol4, IPPROTO_ESP);
	ov2_held_exit();
}
