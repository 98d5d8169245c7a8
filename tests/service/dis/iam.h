#ifndef SERVICE_DIS_IAM_H
#define SERVICE_DIS_IAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/service/common/http.h"

/*
 * Identity: users with passwords, and the tokens they were given. A new token leaves the older ones
 * alone; the oldest of IAM_TOKENS_MAX is forgotten.
 */
#define IAM_USERS_MAX  16
#define IAM_TOKENS_MAX 256

/* Real tokens are several kilobytes long. */
#define IAM_TOKEN_SIZE 3000

struct iam_user {
    char *name;
    char *password;
    char *domain;
};

struct iam_token {
    char *text;
    int64_t expires_ms;
    char project[64]; /* "" when the token is not for a project */
};

struct iam {
    struct iam_user users[IAM_USERS_MAX];
    size_t user_count;
    struct iam_token tokens[IAM_TOKENS_MAX];
    size_t next_token;
    int64_t lifetime_ms;
    uint64_t issued;
    uint64_t wrong_passwords;
};

enum iam_verdict { IAM_VALID, IAM_UNKNOWN, IAM_EXPIRED };

void iam_init(struct iam *iam);
void iam_release(struct iam *iam);

/* Back to how it began, but for the users. */
void iam_reset(struct iam *iam);

/* 0 or -ENOSPC. */
int iam_add_user(struct iam *iam, const char *name, const char *password, const char *domain);

/* What is to be said about a token; *token is set for a known one. */
enum iam_verdict iam_check(const struct iam *iam, const char *text, int64_t now_ms,
                           const struct iam_token **token);

/* Makes every token given so far expire now. */
void iam_expire_all(struct iam *iam, int64_t now_ms);

/* Forgets every token, as a changed password does. */
void iam_revoke_all(struct iam *iam);

/* Its part of the table of calls; call->service is a struct dis. */
extern const struct route iam_routes[];
extern const size_t iam_route_count;

#endif
