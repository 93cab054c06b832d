/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: everything a NIC driver includes. */
#ifndef __NET_OV2_H
#define __NET_OV2_H

#include <net/ov2/types.h>
#include <net/ov2/functions.h>

#endif /* __NET_OV2_H */
