#include "api/backend.h"
#include "api/dis/dis.h"
#include "api/kafka/kafka.h"
#include "api/local/local.h"
#include "api/sls/sls.h"

const struct backend_type *const backend_types[] = {
    &local_backend, &dis_backend, &sls_backend, &kafka_backend, NULL,
};
