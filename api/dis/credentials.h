#ifndef API_DIS_CREDENTIALS_H
#define API_DIS_CREDENTIALS_H

#include <stdbool.h>

#include "api/error.h"

/*
 * What a user has to prove who they are. The first source that has anything wins, and the others
 * are not looked at:
 *
 *   1. the file of -o credentials=FILE
 *   2. the environment
 *   3. the file that HUAWEICLOUD_SDK_CREDENTIALS_FILE names, else ~/.huaweicloud/credentials
 *
 * and of what one source has, in this order:
 *
 *   a token     OS_TOKEN or OS_AUTH_TOKEN
 *   a password  OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME (or OS_DOMAIN_NAME), OS_AUTH_URL
 *   a key       HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, with HUAWEICLOUD_SDK_SECURITY_TOKEN for
 *               a temporary one; also as OS_ACCESS_KEY, OS_SECRET_KEY and OS_SECURITY_TOKEN
 *
 * A file has lines "name = value" with these names, or the short ones of Huawei's SDKs: token,
 * username, password, user_domain_name, auth_url, ak, sk, security_token. They stand before any
 * section or in [basic], and none is given twice. A file that group or others can read, or that
 * belongs to another user than this one or root, is refused.
 *
 * The project is always that of the mount's source, so OS_PROJECT_ID and its like are not read.
 *
 * Secrets are wiped when they are released; see also api/service/secret.h.
 */
enum dis_credential_kind {
    DIS_TOKEN,
    DIS_PASSWORD,
    DIS_KEY,
};

/* Texts that the kind does not need may be NULL. */
struct dis_credentials {
    enum dis_credential_kind kind;
    char *token;
    char *username;
    char *password;
    char *user_domain;
    char *auth_url;
    char *access;
    char *secret;
    char *security_token; /* NULL for a lasting key */
    char origin[256];     /* where they are from, for messages */
};

/* file may be NULL. 0; -EACCES when there are none, some part is missing, or a file is open to
 * others; -EBADMSG when a file holds something else; or what opening a file said. With an error
 * that names no secret. */
int dis_credentials_load(const char *file, struct dis_credentials *credentials,
                         struct error *error);

/* Whether both are the same, whatever they are from. */
bool dis_credentials_equal(const struct dis_credentials *a, const struct dis_credentials *b);

/* Wipes and frees; the struct can be loaded anew. */
void dis_credentials_release(struct dis_credentials *credentials);

#endif
