/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ov2sim: the boundary between the driver (drivers/ov2sim) and the NIC (drivers/ov2sim/nic).
 *
 * Each side knows of the other only what is declared here. The driver never sees the key of an SA,
 * and the NIC never sees a netdev.
 */
#ifndef __OV2SIM_NIC_H
#define __OV2SIM_NIC_H

#include <linux/types.h>
#include <net/ov2/types.h>
#include "info.h"
#include "ports.h"
#include "ring.h"

#define OV2SIM_NAT_T_PORT	4500	/* RFC 3948: UDP port of IKE and ESP behind a NAT */

/**
 * DOC: the simulated NIC
 *
 * One &struct ov2sim_hw is one NIC. It has an SA table, a command queue and some ports, each with
 * up to &struct ov2sim_hw_config.queues queue pairs. The wire of a port is the port that it is
 * linked to, or a &struct ov2sim_wire of the driver's.
 *
 * Threads. Each NIC has one thread "NAME-cmd", which executes request lists, and one worker
 * "NAME-qN" for each N, which serves queue pair N of every port. A worker takes descriptors from
 * the TX rings, copies, segments, checksums and encrypts, and puts frames on the wire. It takes
 * frames from the wire, parses and decrypts them, and puts them into the driver's RX buffers. The
 * threads run in process context and may sleep.
 *
 * The life of a port: ov2sim_hw_port_open(), post buffers, ov2sim_hw_port_start(), traffic,
 * ov2sim_hw_port_stop(), reap all descriptors and buffers, ov2sim_hw_port_close().
 *
 * Rings. The driver must serialise its calls for one queue within each of four kinds: TX
 * submission, TX reaping, RX posting and RX reaping. Calls of different kinds may run at the same
 * time. A ring completes in the order in which it was filled.
 *
 * Interrupts. The NIC raises an interrupt after each batch of completions, even if the driver has
 * not reaped the previous batch yet. A handler only needs to call napi_schedule().
 *
 * Flow control. A received frame waits in its port until the driver posts a buffer, without a time
 * limit. While the receiving port is full the queue of the sending port waits, but for each
 * descriptor only for a limited time. Then the sender drops the frames of the descriptor, and both
 * ends count them. A port that is stopped or not linked drops frames that are sent to it. A wire of
 * the driver's has no flow control: what does not fit is dropped and counted.
 */

/**
 * struct ov2sim_hw_config - Configuration of a NIC.
 * @name: name of the NIC and prefix of its threads' names
 * @caps: capabilities
 * @ports: number of ports, at least 1
 * @queues: largest number of queue pairs of a port, at least 1
 */
struct ov2sim_hw_config {
	const char *name;
	struct ov2_caps caps;
	u32 ports;
	u32 queues;
};

/**
 * struct ov2sim_hw_ops - Interrupts of the NIC. All members are mandatory.
 *
 * The NIC calls them with BH disabled. They must not sleep. They must not call the NIC, except that
 * all of them may reap and @cmd_done may submit.
 */
struct ov2sim_hw_ops {
	/**
	 * @cmd_done: the NIC has completed @req, see ov2_request_complete(). It does not touch
	 * @req after this call.
	 */
	void (*cmd_done)(void *drv, struct ov2_request *req, int status);
	/** @rx_irq: there is something for ov2sim_hw_rx_reap(). */
	void (*rx_irq)(void *drv, u32 port, u32 queue);
	/** @tx_irq: there is something for ov2sim_hw_tx_reap(). */
	void (*tx_irq)(void *drv, u32 port, u32 queue);
	/**
	 * @link_change: the link of @port went up or down. Calls are in order. The NIC calls this
	 * from ov2sim_hw_link(), _unlink(), _wire_attach(), _wire_carrier(), _port_start(),
	 * _port_stop() and _destroy() of this NIC or of the linked one, so it must take neither
	 * rtnl nor a lock that a caller of these functions holds.
	 */
	void (*link_change)(void *drv, u32 port, bool up);
	/** @fatal: the NIC has crashed; only ov2sim_hw_reset() revives it. */
	void (*fatal)(void *drv);
};

/* The whole NIC: power.c. First the state that all NICs share. */
int ov2sim_nic_init(void);
void ov2sim_nic_exit(void);

