/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ov2sim: the boundary between the driver (drivers/ov2sim) and the NIC (drivers/ov2sim/nic).
 *
 * Each side knows of the other what is written here and nothing else. The driver never sees an
 * SA's key, the NIC never sees a netdev.
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
 * One &struct ov2sim_hw is one NIC: an SA table, a command queue and some ports, each with up to
 * &struct ov2sim_hw_config.queues queue pairs. A port's wire is the port that it is linked to.
 *
 * Threads. Each NIC has one thread "NAME-cmd" that executes request lists, and one thread
 * "NAME-qN" for each N, which serves the queue pair N of every port: it takes descriptors from
 * the TX rings, copies, segments, checksums, encrypts and puts frames on the wire; and takes
 * frames from the wire, parses, decrypts and puts them into the driver's RX buffers. All of them
 * are process context and may sleep.
 *
 * Order of one port's life: ov2sim_hw_port_open(), post buffers, ov2sim_hw_port_start(), traffic,
 * ov2sim_hw_port_stop(), reap everything, ov2sim_hw_port_close().
 *
 * Rings. A ring has one producer and one consumer on the driver's side: calls for one queue's TX
 * submission are serialised by the caller, and so are those for its TX reaping, RX posting and RX
 * reaping; submission and reaping of one queue may run at once. Rings complete in order.
 *
 * Interrupts are levels that the NIC raises after each batch of completions, whether the driver
 * has taken the previous ones or not: napi_schedule() is the whole handler.
 *
 * Flow control. A frame waits in the receiving port until there is a buffer, as long as that
 * takes. While the receiving port is full the sending one's queue waits, each descriptor for a
 * bounded time: then its frames are dropped, and counted at both ends. A port that is stopped or
 * not linked drops what is sent to it.
 */

/**
 * struct ov2sim_hw_config - What a NIC is made of.
 * @name: name of the NIC and the start of its threads' names
 * @caps: what it can do
 * @ports: number of ports, at least 1
 * @queues: greatest number of queue pairs of a port, at least 1
 */
struct ov2sim_hw_config {
	const char *name;
	struct ov2_caps caps;
	u32 ports;
	u32 queues;
};

/**
 * struct ov2sim_hw_ops - What the NIC tells the driver. All members are mandatory.
 *
 * All are called with BH disabled, and none may sleep or call back into the NIC, reaping excepted.
 */
struct ov2sim_hw_ops {
	/**
	 * @cmd_done: @req is complete, see ov2_request_complete(). The NIC does not touch it
	 * after this call.
	 */
	void (*cmd_done)(void *drv, struct ov2_request *req, int status);
	/** @rx_irq: there is something for ov2sim_hw_rx_reap(). */
	void (*rx_irq)(void *drv, u32 port, u32 queue);
	/** @tx_irq: there is something for ov2sim_hw_tx_reap(). */
	void (*tx_irq)(void *drv, u32 port, u32 queue);
	/**
	 * @link_change: the link of @port went up or down. Calls are in order. Comes from within
	 * ov2sim_hw_link(), _unlink(), _port_start(), _port_stop() or _destroy() of this or the
	 * linked NIC, so it must take neither rtnl nor any lock that is held around these.
	 */
	void (*link_change)(void *drv, u32 port, bool up);
	/** @fatal: the NIC has crashed; nothing but ov2sim_hw_reset() helps. */
	void (*fatal)(void *drv);
};

/* The whole NIC: power.c. Module-wide state first. */
int ov2sim_nic_init(void);
void ov2sim_nic_exit(void);

/**
 * ov2sim_hw_create() - Power a NIC up.
 * @config: what to make; copied
 * @ops: interrupts; must stay
 * @drv: their first argument
 *
 * Context: process, may sleep.
 * Return: the NIC, or an ERR_PTR().
 */
struct ov2sim_hw *ov2sim_hw_create(const struct ov2sim_hw_config *config,
				   const struct ov2sim_hw_ops *ops, void *drv);

/**
 * ov2sim_hw_destroy() - Power a NIC down.
 * @hw: the NIC; its ports must be closed
 *
 * Unlinks all ports, completes pending requests with -ECANCELED, wipes all keys.
 * Context: process, may sleep.
 */
