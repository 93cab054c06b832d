/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: a NIC whose two ports are linked to each other, for KUnit. */
#ifndef __OV2_NIC_PORT_H
#define __OV2_NIC_PORT_H

#include "../drivers/ov2sim/nic/nic.h"
#include "nic_packet.h"

#define NIC_PORT_ALL_RX	(OV2SIM_PORT_ESP_RX | OV2SIM_PORT_CSUM_RX)

/**
 * struct nic_port - A NIC whose port 1 receives what port 0 sends.
 * @nic: the fixture of the NIC
 * @hw: the NIC
 * @frames: number of frames that existed before the test
 * @sas: number of SAs that existed before the test
 * @posted: buffers posted so far
 * @bufs: the buffers
 * @rxc: the last received packet
 * @txc: the last reaped packet
 */
struct nic_port {
	struct nic_fixture *nic;
	struct ov2sim_hw *hw;
	unsigned int frames;
	unsigned int sas;
	unsigned int posted;
	void *bufs[NIC_TEST_RING];
	struct ov2sim_rxc rxc;
	struct ov2sim_txc txc;
};

extern const struct nic_packet nic_port_plain;
extern const struct nic_packet nic_port_lso;
extern const struct nic_packet nic_port_esp;

int nic_port_init(struct kunit *test);
void nic_port_post(struct kunit *test, u32 size);
bool nic_port_rx(struct kunit *test);
int nic_port_tx_done(struct kunit *test);
void nic_port_queue(struct kunit *test, const struct nic_packet *p);
int nic_port_send(struct kunit *test, const struct nic_packet *p);
u32 *nic_port_fault(struct kunit *test, const char *name);
u64 nic_port_stat(struct kunit *test, u32 port, enum ov2sim_stat stat);
void nic_port_exit(struct kunit *test);
void nic_port_add_sas(struct kunit *test, struct ov2_add_sa *out, struct ov2_add_sa *in);
struct sk_buff *nic_port_foreign(struct kunit *test, const struct nic_packet *p,
				 struct ov2sim_txd *txd);
bool nic_port_foreign_processed(struct kunit *test, const struct ov2sim_txd *txd);

#endif /* __OV2_NIC_PORT_H */
