// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: its part of a devlink instance. Owns the resource ipsec_sa, and the link between the
 * instance and the NIC, which `devlink dev reload` replaces by another one. All of it runs under
 * the instance's lock.
 */
#include <linux/slab.h>
#include "compat.h"
#include "devlink.h"
#include "ov2.h"

enum {
	OV2_RESOURCE_SA = OV2_DEVLINK_ID_BASE,
	OV2_RESOURCE_SA_IN,
	OV2_RESOURCE_SA_OUT,
};

static u64 ov2_resource_occ(void *priv)
{
	struct ov2_devlink *od = priv;

	return od->nic ? ov2_nic_occupancy(od->nic) : 0;
}

static u64 ov2_resource_occ_in(void *priv)
{
	struct ov2_devlink *od = priv;

	return od->nic ? ov2_nic_occupancy_dir(od->nic, OV2_IN) : 0;
}

static u64 ov2_resource_occ_out(void *priv)
{
	struct ov2_devlink *od = priv;

	return od->nic ? ov2_nic_occupancy_dir(od->nic, OV2_OUT) : 0;
}

static const struct {
	const char *name;
	u64 id;
	devlink_resource_occ_get_t *occ;
} ov2_resources_dir[] = {
	[OV2_IN] = { "ipsec_sa_in", OV2_RESOURCE_SA_IN, ov2_resource_occ_in },
	[OV2_OUT] = { "ipsec_sa_out", OV2_RESOURCE_SA_OUT, ov2_resource_occ_out },
};

/* @limit is the largest size that the admin may choose, or 0 if @size is fixed. */
static void ov2_resource_params(struct devlink_resource_size_params *params, u32 size, u32 limit)
{
	devlink_resource_size_params_init(params, limit ? 1 : size, limit ?: size, 1,
					  DEVLINK_RESOURCE_UNIT_ENTRY);
}

/* The caller unregisters the resources, even if this fails. */
static int ov2_resources_register(struct ov2_devlink *od, const struct ov2_caps *caps, u32 limit)
{
	struct devlink_resource_size_params params;
	int err, i;

	ov2_resource_params(&params, caps->max_sas, limit);
	err = devl_resource_register(od->devlink, "ipsec_sa", caps->max_sas, OV2_RESOURCE_SA,
				     DEVLINK_RESOURCE_ID_PARENT_TOP, &params);
	if (err)
		return err;
	devl_resource_occ_get_register(od->devlink, OV2_RESOURCE_SA, ov2_resource_occ, od);
	for (i = 0; i < ARRAY_SIZE(ov2_resources_dir); i++) {
		u32 size = caps->max_dir_sas[i];

		if (!size)
			continue;
		ov2_resource_params(&params, size, limit);
		err = devl_resource_register(od->devlink, ov2_resources_dir[i].name, size,
					     ov2_resources_dir[i].id, OV2_RESOURCE_SA, &params);
		if (err)
			return err;
		devl_resource_occ_get_register(od->devlink, ov2_resources_dir[i].id,
					       ov2_resources_dir[i].occ, od);
	}
	return 0;
}

/**
 * ov2_devlink_sizes - read the sizes of the SA table that the admin has chosen
 * @od: the core's part of the instance
 * @caps: capabilities whose @max_sas and @max_dir_sas are to be filled
 *
 * `devlink resource set` changes them, and they are to take effect when the driver creates its next
 * NIC.
 *
 * Context: process, with devlink's lock.
 */
void ov2_devlink_sizes(struct ov2_devlink *od, struct ov2_caps *caps)
{
	u64 size;
	int i;

	devl_assert_locked(od->devlink);
	if (!devl_resource_size_get(od->devlink, OV2_RESOURCE_SA, &size))
		caps->max_sas = size;
	for (i = 0; i < ARRAY_SIZE(ov2_resources_dir); i++)
		if (!devl_resource_size_get(od->devlink, ov2_resources_dir[i].id, &size))
			caps->max_dir_sas[i] = size;
}
EXPORT_SYMBOL_GPL(ov2_devlink_sizes);

