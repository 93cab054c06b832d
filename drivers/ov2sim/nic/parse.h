/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's view of a frame's headers. */
#ifndef __OV2SIM_NIC_PARSE_H
#define __OV2SIM_NIC_PARSE_H

#include <net/ov2/types.h>

/**
 * struct ov2sim_pkt - An IP packet without options, extension headers or fragments.
 * @family: IP version
 * @proto: protocol after the IP header
 * @l3: offset of the IP header
 * @l4: offset of what follows it
 * @end: offset of the end of the IP packet; padding of the frame may follow
 * @saddr: source, IPv4 in the first word
 * @daddr: destination
 * @sport: source port, TCP and UDP
 * @dport: destination port, TCP and UDP
 * @esp: offset of what is an ESP header if an SA matches it, else 0
 * @encap: how @esp is encapsulated
 * @spi: SPI, with @esp
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
u32 ov2sim_pkt_hash(const u8 *data, u32 len, bool *l4);
bool ov2sim_pkt_csum_ok(const u8 *data, const struct ov2sim_pkt *pkt);

#endif /* __OV2SIM_NIC_PARSE_H */
