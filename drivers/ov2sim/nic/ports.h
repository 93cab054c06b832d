/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's ports and their wires. Part of nic.h, which is what to include. */
#ifndef __OV2SIM_NIC_PORTS_H
#define __OV2SIM_NIC_PORTS_H

#include <linux/bits.h>
#include <linux/types.h>

struct ov2sim_hw;

/* Ports: port.c */

/**
 * struct ov2sim_port_config - Rings of a port.
 * @queues: queue pairs, 1 to &struct ov2sim_hw_config.queues
 * @tx_ring: descriptors per TX ring, a power of two
 * @rx_ring: descriptors per RX ring, a power of two
 */
struct ov2sim_port_config {
	u32 queues;
	u32 tx_ring;
	u32 rx_ring;
};

/* What a port does on receive: struct ov2sim_hw port features, all off at the start */
#define OV2SIM_PORT_ESP_RX	BIT(0)	/* decrypt */
#define OV2SIM_PORT_CSUM_RX	BIT(1)	/* verify checksums */

/**
 * ov2sim_hw_port_open() - Allocate a port's rings.
 * @hw: the NIC
 * @port: index of the port
 * @config: how many, how long
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL, -EBUSY (open already) or -ENOMEM.
 */
int ov2sim_hw_port_open(struct ov2sim_hw *hw, u32 port, const struct ov2sim_port_config *config);

/** ov2sim_hw_port_start() - Begin to send and receive. Context: process, may sleep. */
void ov2sim_hw_port_start(struct ov2sim_hw *hw, u32 port);

/**
 * ov2sim_hw_port_stop() - Stop sending and receiving.
 * @hw: the NIC
 * @port: index of the port
 *
 * When it returns the NIC touches no skb and no buffer any more and raises no interrupt, and all
 * descriptors can be reaped: those that were not done have the status -ECANCELED (TX) or the flag
 * OV2SIM_RX_RETURNED (RX). Context: process, may sleep.
 */
void ov2sim_hw_port_stop(struct ov2sim_hw *hw, u32 port);

/** ov2sim_hw_port_close() - Free the rings of a stopped port. Context: process, may sleep. */
void ov2sim_hw_port_close(struct ov2sim_hw *hw, u32 port);

/**
 * ov2sim_hw_port_address() - Tell a port its unicast address.
 * @hw: the NIC
 * @port: index of the port
 * @addr: the MAC address, aligned to two bytes; all zeros at the start, which no frame has
 *
 * A port receives all frames, but it processes ESP only in frames that are addressed to it. May be
 * called at any time; frames that come at the same time find the old address or the new one.
 * Context: any.
 */
void ov2sim_hw_port_address(struct ov2sim_hw *hw, u32 port, const u8 *addr);

/** ov2sim_hw_port_features() - Set OV2SIM_PORT_* bits, at any time. Context: any. */
void ov2sim_hw_port_features(struct ov2sim_hw *hw, u32 port, u32 features);

/* The wire: link.c */

/**
 * ov2sim_hw_link() - Plug a wire in.
 * @hw_a: a NIC
 * @port_a: its port
 * @hw_b: a NIC, perhaps the same
 * @port_b: its port, another one
 *
 * The link is up while both ports are started. Context: process, may sleep.
 * Return: 0, -EINVAL for no such port or a port with itself, -ENODEV after ov2sim_hw_surprise_remove(),
 * -EBUSY if one is linked already.
 */
int ov2sim_hw_link(struct ov2sim_hw *hw_a, u32 port_a, struct ov2sim_hw *hw_b, u32 port_b);

/**
 * ov2sim_hw_unlink() - Pull the wire out of a port.
 * @hw: the NIC
 * @port: index of the port
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for no such port, -ENOLINK if it is not linked.
 */
int ov2sim_hw_unlink(struct ov2sim_hw *hw, u32 port);

#endif /* __OV2SIM_NIC_PORTS_H */
