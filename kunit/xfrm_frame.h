/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites: packets that xfrm itself has framed for an offloaded SA. */
#ifndef __OV2_KUNIT_XFRM_FRAME_H
#define __OV2_KUNIT_XFRM_FRAME_H

#include <kunit/test.h>
#include <linux/netdevice.h>
#include <net/xfrm.h>

#define FRAME_PROTO	253	/* what the packet carries, RFC 3692 */

struct sk_buff *frame_packet(struct kunit *test, struct xfrm_state *x, u32 len);

#endif /* __OV2_KUNIT_XFRM_FRAME_H */
