/*
 * bench-curl URL SECONDS: how many requests in a second libcurl does, one after the other on one
 * connection: what a program that is built on it can reach at most, however little else it does.
 * Prints "rate 1234.5".
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t drop(const char *data, size_t size, size_t count, void *user)
{
    (void)data, (void)user;
    return size * count;
}

static CURLcode run(CURL *easy, double seconds)
{
    double began = now_s(), now = began;
    CURLcode status = CURLE_OK;
    long done = 0;

    while (!status && now < began + seconds) {
        status = curl_easy_perform(easy);
        done++;
        now = now_s();
    }
    if (!status)
        printf("rate %.1f\n", (double)done / (now - began));
    return status;
}

int main(int count, char **words)
{
    CURL *easy = count == 3 ? curl_easy_init() : NULL;
    CURLcode status = CURLE_FAILED_INIT;

    if (!easy) {
        fprintf(stderr, "Usage: bench-curl URL SECONDS\n");
        return 2;
    }
    if (!curl_easy_setopt(easy, CURLOPT_URL, words[1]) &&
        !curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L) &&
        !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop))
        status = run(easy, strtod(words[2], NULL));
    if (status)
        fprintf(stderr, "bench-curl: %s\n", curl_easy_strerror(status));
    curl_easy_cleanup(easy);
    return status ? 1 : 0;
}
