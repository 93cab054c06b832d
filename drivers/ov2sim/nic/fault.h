/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: fault injection, switched by debugfs. */
#ifndef __OV2SIM_NIC_FAULT_H
#define __OV2SIM_NIC_FAULT_H

#include <linux/types.h>

/**
 * struct ov2sim_faults - Fault injection knobs; 0 is off.
 * @delay: execute each list this many milliseconds after its turn has come; a change also applies
 *	to the list that is being delayed
 * @delay_us: execute each list this many microseconds later, at most OV2SIM_DELAY_US_MAX; neither a
 *	cancel nor a reset ends such a delay
 * @lose: never execute and never answer this many of the next lists
 * @deaf: ignore this many of the next cancels
 * @refuse: refuse this node of each ADD_SA list, counted from 1
 * @reorder: execute this many of the next lists only after the list that follows
 * @nomem: run out of memory for this many of the next SAs
 * @delete_req_all: raise SaDeleteReq on every packet of every inbound SA
 * @seq_limit: raise SaDeleteReq when a sequence number, with ESN its upper half, is at least this
 * @corrupt_tx: flip a bit in this many of the next encrypted frames that are sent
 * @corrupt_rx: flip a bit in this many of the next encrypted frames that are received
 *
 * debugfs writes the knobs without a lock at any time.
 */
struct ov2sim_faults {
	u32 delay;
	u32 delay_us;
	u32 lose;
	u32 deaf;
	u32 refuse;
	u32 reorder;
	u32 nomem;
	u32 delete_req_all;
	u32 seq_limit;
	u32 corrupt_tx;
	u32 corrupt_rx;
};

#define OV2SIM_DELAY_US_MAX	10000U

/* SaDeleteReq comes 2^24 packets before the last number, so that there is time to rekey. */
#define OV2SIM_SEQ_LIMIT	0xff000000U

bool ov2sim_fault_take(u32 *knob);

#endif /* __OV2SIM_NIC_FAULT_H */
