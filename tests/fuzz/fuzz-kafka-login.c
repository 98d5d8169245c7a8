#include "fuzz.h"

#include <errno.h>

#include "api/kafka/sasl.h"

#define SECRET "topSecret"

/* What brokers say to a login: the first byte of an input chooses the mechanism, and each message
 * has a byte that tells how long it is. */

/* A message that is said back is one, and an error tells no secret. */
static void check_step(int status, const struct buf *message, const struct error *error)
{
    CHECK(status == 1 || status == 0 || status == -error->code);
    CHECK(status >= 0 || error->code == EACCES || error->code == EBADMSG);
    CHECK(status >= 0 || (*error->message && !strstr(error->message, SECRET)));
    CHECK(!buf_error(message));
    CHECK((message->size != 0) == (status == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kafka_secret secret = {.username = "a,=", .password = SECRET, .token = SECRET};
    struct kafka_sasl sasl;
    struct span said = {0};
    int status;

    if (!size)
        return 0;
    secret.mechanism = (enum kafka_mechanism)(KAFKA_PLAIN + *data++ % KAFKA_OAUTHBEARER);
    size--;
    kafka_sasl_begin(&sasl, "nonce");
    do {
        struct buf message = BUF_INIT(65536);
        struct error error = {0};

        status = kafka_sasl_next(&sasl, &secret, said, &message, &error);
        check_step(status, &message, &error);
        buf_release(&message);
        said.size = size && *data < size ? *data : 0;
        said.data = (const char *)data + (size != 0);
        data += said.size + (size != 0);
        size -= said.size + (size != 0);
    } while (status > 0);
    kafka_sasl_end(&sasl);
    return 0;
}
