/* The report's JSON as Markdown. Bars and line ends in what people wrote would break a table: they are taken out. */
#include "orchestrate/report.h"

#include "base/clock.h"
#include "base/pen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of the object for a table's cell; "" where it is not there. */
static const char *cell(const json_t *o, const char *key, char room[400])
{
    const char *text = json_string_value(json_object_get(o, key));
    snprintf(room, 400, "%s", text ? text : "");
    for (char *c = room; *c; c++)
        if (*c == '|' || *c == '\n' || *c == '\r')
            *c = ' ';
    return room;
}

static const char *span_of(const json_t *seconds, char room[40])
{
    if (!json_is_number(seconds))
        return "";
    clock_span(json_number_value(seconds), room, 40);
    return room;
}

/* "12 s to 20 s", "" where none was given. */
static void estimate(const json_t *planned, char room[90])
{
    char low[40], high[40];
    const json_t *min = json_object_get(planned, "min_s"), *max = json_object_get(planned, "max_s");
    room[0] = '\0';
    if (json_integer_value(max) > 0)
        snprintf(room, 90, "%s to %s", span_of(min, low), span_of(max, high));
}

/* How far over the longest estimate; "" where it is within. */
static void over(const json_t *w, char room[32])
{
    double max = json_number_value(json_object_get(json_object_get(w, "planned"), "max_s")),
           took = json_number_value(json_object_get(json_object_get(w, "actual"), "seconds"));
    room[0] = '\0';
    if (max > 0 && took > max)
        snprintf(room, 32, " (%.0f %%)", 100 * took / max);
}

static void domain(struct pen *p, const json_t *d)
{
    char a[400], b[400], c[400], planned[90], took[40], more[32];
    size_t i;
    json_t *w;
    pen_put(p, "\n## %s: %s\n\n%lld of %lld done.\n\n", cell(d, "id", a), cell(d, "name", b),
            (long long)json_integer_value(json_object_get(d, "done")),
            (long long)json_integer_value(json_object_get(d, "total")));
    pen_put(p, "| workstream | state | planned | took | attempts | |\n|---|---|---|---|---|---|\n");
    json_array_foreach(json_object_get(d, "workstreams"), i, w)
    {
        estimate(json_object_get(w, "planned"), planned);
        over(w, more);
        pen_put(p, "| %s | %s | %s | %s%s | %zu | %s |\n", cell(w, "id", a), cell(w, "state", b), planned,
                span_of(json_object_get(json_object_get(w, "actual"), "seconds"), took), more,
                json_array_size(json_object_get(w, "attempts")), cell(w, "why", c));
    }
}

static void criterion(struct pen *p, const json_t *c)
{
    char a[400], b[400], d[400], e[400];
    char *seen = json_object_get(c, "seen")
                     ? json_dumps(json_object_get(c, "seen"), JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
                     : NULL;
    pen_put(p, "  - %s %s (%s `%s`)%s%.200s%s%s\n",
            json_is_true(json_object_get(c, "holds")) ? "holds:" : "**fails**:", cell(c, "name", a),
            cell(c, "kind", b), cell(c, "subject", d), seen ? ", seen " : "", seen ? seen : "",
            json_object_get(c, "why") ? ": " : "", cell(c, "why", e));
    free(seen);
}

static void gate(struct pen *p, const json_t *g)
{
    char a[400], b[400], c[400], t[400];
    size_t i, k;
    json_t *look, *one;
    pen_put(p, "- **%s** %s: %s%s%s\n", cell(g, "id", a), cell(g, "name", b), cell(g, "state", t),
            json_object_get(g, "why") ? ": " : "", cell(g, "why", c));
    json_array_foreach(json_object_get(g, "looks"), i, look)
    {
        pen_put(p, "  - %s: %s%s%s\n", cell(look, "time", a),
                json_is_true(json_object_get(look, "opened")) ? "opened" : "stayed shut",
                json_object_get(look, "why") ? ": " : "", cell(look, "why", b));
        json_array_foreach(json_object_get(look, "criteria"), k, one)
        {
            pen_put(p, "  ");
            criterion(p, one);
        }
    }
    json_array_foreach(json_object_get(g, "approvals"), i, one) pen_put(
        p, "  - %s: approved as %s by %s\n", cell(one, "time", a), cell(one, "as", b), cell(one, "by", c));
}

static void blockers(struct pen *p, const json_t *list)
{
    char a[400], b[400], c[400], d[400], e[400], f[400];
    size_t i;
    json_t *one;
    pen_put(p, "\n## Blockers\n\n%s", json_array_size(list) ? "" : "None.\n");
    json_array_foreach(list, i, one)
        pen_put(p, "%lld. %s on %s%s, since %s%s%s: %s\n",
                (long long)json_integer_value(json_object_get(one, "number")), cell(one, "type", a),
                cell(one, "on", b), strcmp(cell(one, "level", f), "domain") == 0 ? ", in its domain" : "",
                cell(one, "since", c), json_object_get(one, "resolved") ? ", resolved " : ", open",
                cell(one, "resolved", d), cell(one, "issue", e));
}

static void decisions(struct pen *p, const json_t *list)
{
    char a[400], b[400], c[400];
    size_t i;
    json_t *one;
    pen_put(p, "\n## Decisions\n\n%s", json_array_size(list) ? "" : "None.\n");
    json_array_foreach(list, i, one) pen_put(p, "- %s: %s%s%s\n", cell(one, "time", a),
                                             cell(one, json_object_get(one, "title") ? "title" : "text", b),
                                             json_object_get(one, "by") ? ", by " : "", cell(one, "by", c));
}

enum spr_code report_markdown(const json_t *r, struct buf *out, struct spr_error *err)
{
    struct pen p = { .out = out, .err = err };
    char a[400], b[400], span[40];
    size_t i;
    json_t *one;
    const json_t *week = json_object_get(r, "week");
    if (week)
        pen_put(&p, "# %s: Week %lld Status Report\n\n", cell(r, "plan", a),
                (long long)json_integer_value(week));
    else
        pen_put(&p, "# %s: Report\n\n", cell(r, "plan", a));
    pen_put(&p, "%lld of %lld workstreams done at %s%s.\n",
            (long long)json_integer_value(json_object_get(r, "done")),
            (long long)json_integer_value(json_object_get(r, "total")), cell(r, "time", a),
            json_is_true(json_object_get(r, "running")) ? "; it is being run" : "");
    if (json_object_get(r, "damage"))
        pen_put(&p, "\n**The journal is damaged: %s.** What follows is what was before.\n",
                cell(r, "damage", a));
    json_array_foreach(json_object_get(r, "domains"), i, one) domain(&p, one);
    pen_put(&p, "\n## Gates\n\n%s", json_array_size(json_object_get(r, "gates")) ? "" : "None.\n");
    json_array_foreach(json_object_get(r, "gates"), i, one) gate(&p, one);
    blockers(&p, json_object_get(r, "blockers"));
    decisions(&p, json_object_get(r, "decisions"));
    pen_put(&p, "\n## Critical path as it turned out\n\n");
    json_array_foreach(json_object_get(r, "critical_path"), i, one) pen_put(
        &p, "%s%s (%s)", i ? " -> " : "", cell(one, "id", b), span_of(json_object_get(one, "seconds"), span));
    pen_put(&p, "%s\n", json_array_size(json_object_get(r, "critical_path")) ? "" : "Nothing has ended yet.");
    return p.rc;
}
