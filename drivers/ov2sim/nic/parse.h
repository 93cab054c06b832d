/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's parser of frames. */
#ifndef __OV2SIM_NIC_PARSE_H
#define __OV2SIM_NIC_PARSE_H

#include <net/ov2/types.h>

/**
 * struct ov2sim_pkt - An unfragmented IP packet without options and extension headers.
 * @family: IP version
 * @proto: protocol of the IP payload
 * @l3: offset of the IP header
 * @l4: offset of the IP payload
 * @end: offset of the end of the IP packet; padding of the frame may follow
 * @saddr: source; IPv4 in the first word
 * @daddr: destination, likewise
 * @sport: TCP, UDP: source port
 * @dport: TCP, UDP: destination port
 * @esp: offset of the ESP header, 0 if there is none; in UDP it is one only if an SA matches
 * @encap: encapsulation of @esp
 * @spi: SPI, if @esp is set
 */
struct ov2sim_pkt {
	enum ov2_family family;
	u8 proto;
	u32 l3;
	u32 l4;
	u32 end;
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u32 esp;
	enum ov2_encap encap;
	__be32 spi;
};

bool ov2sim_parse_frame(const u8 *data, u32 len, struct ov2sim_pkt *pkt);
bool ov2sim_parse_options(const u8 *data, u32 len, struct ov2sim_pkt *pkt);
bool ov2sim_parse_ip(const u8 *data, u32 l3, u32 len, enum ov2_family family,
		     struct ov2sim_pkt *pkt);
void ov2sim_parse_l4(const u8 *data, struct ov2sim_pkt *pkt);
u32 ov2sim_pkt_hash(const struct ov2sim_pkt *pkt, bool *l4);
u32 ov2sim_parse_hash(const u8 *data, u32 len, bool *l4);
bool ov2sim_pkt_csum_ok(const u8 *data, const struct ov2sim_pkt *pkt);

#endif /* __OV2SIM_NIC_PARSE_H */
