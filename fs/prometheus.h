#ifndef FS_PROMETHEUS_H
#define FS_PROMETHEUS_H

#include "base/buf.h"

/*
 * The text format of Prometheus, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/* The two lines in front of a metric's values. */
void prometheus_head(struct buf *text, const char *name, const char *type, const char *help);

/* One label, NAME="VALUE". Values are UTF-8: other bytes are written \xHH, with the backslash that
 * the format wants to be doubled. */
void prometheus_label(struct buf *text, const char *name, const char *value);

#endif
