#ifndef API_KAFKA_KAFKA_H
#define API_KAFKA_KAFKA_H

#include "api/backend.h"

/*
 * Apache Kafka: its consumer groups are the apps, its topics the streams. A checkpoint is the
 * committed offset, which is that of the next record to be read.
 */
extern const struct backend_type kafka_backend;

#endif