/**
 * ov2sim_hw_create - power a NIC up
 * @config: configuration; copied
 * @ops: interrupts; must stay valid
 * @drv: first argument of @ops
 *
 * Context: process, may sleep.
 * Return: the NIC, or an ERR_PTR().
 */
struct ov2sim_hw *ov2sim_hw_create(const struct ov2sim_hw_config *config,
				   const struct ov2sim_hw_ops *ops, void *drv);

/**
 * ov2sim_hw_destroy - power a NIC down
 * @hw: the NIC; its ports must be closed
 *
 * Unlinks all ports, completes pending requests with -ECANCELED and wipes all keys.
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_destroy(struct ov2sim_hw *hw);

/* Commands: cmd.c */

/**
 * ov2sim_hw_submit - pass a request to the NIC
 * @hw: the NIC
 * @req: the request; it and its list belong to the NIC until &struct ov2sim_hw_ops.cmd_done
 *
 * Context: any up to softirq.
 * Return: -EINPROGRESS; -EBUSY during a reset or while the NIC is suspended; -EAGAIN if &struct
 * ov2_caps.max_requests are pending; -EINVAL if the list does not have @req->count nodes or is too
 * long; -ENODEV after ov2sim_hw_surprise_remove().
 */
int ov2sim_hw_submit(struct ov2sim_hw *hw, struct ov2_request *req);

/**
 * ov2sim_hw_cancel - abort a request
 * @hw: the NIC
 * @req: the request
 *
 * Completes @req with -ECANCELED if the NIC has not begun to execute it or has lost it. Does
 * nothing if the NIC is executing @req, which then completes as usual, or if @req is complete.
 *
 * Context: process.
 */
void ov2sim_hw_cancel(struct ov2sim_hw *hw, struct ov2_request *req);

/* Reset, crash, sleep and removal: power.c */

/**
 * ov2sim_hw_reset - reset the NIC
 * @hw: the NIC
 *
 * Completes all pending requests with -ECANCELED before it returns, empties the SA table, wipes the
 * keys, and drops and counts all packets inside the NIC. Ports stay started and linked; rings and
 * posted buffers stay. The NIC does not use an offload_handle from before the reset again.
 *
 * Context: process, may sleep; takes no lock of the driver's.
 * Return: 0, or -ENODEV after ov2sim_hw_surprise_remove(); even then the NIC has let go of all
 * requests and packets.
 */
int ov2sim_hw_reset(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_crash - let the NIC crash
 * @hw: the NIC
 *
 * Raises the fatal interrupt. Until its reset the NIC drops and counts ESP packets, and it neither
 * executes nor answers commands. The driver can still cancel them.
 *
 * Context: process.
 */
void ov2sim_hw_crash(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_crashed - has the NIC crashed and not been reset since?
 * @hw: the NIC
 *
 * Context: any.
 * Return: true if it has.
 */
bool ov2sim_hw_crashed(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_surprise_remove - take the NIC away without warning
 * @hw: the NIC
 *
 * Unlinks all ports. From here on the NIC accepts no commands and no links.
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_surprise_remove(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_suspend - power down until ov2sim_hw_resume()
 * @hw: the NIC; its ports are stopped
 *
 * Does what ov2sim_hw_reset() does. The NIC then accepts no commands.
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_suspend(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_resume - undo ov2sim_hw_suspend()
 * @hw: the NIC
 *
 * Context: process.
 */
void ov2sim_hw_resume(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_asleep - is the NIC suspended?
 * @hw: the NIC
 *
 * Context: any.
 * Return: true if it is.
 */
bool ov2sim_hw_asleep(struct ov2sim_hw *hw);

/* SaDeleteReq: victim.c */

/**
 * ov2sim_hw_delete_req - let the NIC want an SA deleted
 * @hw: the NIC
 * @handle: an inbound SA; the NIC raises SaDeleteReq on each of its packets from now on
 *
 * Context: process, may sleep.
 * Return: 0, -ENOENT if no SA has this handle, -EINVAL for an outbound SA.
 */
int ov2sim_hw_delete_req(struct ov2sim_hw *hw, u32 handle);

/**
 * ov2sim_hw_set_watermark - let the NIC keep room in its SA table
 * @hw: the NIC
 * @sas: with more SAs than this the NIC wants those deleted that have been idle longest; 0: it
 *	wants SAs deleted only if it had to refuse others
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_set_watermark(struct ov2sim_hw *hw, u32 sas);

#endif /* __OV2SIM_NIC_H */
