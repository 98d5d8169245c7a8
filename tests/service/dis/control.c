#include "tests/service/dis/control.h"

#include "tests/service/common/control.h"
#include "tests/service/common/values.h"
#include "tests/service/dis/dis.h"

static void set_tokens(struct call *call)
{
    struct dis *dis = call->service;
    int64_t seconds;

    if (!control_number(call, "lifetime", &seconds))
        return;
    if (seconds < 0 || seconds > 1000000000) {
        control_wrong(call, "lifetime");
        return;
    }
    dis->iam.lifetime_ms = seconds * 1000;
    control_done(call);
}

static void expire_tokens(struct call *call)
{
    struct dis *dis = call->service;

    iam_expire_all(&dis->iam, service_now_ms(dis->service));
    control_done(call);
}

static void revoke_tokens(struct call *call)
{
    struct dis *dis = call->service;

    iam_revoke_all(&dis->iam);
    control_done(call);
}

static void set_lockout(struct call *call)
{
    struct dis *dis = call->service;
    int64_t after;

    if (!control_number(call, "after", &after))
        return;
    if (after < 0 || after > 1000000) {
        control_wrong(call, "after");
        return;
    }
    dis->lock_after = (unsigned)after;
    dis->failures_in_row = 0;
    control_done(call);
}

static void expire_cursors(struct call *call)
{
    struct dis *dis = call->service;

    dis->cursors_from_ms = service_now_ms(dis->service) + 1;
    control_done(call);
}

static void fail_records(struct call *call)
{
    struct dis *dis = call->service;
    int64_t code = 4303;
    int64_t skip = 0;
    int64_t count = 1;

    if (!value_number(&call->request->query, "code", &code) || code > 9999)
        control_wrong(call, "code");
    else if (!value_number(&call->request->query, "skip", &skip) || skip > INT32_MAX)
        control_wrong(call, "skip");
    else if (!value_number(&call->request->query, "count", &count) || count > INT32_MAX)
        control_wrong(call, "count");
    else {
        dis->failing = (struct failing){(int)code, (unsigned)skip, (unsigned)count};
        control_done(call);
    }
}

const struct route dis_control_routes[] = {
    {"POST", "/_control/tokens", set_tokens},
    {"POST", "/_control/tokens/expire", expire_tokens},
    {"POST", "/_control/tokens/revoke", revoke_tokens},
    {"POST", "/_control/lockout", set_lockout},
    {"POST", "/_control/cursors/expire", expire_cursors},
    {"POST", "/_control/records/fail", fail_records},
};

const size_t dis_control_route_count = sizeof(dis_control_routes) / sizeof(dis_control_routes[0]);