void ov2sim_hw_destroy(struct ov2sim_hw *hw);

/* Commands: cmd.c */

/**
 * ov2sim_hw_submit() - Give a request to the NIC.
 * @hw: the NIC
 * @req: the request; it and its list are the NIC's until &struct ov2sim_hw_ops.cmd_done
 *
 * Context: any up to softirq.
 * Return: -EINPROGRESS; -EBUSY during a reset or with &struct ov2_caps.max_requests pending;
 * -EINVAL if the list is not @req->count nodes long or too long.
 */
int ov2sim_hw_submit(struct ov2sim_hw *hw, struct ov2_request *req);

/**
 * ov2sim_hw_cancel() - Abort a request.
 * @hw: the NIC
 * @req: the request
 *
 * Completes @req with -ECANCELED if the NIC has not begun to execute it, or has lost it. One that
 * is being executed completes by itself, and one that is complete is not touched.
 * Context: process.
 */
void ov2sim_hw_cancel(struct ov2sim_hw *hw, struct ov2_request *req);

/**
 * ov2sim_hw_reset() - Reset the NIC.
 * @hw: the NIC
 *
 * Completes all pending requests with -ECANCELED (all of them before it returns), empties the SA
 * table, wipes the keys and drops all packets inside the NIC, counted. Ports stay started and
 * linked, rings and buffers stay. No offload_handle is given out again.
 * Context: process, may sleep; takes no lock of the driver's.
 * Return: 0, or -ENODEV after ov2sim_hw_surprise_remove(): even then nothing of the driver's is left in it.
 */
int ov2sim_hw_reset(struct ov2sim_hw *hw);

/* Crash, sleep and removal: power.c */

/**
 * ov2sim_hw_crash() - Let the NIC crash.
 * @hw: the NIC
 *
 * It raises the fatal interrupt. Until it is reset it drops ESP, counted, and neither executes nor
 * answers commands, but lets the driver cancel them. Context: process.
 */
void ov2sim_hw_crash(struct ov2sim_hw *hw);

/** ov2sim_hw_crashed() - Has it, without a reset since? Context: any. */
bool ov2sim_hw_crashed(struct ov2sim_hw *hw);

/** ov2sim_hw_surprise_remove() - Take the NIC away, wires first. Context: process, may sleep. */
void ov2sim_hw_surprise_remove(struct ov2sim_hw *hw);

/**
 * ov2sim_hw_suspend() - Power down until ov2sim_hw_resume().
 * @hw: the NIC; its ports are stopped
 *
 * As ov2sim_hw_reset(), and then commands are not accepted. Context: process, may sleep.
 */
void ov2sim_hw_suspend(struct ov2sim_hw *hw);

/** ov2sim_hw_resume() - Undo ov2sim_hw_suspend(). Context: process. */
void ov2sim_hw_resume(struct ov2sim_hw *hw);

/** ov2sim_hw_asleep() - Is it without power? Context: any. */
bool ov2sim_hw_asleep(struct ov2sim_hw *hw);

/* SaDeleteReq: victim.c */

/**
 * ov2sim_hw_delete_req() - Let the NIC want an SA deleted.
 * @hw: the NIC
 * @handle: an inbound SA: each of its packets says so from now on
 *
 * Context: process, may sleep.
 * Return: 0, -ENOENT for a handle that stands for nothing, -EINVAL for an outbound SA.
 */
int ov2sim_hw_delete_req(struct ov2sim_hw *hw, u32 handle);

/**
 * ov2sim_hw_set_watermark() - Let the NIC want room.
 * @hw: the NIC
 * @sas: with more SAs than this it wants those deleted that have been idle longest; 0: only if it
 *	has to refuse others
 *
 * Context: process, may sleep.
 */
void ov2sim_hw_set_watermark(struct ov2sim_hw *hw, u32 sas);

/** ov2sim_hw_watermark() - What was set. Context: any. */
u32 ov2sim_hw_watermark(struct ov2sim_hw *hw);

#endif /* __OV2SIM_NIC_H */
