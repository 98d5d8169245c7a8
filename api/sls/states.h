#ifndef API_SLS_STATES_H
#define API_SLS_STATES_H

#include "api/sls/client.h"

/* As get_states, as a part of another operation: metrics do not tell of it by itself. */
struct call *sls_ask_states(struct sls *sls, const char *app, const char *stream,
                            const struct ask *ask);

#endif
