/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the suites of the core: a fake NIC with two netdevs, and real xfrm_states that are offloaded,
 * deleted and freed by xfrm itself.
 */
#ifndef __OV2_KUNIT_XFRM_FIXTURE_H
#define __OV2_KUNIT_XFRM_FIXTURE_H

#include <net/xfrm.h>
#include "../drivers/ov2/ov2.h"
#include "fake_nic.h"

#define FIXTURE_PORTS		2
#define FIXTURE_SPI		0x2000	/* of the first SA; the others count up */
#define FIXTURE_UNSPEC		0xffff	/* a selector for any family */

/* A state of the test, for the teardown. */
struct fixture_node {
	struct list_head list;
	struct xfrm_state *x;
};

/**
 * struct fixture - The objects of a test.
 * @test: the test
 * @fake: the NIC
 * @nic: the core's part of the NIC
 * @netdev: its ports, registered and down
 * @states: states that fixture_sa() has created and that are not deleted yet
 * @next_spi: for the next state
 * @extack: message of the last add
 */
struct fixture {
	struct kunit *test;
	struct fake_nic *fake;
	struct ov2_nic *nic;
	struct net_device *netdev[FIXTURE_PORTS];
	struct list_head states;
	u32 next_spi;
	struct netlink_ext_ack extack;
};

/**
 * struct fixture_sa - Parameters of a state.
 * @out: outbound
 * @family: 0 for AF_INET
 * @mode: XFRM_MODE_*
 * @proto: 0 for ESP
 * @packet: request packet offload
 * @aead: combined algorithm; without @ealg and @aalg: AES-GCM-128
 * @aead_bits: bits of its key, salt included
 * @aead_icv: bits of its ICV
 * @ealg: encryption
 * @ealg_bits: bits of its key
 * @aalg: authentication
 * @aalg_bits: bits of its key
 * @aalg_trunc: bits of its ICV
 * @esn: ESN
 * @bmp: the replay structure of ESN, without ESN
 * @window: replay window
 * @oseq: the last sequence number sent
 * @seq: the last sequence number received
 * @encap: UDP_ENCAP_* or 0
 * @mark: value and mask
 * @if_id: id of the xfrm interface
 * @reqid: reqid
 * @sel_family: 0 for that of @family, FIXTURE_UNSPEC for none
 * @soft_packets: 0 for none
 * @hard_packets: 0 for none
 * @geniv: an IV generator other than xfrm's
 * @port: index of the netdev
 */
struct fixture_sa {
	bool out;
	u16 family;
	u8 mode;
	u8 proto;
	bool packet;
	const char *aead;
	u16 aead_bits;
	u16 aead_icv;
	const char *ealg;
	u16 ealg_bits;
	const char *aalg;
	u16 aalg_bits;
	u16 aalg_trunc;
	bool esn;
	bool bmp;
	u32 window;
	u64 oseq;
	u64 seq;
	u16 encap;
	u32 mark;
	u32 if_id;
	u32 reqid;
	u16 sel_family;
	u64 soft_packets;
	u64 hard_packets;
	const char *geniv;
	u32 port;
};

struct fixture *fixture_create(struct kunit *test, const struct ov2_caps *caps);
void fixture_destroy(struct fixture *f);

struct xfrm_state *fixture_state(struct fixture *f, const struct fixture_sa *want);
int fixture_dev_add(struct fixture *f, struct xfrm_state *x, const struct fixture_sa *want);
int fixture_offload(struct fixture *f, struct xfrm_state *x, const struct fixture_sa *want);
void fixture_forget(struct fixture *f, struct xfrm_state *x);
struct xfrm_state *fixture_sa(struct fixture *f, const struct fixture_sa *want);
struct xfrm_state *fixture_blocker(struct fixture *f);
void fixture_delete(struct fixture *f, struct xfrm_state *x);
void fixture_gc(void);
void fixture_check(struct fixture *f);
void fixture_settle(struct fixture *f);
bool fixture_keys(struct fixture *f);
void fixture_tick(struct fixture *f);
void fixture_close(struct fixture *f);

struct ov2_sa *fixture_entry(struct xfrm_state *x);
enum ov2_sa_phase fixture_sa_state(struct xfrm_state *x);
void fixture_expect_state(struct fixture *f, struct xfrm_state *x, enum ov2_sa_phase state);
u64 fixture_counter(struct fixture *f, enum ov2_counter counter);
u64 fixture_packets(struct fixture *f, enum ov2_packet_counter counter);
struct ov2_port *fixture_port_of(struct fixture *f, u32 index);
u32 fixture_spi(const struct xfrm_state *x);

#endif /* __OV2_KUNIT_XFRM_FIXTURE_H */
