# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Everything that an area may use; the files in lib/ say what each has. The areas of strongSwan, and
# those that read traces or change frames, source one more of them.

set -u

selftest=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=lib/process.sh
. "$selftest/lib/process.sh"
# shellcheck source=lib/wait.sh
. "$selftest/lib/wait.sh"
# shellcheck source=lib/ktap.sh
. "$selftest/lib/ktap.sh"
# shellcheck source=lib/net.sh
. "$selftest/lib/net.sh"
# shellcheck source=lib/end.sh
. "$selftest/lib/end.sh"
# shellcheck source=lib/keys.sh
. "$selftest/lib/keys.sh"
# shellcheck source=lib/table.sh
. "$selftest/lib/table.sh"
# shellcheck source=lib/sa.sh
. "$selftest/lib/sa.sh"
# shellcheck source=lib/stats.sh
. "$selftest/lib/stats.sh"
# shellcheck source=lib/traffic.sh
. "$selftest/lib/traffic.sh"
# shellcheck source=lib/capture.sh
. "$selftest/lib/capture.sh"
