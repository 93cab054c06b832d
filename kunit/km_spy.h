/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites of the core: what xfrm tells a key manager, such as an IKE daemon. */
#ifndef __OV2_KUNIT_KM_SPY_H
#define __OV2_KUNIT_KM_SPY_H

#include <net/xfrm.h>

/**
 * struct km_seen - What xfrm has told since km_spy_start().
 * @soft: soft expires of states
 * @hard: hard expires of states
 * @replays: reports of sequence numbers (XFRM_MSG_NEWAE)
 * @timeouts: those of them that are due to time
 * @mappings: new NAT mappings
 * @addr: address of the last one
 * @port: its port
 */
struct km_seen {
	u32 soft;
	u32 hard;
	u32 replays;
	u32 timeouts;
	u32 mappings;
	xfrm_address_t addr;
	__be16 port;
};

extern struct km_seen km_seen;

void km_spy_start(void);
void km_spy_stop(void);

#endif /* __OV2_KUNIT_KM_SPY_H */
