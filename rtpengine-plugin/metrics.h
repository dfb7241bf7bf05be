/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What /metrics and /healthz say.
 */
#ifndef EP_IQ_METRICS_H
#define EP_IQ_METRICS_H

#include "base/buf.h"
#include "iq.h"

/* Prometheus' text format, version 0.0.4. */
void ep_metrics_put(struct ep_iq *iq, struct ep_buf *out);
/* One line; true: in service. */
bool ep_health_put(struct ep_iq *iq, struct ep_buf *out);

#endif
