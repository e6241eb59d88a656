/*
 * kallithea-rs inside uWSGI, without Python: what uWSGI's `symcall` plugin calls. See uwsgi.ini.
 *
 * uwsgi.h is printed by uWSGI itself (`uwsgi --dot-h`). What is used of `struct wsgi_request` stands before all
 * that depends on how uWSGI was built, so none of the libraries that uWSGI was built with is needed here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "uwsgi.h"

#include "kallithea_rs.h"

#define FIELDS_MAX 512

static KallitheaApp *app;

struct exchange {
    struct wsgi_request *request;
    bool chunked, started;
    /* The part of the current chunk that was not handed out yet. */
    char *rest;
    size_t rest_len;
};

/* uWSGI leaves chunks in place and gives them out one by one through a function of its own. */
static ptrdiff_t read_chunked(struct exchange *e, uint8_t *buffer, size_t length)
{
    if (e->rest_len == 0) {
        e->rest = uwsgi_chunked_read(e->request, &e->rest_len, 0, 0);
        if (!e->rest)
            return -1;
    }
    const size_t count = length < e->rest_len ? length : e->rest_len;
    memcpy(buffer, e->rest, count);
    e->rest += count;
    e->rest_len -= count;
    return (ptrdiff_t)count;
}

static ptrdiff_t on_read(void *context, uint8_t *buffer, size_t length)
{
    struct exchange *e = context;
    if (e->chunked)
        return read_chunked(e, buffer, length);
    ssize_t count = 0;
    const char *bytes = uwsgi_request_body_read(e->request, (ssize_t)length, &count);
    if (!bytes || count < 0)
        return -1;
    memcpy(buffer, bytes, (size_t)count);
    return count;
}

static int on_start(void *context, uint16_t status, const KallitheaField *headers, size_t header_count)
{
    struct exchange *e = context;
    e->started = true;
    if (uwsgi_response_prepare_headers_int(e->request, status))
        return -1;
    for (size_t i = 0; i < header_count; i++) {
        const KallitheaField *h = &headers[i];
        if (h->name_len > UINT16_MAX || h->value_len > UINT16_MAX ||
            uwsgi_response_add_header(e->request, (char *)h->name, (uint16_t)h->name_len, (char *)h->value,
                                      (uint16_t)h->value_len))
            return -1;
    }
    return 0;
}

static int on_write(void *context, const uint8_t *bytes, size_t length)
{
    struct exchange *e = context;
    return uwsgi_response_write_body_do(e->request, (char *)bytes, length);
}

/* `symcall-post-fork`: runs in each worker before its first request. */
void kallithea_start(void)
{
    app = kallithea_app_new(NULL);
    if (!app) {
        uwsgi_log("kallithea-rs: %s\n", kallithea_last_error());
        exit(UWSGI_FAILED_APP_CODE);
    }
}

/* `symcall`: answers one request. */
int kallithea(struct wsgi_request *request)
{
    if (uwsgi_parse_vars(request))
        return -1;

    struct exchange e = {.request = request};
    KallitheaField fields[FIELDS_MAX];
    size_t count = 0;
    /* Names and values stand by turns, without NUL. */
    for (int i = 0; i + 1 < request->var_cnt && count < FIELDS_MAX; i += 2) {
        const struct iovec *name = &request->hvec[i], *value = &request->hvec[i + 1];
        fields[count++] = (KallitheaField){name->iov_base, name->iov_len, value->iov_base, value->iov_len};
    }
    uint16_t coding_len;
    const char *coding = uwsgi_get_var(request, "HTTP_TRANSFER_ENCODING", 22, &coding_len);
    e.chunked = coding && coding_len == 7 && strncasecmp(coding, "chunked", 7) == 0;

    const KallitheaRequest call = {
        .variables = fields,
        .variable_count = count,
        .body_terminated = e.chunked,
        .context = &e,
        .read = on_read,
        .start = on_start,
        .write = on_write,
    };
    const KallitheaResult result = kallithea_handle(app, &call);
    if (result == KALLITHEA_RESULT_OK)
        return UWSGI_OK;
    if (result != KALLITHEA_RESULT_CLIENT_GONE)
        uwsgi_log("kallithea-rs: %s\n", kallithea_last_error());
    if (!e.started) {
        uwsgi_500(request);
    } else {
        /* The end of the connection is the end of the answer: cut it, or a part would be taken for the whole. */
        const struct linger at_once = {.l_onoff = 1};
        setsockopt(request->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    return UWSGI_OK;
}
