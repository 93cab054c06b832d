/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's counters, SAs and requests, and its fault knobs. Part of nic.h, which is the
 * header to include.
 */
#ifndef __OV2SIM_NIC_INFO_H
#define __OV2SIM_NIC_INFO_H

#include <net/ov2/types.h>

struct ov2sim_hw;

/* Counters: info.c */
enum ov2sim_stat {
	OV2SIM_STAT_RX_PKTS,
	OV2SIM_STAT_RX_BYTES,
	OV2SIM_STAT_RX_FAIL,
	OV2SIM_STAT_RX_NO_SA,
	OV2SIM_STAT_TX_PKTS,
	OV2SIM_STAT_TX_BYTES,
	OV2SIM_STAT_TX_DROP,
	OV2SIM_STAT_TX_NO_SA,
	OV2SIM_STAT_TX_MISMATCH,
	OV2SIM_STAT_TX_LSO,
	OV2SIM_STAT_WIRE_RX,
	OV2SIM_STAT_WIRE_TX,
	OV2SIM_STAT_RX_NO_BUFFER,
	OV2SIM_STAT_RX_TOO_LONG,
	OV2SIM_STAT_TX_NO_LINK,
	OV2SIM_STAT_TX_NO_ROOM,
	OV2SIM_STAT_TX_BAD,
	OV2SIM_STAT_RESET_DROP,
	OV2SIM_STAT_NO_MEM,
	OV2SIM_STAT_DELETE_REQ,
	OV2SIM_STAT_CRASH_DROP,
	OV2SIM_STAT_CORRUPTED,
	OV2SIM_STAT_TX_FRAMED,
	OV2SIM_STAT_RX_UNFRAMED,
	OV2SIM_STAT_TX_TOO_LONG,
	OV2SIM_STAT_COUNT,
};

/* Names for ethtool -S by enum ov2sim_stat; mlx5's names where it has such a counter. */
extern const char *const ov2sim_stat_names[OV2SIM_STAT_COUNT];

/**
 * ov2sim_hw_stats - read the counters of a port
 * @hw: the NIC
 * @port: index of the port
 * @stats: filled, by &enum ov2sim_stat
 *
 * Context: any.
 */
void ov2sim_hw_stats(struct ov2sim_hw *hw, u32 port, u64 stats[OV2SIM_STAT_COUNT]);

/* SAs: info.c */

/**
 * struct ov2sim_sa_id - Identity of an SA, constant from its add to its delete.
 * @handle: the NIC's name for it, offload_handle
 * @cookie: the core's name for it
 * @port: port
 * @dir: direction
 * @family: family of the addresses
 * @mode: mode
 * @encap: encapsulation
 * @encap_dport: UDP destination port
 * @esn: 64-bit sequence numbers
 * @packet: packet mode
 * @outer: packet mode, tunnel: OV2_OUTER_*
 * @spi: SPI
 * @saddr: source; IPv4 in the first word, the others are 0
 * @daddr: destination, likewise
 */
struct ov2sim_sa_id {
	u32 handle;
	u32 cookie;
	u32 port;
	enum ov2_dir dir;
	enum ov2_family family;
	enum ov2_mode mode;
	enum ov2_encap encap;
	__be16 encap_dport;
	bool esn;
	bool packet;
	u8 outer;
	__be32 spi;
	struct in6_addr saddr;
	struct in6_addr daddr;
};

/**
 * struct ov2sim_sa_info - State of an SA for debugfs and devlink, without its keys.
 * @id: its identity
 * @alg: name of the algorithm
 * @icv_len: ICV length in bytes
 * @packets: packets processed successfully
 * @bytes: bytes of their frames
 * @fails: packets whose processing failed
 * @seq: highest 64-bit sequence number sent or verified
 * @delete_req: SaDeleteReq is raised on its packets
 */
struct ov2sim_sa_info {
	struct ov2sim_sa_id id;
	const char *alg;
	u16 icv_len;
	u64 packets;
	u64 bytes;
	u64 fails;
	u64 seq;
	bool delete_req;
};

/**
 * ov2sim_hw_sa_next - walk the SA table in the order of handles
 * @hw: the NIC
 * @handle: handle of the previous SA, 0 to begin
 * @info: filled with the next SA
 *
 * Context: process, may sleep.
 * Return: false at the end.
 */
bool ov2sim_hw_sa_next(struct ov2sim_hw *hw, u32 handle, struct ov2sim_sa_info *info);

/**
 * ov2sim_hw_sa_count - count the SAs in the table
 * @hw: the NIC
 *
 * Context: any.
 * Return: their number.
 */
u32 ov2sim_hw_sa_count(struct ov2sim_hw *hw);

/* Faults: fault.c */

/**
 * ov2sim_hw_fault - find a fault injection knob
 * @hw: the NIC
 * @i: index, from 0
 * @name: set to its name
 *
 * fault.c lists the knobs.
 *
 * Return: the knob, 0 is off; NULL after the last one.
 */
u32 *ov2sim_hw_fault(struct ov2sim_hw *hw, unsigned int i, const char **name);

#endif /* __OV2SIM_NIC_INFO_H */
