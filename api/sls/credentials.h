#ifndef API_SLS_CREDENTIALS_H
#define API_SLS_CREDENTIALS_H

#include <stdbool.h>

#include "api/error.h"

/*
 * The access key of a user. The first source that has one wins, and the others are not looked at:
 *
 *   1. the file of -o credentials=FILE: like that of 3, or, when it begins with '{', of 8
 *   2. ALIYUN_LOG_CLI_ACCESSID and _ACCESSKEY, with _STS_TOKEN and _REGION_ID
 *   3. ~/.aliyunlogcli, the file of the aliyunlog CLI: the section that ALIYUN_LOG_CLI_CLIENT_NAME
 *      names, or default-client in [__option__], or [main]
 *   4. ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET, with ALIBABA_CLOUD_SECURITY_TOKEN and
 *      ALIBABA_CLOUD_DEFAULT_REGION
 *   5. ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY, with ALICLOUD_REGION
 *   6. ALIBABACLOUD_ACCESS_KEY_ID and _SECRET
 *   7. ALICLOUD_ACCESS_KEY_ID and _SECRET, with ALICLOUD_REGION_ID
 *   8. ~/.aliyun/config.json, the file of the Alibaba Cloud CLI: its current profile, if that is of
 *      the mode AK or StsToken
 *
 * with SECURITY_TOKEN for a temporary key in 5 to 7. That is the order of the aliyunlog CLI, but
 * parts of different sources are never mixed. A file that group or others can read, or that
 * belongs to another user than this one or root, is refused, and so is one that gives a name twice
 * in a section that is read.
 *
 * Secrets are wiped when they are released; see also api/service/secret.h.
 */
struct sls_credentials {
    char *access;
    char *secret;
    char *security_token; /* NULL for a lasting key */
    char *region;         /* NULL when the source says none */
    char origin[256];     /* where they are from, for messages */
};

/* file may be NULL. 0; -EACCES when there are none, some part is missing, or a file is open to
 * others; -EBADMSG when a file holds something else; or what opening a file said. With an error
 * that names no secret. */
int sls_credentials_load(const char *file, struct sls_credentials *credentials,
                         struct error *error);

/* Whether both are the same key. */
bool sls_credentials_equal(const struct sls_credentials *a, const struct sls_credentials *b);

/* Wipes and frees; the struct can be loaded anew. */
void sls_credentials_release(struct sls_credentials *credentials);

#endif
