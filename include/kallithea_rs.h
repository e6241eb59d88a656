/*
 * kallithea-rs: Kallithea, the web server for Mercurial and Git repositories, as a library.
 *
 * Make an application, hand it requests from as many threads as you like, free it:
 *
 *     KallitheaApp *app = kallithea_app_new("/srv/kallithea/kallithea.ini");
 *     if (app == NULL)
 *         errx(1, "%s", kallithea_last_error());
 *     ...
 *     kallithea_handle(app, &request);
 *     ...
 *     kallithea_app_free(app);
 *
 * A request comes as CGI variables and a `read` callback; the answer goes out through `start` and `write`. Bodies
 * of any size pass in blocks. examples/c holds a complete HTTP server and an entry for uWSGI.
 *
 * The library runs `git` and `hg`, which inherit what a child process inherits: open your sockets with
 * close-on-exec, and call `kallithea_handle` with SIGTERM unblocked. It writes its log to standard error.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 * Made by cbindgen from bindings/c: UPDATE_HEADER=1 cargo test -p kallithea-c header
 */

#ifndef KALLITHEA_RS_H
#define KALLITHEA_RS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * How a call ended.
 */
typedef enum KallitheaResult {
  /**
   * As it should.
   */
  KALLITHEA_RESULT_OK = 0,
  /**
   * An argument is NULL where it must not be, or not valid.
   */
  KALLITHEA_RESULT_BAD_ARGUMENT = 1,
  /**
   * The work itself failed, such as creating a user whose name is taken.
   */
  KALLITHEA_RESULT_FAILED = 2,
  /**
   * `start` or `write` said that the client is gone; what produced the answer was ended.
   */
  KALLITHEA_RESULT_CLIENT_GONE = 3,
  /**
   * The answer was begun and could not be completed.
   */
  KALLITHEA_RESULT_BROKEN_BODY = 4,
  /**
   * A defect in the library. The application stays usable.
   */
  KALLITHEA_RESULT_PANICKED = 5,
} KallitheaResult;

/**
 * An application. It may be used by many threads at once.
 */
typedef struct KallitheaApp KallitheaApp;

/**
 * A name and its value: a CGI variable or a header of an answer. Neither of them needs to end with NUL.
 */
typedef struct KallitheaField {
  /**
   * The name.
   */
  const char *name;
  /**
   * Bytes in the name.
   */
  size_t name_len;
  /**
   * The value. It may hold any bytes.
   */
  const char *value;
  /**
   * Bytes in the value.
   */
  size_t value_len;
} KallitheaField;

/**
 * One request.
 */
typedef struct KallitheaRequest {
  /**
   * The request as CGI, WSGI and uWSGI name it: REQUEST_METHOD, SCRIPT_NAME and PATH_INFO (both with their
   * percent codes undone), QUERY_STRING (as it came), CONTENT_TYPE, CONTENT_LENGTH, REMOTE_ADDR, REMOTE_USER
   * (only when the server has checked the password itself), SERVER_NAME, SERVER_PORT, HTTPS ("on") and HTTP_*
   * for the headers, each name once. A name that is not UTF-8 is left out.
   */
  const struct KallitheaField *variables;
  /**
   * How many variables there are.
   */
  size_t variable_count;
  /**
   * Whether `read` itself tells the end of the body. Then a request without CONTENT_LENGTH, or with chunks that
   * `read` has undone, is read to its end; otherwise it is taken to have no body.
   */
  bool body_terminated;
  /**
   * Handed to each callback.
   */
  void *context;
  /**
   * Puts the next part of the body into `buffer`: at least one byte, at most `length`. Returns how many, 0 at the
   * end, a negative number when the client is gone. May be NULL when there is no body. It should give up after a
   * time without data, since nobody else watches the clock.
   */
  ptrdiff_t (*read)(void *context, uint8_t *buffer, size_t length);
  /**
   * Takes status and headers, which are valid during the call. Returns 0, or anything else when the client is gone.
   */
  int (*start)(void *context, uint16_t status, const struct KallitheaField *headers, size_t header_count);
  /**
   * Takes the next block of the answer's body, all of it. Never called for a HEAD request. Returns 0, or anything
   * else when the client is gone: then no more comes, and the processes behind the answer are ended.
   */
  int (*write)(void *context, const uint8_t *bytes, size_t length);
} KallitheaRequest;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, such as "0.1.0". The text lives as long as the library.
 */
const char *kallithea_version(void);

/**
 * Why the last call in this thread failed, as text for a log, or NULL when it did not.
 *
 * The text lives until this thread calls the library again.
 */
const char *kallithea_last_error(void);

/**
 * Makes an application from an ini file.
 *
 * With NULL the ini file is the one that the environment variable KALLITHEA_CONFIG names, or ./kallithea.ini,
 * or none: then everything lies in ./kallithea-data.
 *
 * Only the ini file is read. Everything else is opened at the first request, once per process, so an application
 * may be made before `fork`. If SIGPIPE still ends the process, it is ignored from here on: a client that hangs up
 * shall not end the server.
 *
 * Returns NULL when the ini file is missing or broken; `kallithea_last_error` then names file and line.
 *
 * # Safety
 * `ini_path` is NULL or a text that ends with NUL.
 */
struct KallitheaApp *kallithea_app_new(const char *ini_path);

/**
 * Frees an application. NULL is allowed and does nothing.
 *
 * # Safety
 * `app` comes from `kallithea_app_new`, is freed once, and no other thread is using it.
 */
void kallithea_app_free(struct KallitheaApp *app);

/**
 * Makes data folder and database where they are missing. Without this call the first request does it.
 *
 * # Safety
 * `app` is NULL or an application that is not freed meanwhile.
 */
enum KallitheaResult kallithea_prepare(const struct KallitheaApp *app);

/**
 * Creates a user, who logs in with this password; an administrator when `admin` is true.
 *
 * # Safety
 * `app` is as for `kallithea_prepare`; the texts are NULL or end with NUL.
 */
enum KallitheaResult kallithea_create_user(const struct KallitheaApp *app,
                                           const char *username,
                                           const char *email,
                                           const char *password,
                                           bool admin);

/**
 * Answers one request: calls `read` as long as it wants more of the body, `start` once, then `write` for each
 * block of the answer's body. Any number of threads may call this at once with the same application.
 *
 * All callbacks are called in the calling thread and only before this function returns. None of them may throw a
 * C++ exception or leave by `longjmp`.
 *
 * What is wrong with a request, or goes wrong inside, is an answer too (400, 500 and so on) and returns
 * KALLITHEA_RESULT_OK. With every other result, close the connection: the answer is not complete.
 *
 * # Safety
 * `app` and `request` are NULL or valid, with all that `request` points to, until this function returns.
 */
enum KallitheaResult kallithea_handle(const struct KallitheaApp *app,
                                      const struct KallitheaRequest *request);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KALLITHEA_RS_H */