/**
 * ov2_devlink_register - register the core's part of a devlink instance
 * @devlink: the driver's instance
 * @ops: what the driver implements for it, constant
 * @caps: what the hardware can do; its sizes are those of the resources at the start
 * @max_sas: the largest table that the admin may choose, or 0 if the sizes are fixed
 *
 * Adds what any NIC has: the parameters, the resource ipsec_sa, with a resource below it for each
 * direction that @caps limits, and the health reporter "ipsec". They stay while NICs come and go:
 * see ov2_devlink_attach(). Their ids begin at OV2_DEVLINK_ID_BASE.
 *
 * Once the admin has chosen a size devlink refuses a reload while the sizes of the directions add
 * up to more than that of ipsec_sa.
 *
 * devlink can unregister resources only all together. A driver that has others registers them after
 * this call, and ov2_devlink_unregister() takes them away.
 *
 * Context: process, with devlink's lock; before or after devl_register().
 * Return: the core's part, or an ERR_PTR, and then nothing is registered: -EINVAL for an incomplete
 * ops table or a @max_sas below that of @caps, -EBUSY if the instance has a core's part already,
 * -ENOMEM, or what devlink says.
 */
struct ov2_devlink *ov2_devlink_register(struct devlink *devlink,
					 const struct ov2_devlink_ops *ops,
					 const struct ov2_caps *caps, u32 max_sas)
{
	struct ov2_devlink *od;
	int err;

	devl_assert_locked(devlink);
	if (!ops->reset || !ops->reset_wait || (max_sas && max_sas < caps->max_sas))
		return ERR_PTR(-EINVAL);
	od = kzalloc_obj(*od);
	if (!od)
		return ERR_PTR(-ENOMEM);
	od->devlink = devlink;
	od->ops = ops;
	err = ov2_params_register(od);
	if (err)
		goto err_free;
	err = ov2_resources_register(od, caps, max_sas);
	if (err)
		goto err_resources;
	err = ov2_health_init(od);
	if (err)
		goto err_resources;
	return od;

err_resources:
	devl_resources_unregister(devlink);
	ov2_params_unregister(od);
err_free:
	kfree(od);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(ov2_devlink_register);

/**
 * ov2_devlink_unregister - unregister the core's part of a devlink instance
 * @od: the core's part; no NIC is attached, and ov2_devlink_quiesce() has been called
 *
 * Unregisters all resources of the instance, also the driver's.
 *
 * Context: process, with devlink's lock; before or after devl_unregister().
 */
void ov2_devlink_unregister(struct ov2_devlink *od)
{
	devl_assert_locked(od->devlink);
	ov2_health_exit(od);
	devl_resources_unregister(od->devlink);
	ov2_params_unregister(od);
	kfree(od);
}
EXPORT_SYMBOL_GPL(ov2_devlink_unregister);

/**
 * ov2_devlink_attach - connect a devlink instance with its NIC
 * @od: the core's part of the instance; no NIC is attached
 * @nic: the NIC, registered
 *
 * The parameters are those of @nic from now on. If another NIC was attached before, @nic gets its
 * settings, except for the size of the SA table, so that they survive a reload. If @nic has other
 * capabilities than its predecessor, all of them are on.
 *
 * Context: process, with devlink's lock.
 */
void ov2_devlink_attach(struct ov2_devlink *od, struct ov2_nic *nic)
{
	devl_assert_locked(od->devlink);
	od->nic = nic;
	if (od->kept)
		ov2_settings_restore(nic, &od->settings);
}
EXPORT_SYMBOL_GPL(ov2_devlink_attach);

/**
 * ov2_devlink_detach - separate a devlink instance from its NIC
 * @od: the core's part of the instance; a NIC is attached
 *
 * To be called before ov2_nic_unregister(). Until the next ov2_devlink_attach() the parameters can
 * be read and not be set, nothing is recovered, and nothing of the driver's is called.
 *
 * Context: process, with devlink's lock.
 */
void ov2_devlink_detach(struct ov2_devlink *od)
{
	devl_assert_locked(od->devlink);
	ov2_settings_read(od->nic, &od->settings);
	od->kept = true;
	od->nic = NULL;
}
EXPORT_SYMBOL_GPL(ov2_devlink_detach);
