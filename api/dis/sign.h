#ifndef API_DIS_SIGN_H
#define API_DIS_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "api/service/digest.h"
#include "api/service/field.h"
#include "base/buf.h"

/*
 * SDK-HMAC-SHA256, the signature of Huawei Cloud's access keys, in its two variants. Both sign the
 * same canonical form of a request: method, path with a final slash, sorted query, signed headers,
 * hash of the body. All is pure: nothing is read but the arguments.
 */
enum dis_signature {
    /* "Access=AK": signed with the secret key itself. Huawei Cloud's signing guide; its newer SDKs.
     */
    DIS_SIGN_ACCESS,
    /* "Credential=AK/date/region/service/sdk_request": signed with a key derived from those. DIS's
     * own SDKs; region and service may be empty, which is what Open Telekom Cloud's Go SDK sends.
     */
    DIS_SIGN_CREDENTIAL,
};

struct dis_sign_request {
    const char *method;
    const char *host;          /* as in the Host header, which is signed; NULL: it is not */
    const char *path;          /* as sent, percent-encoded */
    const struct field *query; /* decoded */
    size_t query_count;
    const struct field *headers; /* signed beside Host and X-Sdk-Date */
    size_t header_count;
    const char *body;
    size_t body_size;
    int64_t time; /* as in base/when.h; the service allows 15 minutes of difference */
};

/* The texts are the caller's. `derived` is kept between signatures; zero it when a text changes,
 * and wipe all of it in the end. */
struct dis_key {
    enum dis_signature variant;
    const char *access;
    const char *secret;
    const char *region;  /* of DIS_SIGN_CREDENTIAL; never NULL then */
    const char *service; /* likewise */
    struct {
        char day[9]; /* "" while there is none */
        unsigned char key[32];
    } derived;
};

/* Room that `authorization` needs at most, without the access key, region and service. */
#define DIS_AUTHORIZATION_MAX 4096

/*
 * Gives the values of the headers X-Sdk-Date and Authorization, which are to be sent with all
 * headers that were signed. 0, -ENOMEM, or -EFBIG when authorization's maximum is too small.
 */
int dis_sign(struct dis_key *key, const struct dis_sign_request *request,
             char date[static DIGEST_DATE_ROOM], struct buf *authorization);

/* The canonical form, and the names of the headers in it: what a service shows when it does not
 * take a signature. Errors as above. */
int dis_sign_canonical(enum dis_signature variant, const struct dis_sign_request *request,
                       const char *date, struct buf *canonical, struct buf *names);
#endif
