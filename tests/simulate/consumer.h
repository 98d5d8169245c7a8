#ifndef SIMULATE_CONSUMER_H
#define SIMULATE_CONSUMER_H

#include <stdbool.h>

/* A consumer beside the mounts, which commits at the service by numbers of its own. */

/* With a first commit; often: and now and then another, until the run ends. */
void consumer_begin(bool often);

/* Commits on some partition, of either app. */
void consumer_commit(void);

#endif
