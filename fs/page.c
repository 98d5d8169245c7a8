#include "fs/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/status.h"
#include "base/when.h"
#include "fs/html.h"

/* How many characters of a commit's metadata, and of an error, are shown. */
#define METADATA_SHOWN 80
#define ERROR_SHOWN    400

/* Of the style, by which the policy lets it in: tests/shell/overview.py says what it must be. */
#define STYLE_HASH "sha256-SkCO/PVe4yLE5tP1/c1B6hElSamBX/osowW85HM/0fg="

#define POLICY                                                                    \
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; " \
    "style-src '" STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"

static const char begin[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n" POLICY
                            "<meta name=\"viewport\" content=\"width=device-width\">\n"
                            "<meta name=\"color-scheme\" content=\"light dark\">\n";

static const char style[] =
    "<style>\n"
    ":root{--ink:#1d2127;--soft:#5b636d;--line:#dfe3e8;--paper:#fff;--tint:#f3f5f7;--track:#e3e7ec;"
    "--good:#1a7f4b;--warn:#9a5b00;--bad:#c02626;--plain:#5b636d;"
    "--goodbar:#4caf7d;--warnbar:#e0a030;--badbar:#dd5555}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e3e6ea;--soft:#98a1ab;--line:#2f353c;"
    "--paper:#14171a;--tint:#1c2024;--track:#2c3238;--good:#62c793;--warn:#e3ae4f;--bad:#ff8080;"
    "--plain:#98a1ab;--goodbar:#3c9c6c;--warnbar:#c08a2a;--badbar:#d25252}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:68rem;padding:1.5rem 1.25rem 3rem;background:var(--paper);"
    "color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}\n"
    "a{color:inherit}\n"
    "h1{margin:0;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}\n"
    "h2{margin:0;padding:.35rem .5rem;font-size:1rem;font-weight:600;overflow-wrap:anywhere}\n"
    "p{margin:.25rem 0}\n"
    ".soft,small{color:var(--soft)}\n"
    "small{font-size:.85em}\n"
    ".counts{margin:1rem 0 1.25rem}\n"
    ".counts b{margin-right:1.25rem;font-weight:600;white-space:nowrap}\n"
    "section{margin:0 0 1.5rem;border-top:2px solid var(--line)}\n"
    "section p{padding:.1rem .5rem;overflow-wrap:anywhere}\n"
    ".row,summary{display:grid;gap:0 1rem;align-items:center;padding:.3rem .5rem;"
    "grid-template-columns:minmax(8rem,3fr) minmax(8rem,2fr) minmax(6rem,2fr) minmax(5rem,3fr) "
    "15rem}\n"
    ".head{color:var(--soft);font-size:.85em}\n"
    "details,.failed{border-top:1px solid var(--line)}\n"
    "summary{cursor:pointer;list-style:none}\n"
    "summary::-webkit-details-marker{display:none}\n"
    "summary .name::before{content:\"\\25B8\";display:inline-block;width:1.1em;color:var(--soft)}\n"
    "[open]>summary .name::before{content:\"\\25BE\"}\n"
    "summary:hover{background:var(--tint)}\n"
    ".name{overflow-wrap:anywhere}\n"
    ".failed .name{padding-left:1.1em}\n"
    ".failed .why{grid-column:3/-1;overflow-wrap:anywhere}\n"
    ".lag,.number{text-align:right;white-space:nowrap}\n"
    ".state{white-space:nowrap;font-weight:600}\n"
    ".state::before{display:inline-block;width:1.3em;font-weight:400}\n"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.plain{color:var(--"
    "plain)}\n"
    ".good::before{content:\"\\25CF\"}.warn::before{content:\"\\25B2\"}.bad::before{content:"
    "\"\\25C6\"}"
    ".plain::before{content:\"\\25CB\"}\n"
    ".bar{display:block;width:100%;height:.55rem;border-radius:.15rem;background:var(--track)}\n"
    ".bar.good{fill:var(--goodbar)}.bar.warn{fill:var(--warnbar)}.bar.bad{fill:var(--badbar)}"
    ".bar.plain{fill:var(--plain)}\n"
    ".wide{overflow-x:auto;padding:.25rem .5rem .75rem 1.6rem}\n"
    "table{border-collapse:collapse;font-size:.87em}\n"
    "th,td{padding:.15rem 1.25rem .15rem 0;text-align:left;vertical-align:top}\n"
    "th{color:var(--soft);font-weight:400}\n"
    "th.number,td.number{text-align:right}\n"
    "time{white-space:nowrap}small{white-space:nowrap}\n"
    "td{white-space:nowrap}\n"
    "td.meta{white-space:normal;min-width:12rem;overflow-wrap:anywhere}\n"
    ".rest ul{columns:16rem;margin:.25rem 0;padding:0 "
    ".5rem;list-style:none;overflow-wrap:anywhere}\n"
    "footer{margin-top:2rem;border-top:2px solid var(--line);padding:.5rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}\n"
    "dd{margin:0}\n"
    "footer summary{display:list-item;list-style:disclosure-closed inside;padding:.2rem 0}\n"
    "footer [open]>summary{list-style-type:disclosure-open}\n"
    "footer details{border:0}\n"
    "@media (max-width:46rem){.head{display:none}.row,summary{grid-template-columns:1fr auto;"
    "gap:.1rem 1rem;padding:.5rem}.lag{grid-row:2;text-align:left;padding-left:1.1rem}"
    ".lag::before{content:\"lag \";color:var(--soft)}.track{grid-row:2;width:9rem;justify-self:end}"
    ".when{grid-column:1/-1;padding-left:1.1rem}.when::before{content:\"committed \"}"
    ".failed .why{grid-column:1/-1;padding-left:1.1rem}.wide{padding-left:.5rem}}\n"
    "@media print{body{max-width:none}}\n"
    "</style>\n";

static const char legend[] =
    "<footer>\n<p class=\"soft\">A bar is the lag as a share of all records that are kept; when "
    "it is full, the next ones are deleted unread. <code>lag/</code> and the name of an app has "
    "all "
    "of this as a table.</p>\n"
    "<details><summary>What the states mean</summary><dl>\n"
    "<dt class=\"state bad\">expired</dt><dd>the next record is no longer kept: some were lost "
    "unread</dd>\n"
    "<dt class=\"state bad\">ahead</dt><dd>the checkpoint is beyond the end</dd>\n"
    "<dt class=\"state warn\">near</dt><dd>the records to be read next are among the oldest that "
    "are kept</dd>\n"
    "<dt class=\"state warn\">rewound</dt><dd>the checkpoint went back a short time ago</dd>\n"
    "<dt class=\"state warn\">stalled</dt><dd>records wait, and nothing was committed for "
    "long</dd>\n"
    "<dt class=\"state plain\">unknown</dt><dd>the service does not tell what it takes to "
    "know</dd>\n"
    "<dt class=\"state plain\">none</dt><dd>nothing is committed on this partition</dd>\n"
    "<dt class=\"state good\">ok</dt><dd>everything else</dd>\n"
    "<dt class=\"state plain\">closed</dt><dd>nothing will be added, and all is read</dd>\n"
    "</dl></details>\n</footer>\n</html>\n";

static const char door[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n"
    "<meta http-equiv=\"refresh\" content=\"0; url=overview/now.html\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>checkpointfs</title>\n"
    "<p><a href=\"overview/now.html\">All apps, with their lags and states</a></p>\n</html>\n";

const enum standing page_by_severity[STANDING_OK + 1] = {
    STANDING_EXPIRED, STANDING_AHEAD, STANDING_NEAR, STANDING_REWOUND, STANDING_STALLED,
    STANDING_UNKNOWN, STANDING_NONE,  STANDING_OK,   STANDING_CLOSED,
};

/* Summaries */

void summary_init(struct summary *summary)
{
    *summary = (struct summary){.lag = "0", .kept = "0", .committed = WHEN_UNKNOWN};
}

/* False where the sum has more digits than numbers have: it stays what it is. */
static bool add_to(char sum[static DECIMAL_ROOM], const char *number)
{
    char result[DECIMAL_ROOM];

    if (decimal_add(result, sum, number) || !decimal_is_valid(result))
        return false;
    memcpy(sum, result, sizeof(result));
    return true;
}

static bool count_kept(const struct state *state, char kept[static DECIMAL_ROOM])
{
    return state->earliest && state->latest &&
           !decimal_subtract(kept, state->latest, state->earliest) && decimal_is_unsigned(kept);
}

void summary_add(struct summary *summary, const struct backend *backend, const struct state *state,
                 enum standing standing)
{
    char number[DECIMAL_ROOM];

    summary->partitions++;
    summary->standings[standing]++;
    if (status_lag(backend, state, number) || !add_to(summary->lag, number))
        summary->unknown++;
    if (count_kept(state, number))
        (void)add_to(summary->kept, number);
    if (state->sequence && state->committed > summary->committed)
        summary->committed = state->committed;
}

enum standing summary_worst(const struct summary *summary)
{
    for (size_t i = 0; i < STANDING_OK; i++) {
        if (summary->standings[page_by_severity[i]])
            return page_by_severity[i];
    }
    return summary->standings[STANDING_CLOSED] ? STANDING_CLOSED : STANDING_NONE;
}

/* Pieces */

static const char *color_of(enum standing standing)
{
    switch (standing) {
    case STANDING_EXPIRED:
    case STANDING_AHEAD:
        return "bad";
    case STANDING_NEAR:
    case STANDING_REWOUND:
    case STANDING_STALLED:
        return "warn";
    case STANDING_OK:
        return "good";
    case STANDING_NONE:
    case STANDING_UNKNOWN:
    case STANDING_CLOSED:
        break;
    }
    return "plain";
}

static const char *word_of(enum standing standing)
{
    return standing == STANDING_UNKNOWN ? "unknown" : standing_word(standing);
}

static void print_state(struct buf *page, enum standing standing)
{
    buf_printf(page, "<span class=\"state %s\">%s</span>", color_of(standing), word_of(standing));
}

static void print_file_name(struct buf *page, const char *name)
{
    char file[FILE_NAME_ROOM];

    html_text(page, name_to_file(name, file) ? "?" : file, HTML_WHOLE);
}

/* In groups of three digits, with blanks at which no line is broken. */
static void print_grouped(struct buf *page, const char *number)
{
    size_t digits = strlen(number);

    for (size_t i = 0; i < digits; i++)
        buf_printf(page, "%s%c", i && (digits - i) % 3 == 0 ? "\u202f" : "", number[i]);
}

/* 2026-11-21 08:00:00 */
static void print_time(struct buf *page, int64_t when)
{
    char text[WHEN_ROOM];

    when_format_seconds(when, text);
    buf_printf(page, "<time datetime=\"%s\">%.10s %.8s</time>", text, text,
               text + strlen("2026-11-21T"));
}

static void print_age(struct buf *page, int64_t when)
{
    int64_t seconds = (when_now() - when) / 1000000000;

    if (seconds < 0)
        seconds = 0;
    if (seconds < 60)
        buf_printf(page, "%" PRId64 "\u202fs", seconds);
    else if (seconds < 3600)
        buf_printf(page, "%" PRId64 "\u202fmin", seconds / 60);
    else if (seconds < 86400)
        buf_printf(page, "%" PRId64 "\u202fh", seconds / 3600);
    else
        buf_printf(page, "%" PRId64 "\u202fd", seconds / 86400);
}

static void print_committed(struct buf *page, int64_t when)
{
    if (when == WHEN_UNKNOWN) {
        buf_puts(page, "–");
        return;
    }
    print_time(page, when);
    buf_puts(page, " <small>");
    print_age(page, when);
    buf_puts(page, " ago</small>");
}

/* What there is of a lag can be seen, however small its share is. */
static double share_of(const char *lag, const char *kept)
{
    double whole = strtod(kept, NULL);
    double share = whole > 0 ? 100 * strtod(lag, NULL) / whole : 0;

    if (strcmp(lag, "0") != 0 && !(share >= 1))
        return 1;
    return share > 100 ? 100 : share;
}

static void print_bar(struct buf *page, const struct summary *summary)
{
    buf_printf(page,
               "<svg class=\"bar %s\" aria-hidden=\"true\"><rect width=\"%.1f%%\" "
               "height=\"100%%\"/></svg>",
               color_of(summary_worst(summary)), share_of(summary->lag, summary->kept));
}

/* What is not known of some partitions may be more. */
static void print_lag(struct buf *page, const struct summary *summary)
{
    if (summary->unknown == summary->partitions) {
        buf_puts(page, "–");
        return;
    }
    buf_puts(page, summary->unknown ? "≥\u202f" : "");
    print_grouped(page, summary->lag);
}

/* The page */

void page_print_door(const struct fs *fs, struct buf *page)
{
    (void)fs;
    buf_puts(page, door);
}

void page_begin(struct buf *page, const struct fs *fs)
{
    buf_puts(page, begin);
    buf_puts(page, "<title>");
    html_text(page, fs->source, HTML_WHOLE);
    buf_puts(page, "</title>\n");
    buf_puts(page, style);
    buf_puts(page, "<h1>");
    html_text(page, fs->source, HTML_WHOLE);
    buf_puts(page, "</h1>\n<p class=\"soft\">As of ");
    print_time(page, when_now());
    buf_puts(page, " UTC; <a href=\"now.html\">ask again</a></p>\n");
}

void page_end(struct buf *page)
{
    buf_puts(page, legend);
}

void page_counts(struct buf *page, const size_t counts[static STANDING_OK + 1], size_t failed)
{
    buf_puts(page, "<p class=\"counts\">");
    if (failed)
        buf_printf(page, "<b class=\"state bad\">%zu failed</b>", failed);
    for (size_t i = 0; i <= STANDING_OK; i++) {
        enum standing standing = page_by_severity[i];

        if (counts[standing])
            buf_printf(page, "<b class=\"state %s\">%zu %s</b>", color_of(standing),
                       counts[standing], word_of(standing));
    }
    buf_puts(page,
             "</p>\n"
             "<div class=\"row head\"><span>stream</span><span>state</span><span class=\"lag\">"
             "lag</span><span></span><span>last commit (UTC)</span></div>\n");
}

void page_begin_app(struct buf *page, const char *app)
{
    buf_puts(page, "<section>\n<h2>");
    print_file_name(page, app);
    buf_puts(page, "</h2>\n");
}

void page_end_app(struct buf *page)
{
    buf_puts(page, "</section>\n");
}

void page_error(struct buf *page, const char *stream, const struct error *error)
{
    buf_puts(page, "<div class=\"row failed\"><span class=\"name\">");
    if (stream)
        print_file_name(page, stream);
    buf_puts(page, "</span><span class=\"state bad\">failed</span><span class=\"why\">");
    html_text(page, error->message, ERROR_SHOWN);
    buf_printf(page, " <small>%s</small></span></div>\n", error_name(error->code));
}

void page_note(struct buf *page, const char *text)
{
    buf_puts(page, "<p class=\"soft\">");
    html_text(page, text, HTML_WHOLE);
    buf_puts(page, "</p>\n");
}

static void print_summary(struct buf *page, const char *stream, const struct summary *summary)
{
    enum standing worst = summary_worst(summary);

    buf_puts(page, "<summary><span class=\"name\">");
    print_file_name(page, stream);
    buf_puts(page, "</span><span>");
    print_state(page, worst);
    if (summary->standings[worst] < summary->partitions)
        buf_printf(page, " <small>%zu of %zu</small>", summary->standings[worst],
                   summary->partitions);
    buf_puts(page, "</span><span class=\"lag\">");
    print_lag(page, summary);
    buf_puts(page, "</span><span class=\"track\">");
    print_bar(page, summary);
    buf_puts(page, "</span><span class=\"when soft\">");
    print_committed(page, summary->committed);
    buf_puts(page, "</span></summary>\n");
}

void page_pair(struct buf *page, const char *app, const char *stream, const struct summary *summary,
               const struct buf *details, size_t shown)
{
    buf_puts(page, "<details>");
    print_summary(page, stream, summary);
    buf_puts(page, "<div class=\"wide\">");
    if (shown < summary->partitions) {
        buf_printf(page, "<p class=\"soft\">The %zu worst of %zu partitions; <code>lag/", shown,
                   summary->partitions);
        print_file_name(page, app);
        buf_puts(page, "</code> has all.</p>\n");
    }
    buf_add(page, details->data, details->size);
    buf_puts(page, "</table></div></details>\n");
}

static bool has_metadata(const struct fs *fs)
{
    return fs->backend->abilities & CAN_STORE_METADATA;
}

void page_begin_details(struct buf *details, const struct fs *fs)
{
    buf_puts(details,
             "<table><tr><th class=\"number\">partition<th>state<th class=\"number\">lag"
             "<th class=\"number\">margin<th class=\"number\">checkpoint<th>committed (UTC)");
    buf_puts(details, has_metadata(fs) ? "<th>metadata</tr>\n" : "</tr>\n");
}

typedef int count_fn(const struct backend *backend, const struct state *state,
                     char count[static DECIMAL_ROOM]);

static void print_count(struct buf *page, const struct fs *fs, const struct state *state,
                        count_fn *count)
{
    char number[DECIMAL_ROOM];

    buf_puts(page, "<td class=\"number\">");
    if (count(fs->backend, state, number))
        buf_puts(page, "–");
    else
        print_grouped(page, number);
}

static void print_metadata_cell(struct buf *page, const struct state *state)
{
    buf_puts(page, "<td class=\"meta\">");
    html_text(page, state->sequence && state->metadata ? state->metadata : "", METADATA_SHOWN);
}

void page_partition(struct buf *page, const struct fs *fs, const struct state *state,
                    enum standing standing)
{
    buf_printf(page, "<tr><td class=\"number\">%" PRIu32 "<td>", state->partition);
    print_state(page, standing);
    print_count(page, fs, state, status_lag);
    print_count(page, fs, state, status_margin);
    buf_puts(page, "<td class=\"number\">");
    html_text(page, state->sequence ? state->sequence : "–", HTML_WHOLE);
    buf_puts(page, "<td>");
    print_committed(page, state->sequence ? state->committed : WHEN_UNKNOWN);
    if (has_metadata(fs))
        print_metadata_cell(page, state);
    buf_puts(page, "</tr>\n");
}

void page_begin_rest(struct buf *page, size_t pairs)
{
    buf_printf(page,
               "<section class=\"rest\">\n<h2>Not asked for</h2>\n<p class=\"soft\">The first %zu "
               "pairs of app and stream are asked for. Of these <code>lag/</code> and the name of "
               "the app tells.</p>\n<ul>\n",
               pairs);
}

void page_rest(struct buf *page, const char *app, const char *stream)
{
    buf_puts(page, "<li>");
    print_file_name(page, app);
    if (stream) {
        buf_puts(page, " / ");
        print_file_name(page, stream);
    }
    buf_puts(page, "</li>\n");
}

void page_end_rest(struct buf *page, size_t left_out)
{
    buf_puts(page, "</ul>\n");
    if (left_out)
        buf_printf(page, "<p class=\"soft\">And %zu more, which <code>lag/</code> lists.</p>\n",
                   left_out);
    buf_puts(page, "</section>\n");
}
