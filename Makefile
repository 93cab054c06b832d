# SPDX-License-Identifier: GPL-2.0-only
#
# Kbuild reads the Kbuild file beside this one; these are the targets for people.

KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := 0.1

.PHONY: all modules install dkms-install deb demo check check-all kunit selftest soak bench bench-quick mutants clean help

all modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

dkms-install:
	scripts/rig/dkms.sh $(VERSION)

deb:
	scripts/rig/deb.sh $(VERSION)

check:
	scripts/check.sh

check-all:
	scripts/check.sh --all

kunit:
	scripts/kunit.sh

demo:
	scripts/demo.sh

selftest:
	scripts/vm.sh -- scripts/selftest/run.sh

soak:
	scripts/soak.sh
	scripts/vm.sh --timeout 3600 -- scripts/selftest/diff.sh --seed $$(date +%s)

bench:
	scripts/bench/run.sh

bench-quick:
	scripts/bench/run.sh --quick

mutants:
	scripts/mutants.sh

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:
	@echo 'all           build the modules for the running kernel (or KDIR=)'
	@echo 'install       install them below /lib/modules'
	@echo 'dkms-install  hand them to DKMS, which builds them for each new kernel'
	@echo 'deb           make a Debian package that does so, and print its path'
	@echo 'demo          strongSwan over two simulated NICs, on a stock kernel in QEMU'
	@echo 'check         every gate and test; some minutes, the first time an hour'
	@echo 'check-all     with every selftest, also on the debug kernel 6.12'
	@echo 'kunit         the KUnit suites by kunit.py, as kernel CI runs them'
	@echo 'selftest      the selftests on the debug kernel'
	@echo 'soak          everything at random with 20 seeds, and every pair of situations'
	@echo 'bench         what SAs and packets cost, against the last figures and the targets'
	@echo 'bench-quick   the same with fewer figures'
	@echo 'mutants       break the code in many ways: the tests must notice each'
	@echo 'clean         remove what all has built'
	@echo
	@echo 'Kernels, root file systems and builds are kept in $${XDG_CACHE_HOME:-~/.cache}/ov2.'
