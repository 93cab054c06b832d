/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's ports and their wires. Part of nic.h, which is the header to include. */
#ifndef __OV2SIM_NIC_PORTS_H
#define __OV2SIM_NIC_PORTS_H

#include <linux/bits.h>
#include <linux/types.h>

struct ov2sim_hw;
struct sk_buff;

/* Ports: port.c */

/**
 * struct ov2sim_port_config - Rings of a port.
 * @queues: queue pairs, 1 to &struct ov2sim_hw_config.queues
 * @tx_ring: descriptors of each TX ring, a power of two
 * @rx_ring: descriptors of each RX ring, a power of two
 */
struct ov2sim_port_config {
	u32 queues;
	u32 tx_ring;
	u32 rx_ring;
};

/* Receive features of a port, all off at the start. */
#define OV2SIM_PORT_ESP_RX	BIT(0)	/* decrypt */
#define OV2SIM_PORT_CSUM_RX	BIT(1)	/* verify checksums */

/**
 * ov2sim_hw_port_open - allocate the rings of a port
 * @hw: the NIC
 * @port: index of the port
 * @config: number and size of the rings
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL, -EBUSY if the port is open, or -ENOMEM.
 */
int ov2sim_hw_port_open(struct ov2sim_hw *hw, u32 port, const struct ov2sim_port_config *config);

/**
 * ov2sim_hw_port_start - begin to send and receive
 * @hw: the NIC
 * @port: index of an open port
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_port_start(struct ov2sim_hw *hw, u32 port);

/**
 * ov2sim_hw_port_stop - stop sending and receiving
 * @hw: the NIC
 * @port: index of an open port
 *
 * When this returns the NIC touches no skb and no buffer, and raises no interrupt for the port. The
 * driver can reap all descriptors. Those that the NIC has not processed have the status -ECANCELED
 * (TX) or the flag OV2SIM_RX_RETURNED (RX).
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_port_stop(struct ov2sim_hw *hw, u32 port);

/**
 * ov2sim_hw_port_close - free the rings of a stopped port
 * @hw: the NIC
 * @port: index of the port
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_port_close(struct ov2sim_hw *hw, u32 port);

/**
 * ov2sim_hw_port_address - set the unicast address of a port
 * @hw: the NIC
 * @port: index of the port
 * @addr: the MAC address, aligned to two bytes; all zeros at the start, which matches no frame
 *
 * A port receives all frames, but it processes ESP only in frames that are addressed to it. The
 * address may be set at any time; frames that arrive meanwhile see the old address or the new one.
 *
 * Context: any.
 */
void ov2sim_hw_port_address(struct ov2sim_hw *hw, u32 port, const u8 *addr);

/**
 * ov2sim_hw_port_features - set the receive features of a port
 * @hw: the NIC
 * @port: index of the port
 * @features: OV2SIM_PORT_* bits
 *
 * Context: any, at any time.
 */
void ov2sim_hw_port_features(struct ov2sim_hw *hw, u32 port, u32 features);

/* The wire: link.c */

/**
 * ov2sim_hw_link - connect two ports by a wire
 * @hw_a: a NIC
 * @port_a: index of its port
 * @hw_b: a NIC, perhaps the same one
 * @port_b: index of its port, another port than the first
 *
 * The link is up while both ports are started.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL if a port does not exist or for a port with itself; -ENODEV after
 * ov2sim_hw_surprise_remove(); -EBUSY if a port is linked already.
 */
int ov2sim_hw_link(struct ov2sim_hw *hw_a, u32 port_a, struct ov2sim_hw *hw_b, u32 port_b);

/**
 * ov2sim_hw_unlink - remove the wire from a port
 * @hw: the NIC
 * @port: index of the port
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL if the port does not exist, -ENOLINK if it is not linked. After that no
 * worker is in &struct ov2sim_wire.send for the port.
 */
int ov2sim_hw_unlink(struct ov2sim_hw *hw, u32 port);

/**
 * struct ov2sim_wire - A wire that the driver provides.
 * @send: put a frame of @len bytes, from the Ethernet header on, on the wire. A worker calls it
 *	under RCU; it must not sleep. It returns 0 or the reason why the frame is lost: -EMSGSIZE
 *	if it is too long for the wire, -ENETDOWN if the wire is down, any other errno if it has no
 *	room.
 * @up: carrier; written by ov2sim_hw_wire_carrier()
 *
 * Unlike the wire to another port it cannot pause a sender, and it does not pause itself.
 */
struct ov2sim_wire {
	int (*send)(struct ov2sim_wire *wire, const void *data, u32 len);
	bool up;
};

/**
 * ov2sim_hw_wire_attach - connect a port to a wire of the driver's
 * @hw: the NIC
 * @port: index of the port
 * @wire: the wire; must stay valid until ov2sim_hw_unlink() has returned
 *
 * The link is up while the port is started and the wire has a carrier.
 *
 * Context: process, may sleep.
 * Return: 0; -ENODEV after ov2sim_hw_surprise_remove(); -EBUSY if the port is linked already.
 */
int ov2sim_hw_wire_attach(struct ov2sim_hw *hw, u32 port, struct ov2sim_wire *wire);

/**
 * ov2sim_hw_wire_carrier - tell the NIC whether the wire of a port has a carrier
 * @hw: the NIC
 * @port: index of the port
 * @wire: its wire; nothing else happens if it is not attached
 * @up: whether there is a carrier
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_wire_carrier(struct ov2sim_hw *hw, u32 port, struct ov2sim_wire *wire, bool up);

/**
 * ov2sim_hw_wire_rx - a frame has arrived on a wire of the driver's
 * @hw: the NIC
 * @port: index of the port
 * @skb: the frame as it is on a wire, data at the Ethernet header; it is copied
 *
 * Drops and counts the frame if the port has no room.
 *
 * Context: any up to softirq.
 * Return: 0, or a negative errno if the frame is lost.
 */
int ov2sim_hw_wire_rx(struct ov2sim_hw *hw, u32 port, const struct sk_buff *skb);

/**
 * ov2sim_hw_peer - tell which port a port is linked to
 * @hw: the NIC
 * @port: index of the port
 * @name: filled with the name of the other port's NIC
 * @size: size of @name
 *
 * Context: process, may sleep.
 * Return: the index of the other port in its NIC; -ENOLINK if the port is not linked to a port.
 */
int ov2sim_hw_peer(struct ov2sim_hw *hw, u32 port, char *name, size_t size);

#endif /* __OV2SIM_NIC_PORTS_H */
