/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites of the send path: features of a netdev, and SAs in all their states. */
#ifndef __OV2_KUNIT_TX_SA_H
#define __OV2_KUNIT_TX_SA_H

#include "xfrm_fixture.h"

#define TX_ESP_FEATURES	(NETIF_F_HW_ESP | NETIF_F_GSO_ESP | NETIF_F_HW_ESP_TX_CSUM)
#define TX_FEATURES	(TX_ESP_FEATURES | NETIF_F_SG | NETIF_F_TSO | NETIF_F_HW_CSUM)
/* The features for which software encrypts, so that the stack completes the checksum before. */
#define TX_SOFTWARE_FEATURES	(NETIF_F_SG | NETIF_F_TSO)

enum tx_sa_is { TX_LIVE, TX_DEMOTING, TX_SOFTWARE, TX_DELETED, TX_RESETTING };

#define TX_IPV6 { .out = true, .family = AF_INET6 }
#define TX_UDP { .out = true, .encap = UDP_ENCAP_ESPINUDP }

void tx_bring(struct fixture *f, struct xfrm_state *x, enum tx_sa_is is);

#endif /* __OV2_KUNIT_TX_SA_H */
