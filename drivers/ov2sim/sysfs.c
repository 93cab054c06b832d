// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: attributes of a port's RX queues, below queues/rx-N/ov2sim of its netdev.
 *
 * On kernels without CONFIG_RPS, such as those without SMP, the folder of an RX queue exists only
 * if the driver has attributes in it.
 */

#include <linux/sysfs.h>
#include <net/netdev_rx_queue.h>

#include "ov2sim.h"

static ssize_t ov2sim_rx_buffer_size_show(struct netdev_rx_queue *queue, char *buf)
{
	return sysfs_emit(buf, "%u\n", ov2sim_rx_buffer_size(READ_ONCE(queue->dev->mtu)));
}

static struct rx_queue_attribute ov2sim_rx_buffer_size_attr = {
	.attr = { .name = "buffer_size", .mode = 0444 },
	.show = ov2sim_rx_buffer_size_show,
};

static struct attribute *ov2sim_rx_queue_attrs[] = {
	&ov2sim_rx_buffer_size_attr.attr,
	NULL
};

const struct attribute_group ov2sim_rx_queue_group = {
	.name = OV2SIM_NAME,
	.attrs = ov2sim_rx_queue_attrs,
};
