#include "fix/score.h"

#include "fix/soft.h"
#include "fix/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE = 32, SHIFT = 2, PURE_ERROR = 2, LETTERS = 128 };

struct tally {
    int pictures, made, exact, near, pure, top3, reported;
    int partial; /* pixels neither there nor not */
    double pix, same, iou, worst_pix;
    int sequences, resized, steps;
    double union_colours, frame_colours, altered, altered_much, kept_cells;
    double cpu_s, rss_kb;
};

struct judged {
    int dx, dy;
    double pix, same;
};

static int channel_error(struct rgba p, struct rgba q)
{
    int r = abs(p.r - q.r), g = abs(p.g - q.g), b = abs(p.b - q.b);
    r = r > g ? r : g;
    return r > b ? r : b;
}

static const struct rgba *cell_at(const struct image *im, int x, int y)
{
    return x < 0 || y < 0 || x >= im->width || y >= im->height ? NULL : image_at(im, x, y);
}

static struct judged judge_at(const struct truth *t, const struct image *out, int dx, int dy)
{
    int cells = 0, close = 0, same = 0;
    for (int y = 0; y < t->cells.height; y++)
        for (int x = 0; x < t->cells.width; x++) {
            struct rgba want = *image_at(&t->cells, x, y);
            if (rgba_equal(want, t->ground))
                continue;
            cells++;
            const struct rgba *got = cell_at(out, x + dx, y + dy);
            if (got && got->a >= 128) {
                close += channel_error(*got, want) <= CLOSE;
                same += channel_error(*got, want) == 0;
            }
        }
    return (struct judged){ dx, dy, cells ? (double)close / cells : 1, cells ? (double)same / cells : 1 };
}

static struct judged judge(const struct truth *t, const struct image *out)
{
    struct judged best = judge_at(t, out, 0, 0);
    for (int dy = -SHIFT; dy <= SHIFT; dy++)
        for (int dx = -SHIFT; dx <= SHIFT; dx++) {
            struct judged j = judge_at(t, out, dx, dy);
            if (j.pix > best.pix)
                best = j;
        }
    return best;
}

/* A ground that was cut out whole is pure, too. */
static bool ground_pure(const struct truth *t, const struct image *out, struct judged j)
{
    const struct rgba *first = NULL;
    for (int y = 0; y < t->cells.height; y++)
        for (int x = 0; x < t->cells.width; x++) {
            const struct rgba *got = cell_at(out, x + j.dx, y + j.dy);
            if (!got || !rgba_equal(*image_at(&t->cells, x, y), t->ground))
                continue;
            if (!first)
                first = got;
            if (got->a ? !rgba_equal(*got, *first) || channel_error(*got, t->ground) > PURE_ERROR : first->a)
                return false;
        }
    return true;
}

/* Intersection over union of what is opaque in both. */
static double mask_iou(const struct truth *t, const struct image *out, struct judged j)
{
    int both = 0, any = 0;
    for (int y = -SHIFT; y < t->cells.height + SHIFT; y++)
        for (int x = -SHIFT; x < t->cells.width + SHIFT; x++) {
            const struct rgba *want = cell_at(&t->cells, x, y), *got = cell_at(out, x + j.dx, y + j.dy);
            bool w = want && want->a >= 128, g = got && got->a >= 128;
            both += w && g;
            any += w || g;
        }
    return any ? (double)both / any : 1;
}

static int partial_alpha(const struct image *im)
{
    int count = 0;
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        count += im->pixel[i].a != 0 && im->pixel[i].a != 255;
    return count;
}

static int by_colour(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct rgba));
}

/* Different colours of count pictures together. */
static int colours_of(const struct image *pictures, int count)
{
    size_t n = 0, k = 0;
    for (int i = 0; i < count; i++)
        n += (size_t)pictures[i].width * (size_t)pictures[i].height;
    struct rgba *all = must_alloc(n, sizeof *all);
    for (int i = 0; i < count; i++) {
        size_t m = (size_t)pictures[i].width * (size_t)pictures[i].height;
        memcpy(&all[k], pictures[i].pixel, m * sizeof *all);
        k += m;
    }
    qsort(all, n, sizeof *all, by_colour);
    int colours = 0;
    for (size_t i = 0; i < n; i++)
        colours += i == 0 || memcmp(&all[i], &all[i - 1], sizeof *all) != 0;
    free(all);
    return colours;
}

/* What changed from frame to frame where the truth did not. */
static void judge_sequence(const struct truth *truth, const struct image *out, int frames, struct tally *t)
{
    bool resized = false;
    t->sequences++;
    t->union_colours += colours_of(out, frames);
    for (int i = 0; i < frames; i++)
        t->frame_colours += (double)colours_of(&out[i], 1) / frames;
    for (int i = 1; i < frames; i++) {
        if (out[i].width != out[i - 1].width || out[i].height != out[i - 1].height) {
            resized = true;
            continue;
        }
        struct judged j = judge(&truth[i], &out[i]);
        for (int y = 0; y < truth[i].cells.height; y++)
            for (int x = 0; x < truth[i].cells.width; x++) {
                const struct rgba *p = cell_at(&out[i - 1], x + j.dx, y + j.dy),
                                  *q = cell_at(&out[i], x + j.dx, y + j.dy);
                if (!p || !q ||
                    !rgba_equal(*image_at(&truth[i].cells, x, y), *image_at(&truth[i - 1].cells, x, y)))
                    continue;
                t->kept_cells++;
                t->altered += !rgba_equal(*p, *q);
                t->altered_much += p->a != q->a || channel_error(*p, *q) > 16;
            }
    }
    t->resized += resized;
}

/* The report's object about an input; NULL where there is none. */
static json_t *report_of(json_t *report, const char *name)
{
    size_t i;
    json_t *o;
    json_array_foreach(report, i, o)
    {
        const char *file = json_string_value(json_object_get(o, "file")),
                   *slash = file ? strrchr(file, '/') : NULL;
        file = slash ? slash + 1 : file;
        if (file && strncmp(file, name, strlen(name)) == 0 && file[strlen(name)] == '.')
            return o;
    }
    return NULL;
}

/* All JSON texts of a file, arrays opened. */
static json_t *report_read(const char *path)
{
    json_t *all = json_array(), *value;
    FILE *f = path ? fopen(path, "r") : NULL;
    while (f && (value = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
        json_t *files = json_object_get(value, "files");
        if (json_is_array(value))
            json_array_extend(all, value);
        else if (json_is_array(files))
            json_array_extend(all, files);
        else
            json_array_append(all, value);
        json_decref(value);
    }
    if (f)
        fclose(f);
    return all;
}

static bool among_candidates(json_t *o, const struct truth *t)
{
    json_t *list = json_object_get(o, "candidates");
    for (size_t i = 0; i < 3 && i < json_array_size(list); i++) {
        json_t *c = json_array_get(list, i);
        if (json_integer_value(json_object_get(c, "width")) == t->cells.width &&
            json_integer_value(json_object_get(c, "height")) == t->cells.height)
            return true;
    }
    return false;
}

static void judge_picture(const struct entry *e, const struct truth *t, const struct image *out, json_t *note,
                          struct tally *sum, json_t *list)
{
    struct judged j = { 0 };
    int dw = out->pixel ? abs(out->width - t->cells.width) : 99,
        dh = out->pixel ? abs(out->height - t->cells.height) : 99;
    bool exact = dw == 0 && dh == 0, pure = false;
    sum->pictures++;
    sum->made += out->pixel != NULL;
    sum->exact += exact;
    sum->near += dw <= 1 && dh <= 1;
    sum->reported += note != NULL && json_object_get(note, "candidates") != NULL;
    sum->top3 += exact || among_candidates(note, t);
    if (out->pixel) {
        j = judge(t, out);
        pure = exact && ground_pure(t, out, j);
        sum->iou += mask_iou(t, out, j);
        sum->partial += partial_alpha(out);
    }
    sum->pure += pure;
    sum->pix += j.pix;
    sum->same += j.same;
    sum->worst_pix = sum->pictures == 1 || j.pix < sum->worst_pix ? j.pix : sum->worst_pix;
    json_array_append_new(list,
                          json_pack("{s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:b}", "name", e->name, "width",
                                    out->pixel ? out->width : 0, "height", out->pixel ? out->height : 0,
                                    "want_width", t->cells.width, "want_height", t->cells.height, "pix",
                                    j.pix, "same", j.same, "pure", pure));
}

/* Chance that a picture with a grid gets more confidence than one without. */
static double area_under_curve(const double *art, int arts, const double *other, int others)
{
    double sum = 0;
    for (int i = 0; i < arts; i++)
        for (int k = 0; k < others; k++)
            sum += art[i] > other[k] ? 1 : art[i] == other[k] ? 0.5 : 0;
    return arts && others ? sum / arts / others : NAN;
}

static json_t *class_json(char letter, const struct tally *t)
{
    double n = t->pictures ? t->pictures : 1;
    char name[2] = { letter, 0 };
    json_t *o =
        json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:f}", "class", name,
                  "pictures", t->pictures, "made", t->made, "exact", t->exact / n, "near", t->near / n, "pix",
                  t->pix / n, "worst_pix", t->worst_pix, "same", t->same / n, "pure", t->pure / n, "iou",
                  t->iou / n, "partial_alpha", t->partial, "cpu_s", t->cpu_s, "rss_mb", t->rss_kb / 1024);
    if (t->reported)
        json_object_set_new(o, "top3", json_real(t->top3 / n));
    if (t->sequences) {
        double s = t->sequences, cells = t->kept_cells > 0 ? t->kept_cells : 1;
        json_object_update_new(o, json_pack("{s:i, s:i, s:f, s:f, s:f, s:f}", "sequences", t->sequences,
                                            "resized", t->resized, "union_colours", t->union_colours / s,
                                            "frame_colours", t->frame_colours / s, "altered",
                                            t->altered / cells, "altered_much", t->altered_much / cells));
    }
    return o;
}

/* Lines "LETTER cpu_seconds max_rss_kb" that `time` appended. */
static void read_cpu(const char *path, struct tally *sum)
{
    FILE *f = path ? fopen(path, "r") : NULL;
    char letter;
    double cpu, rss;
    while (f && fscanf(f, " %c %lf %lf", &letter, &cpu, &rss) == 3) {
        struct tally *t = &sum[letter & (LETTERS - 1)];
        t->cpu_s += cpu;
        t->rss_kb = rss > t->rss_kb ? rss : t->rss_kb;
    }
    if (f)
        fclose(f);
}

struct run {
    const char *set, *results;
    json_t *report, *list;
    struct tally *sum; /* (LETTERS) */
    double *art, *other;
    int arts, others;
};

static void load_truth(const struct run *r, const struct entry *e, struct truth *t)
{
    char path[4096];
    t->ground = e->ground;
    snprintf(path, sizeof path, "%s/truth/%s.png", r->set, e->name);
    if (!store_load(path, &t->cells)) {
        fprintf(stderr, "bench_pixelfix: %s cannot be read\n", path);
        exit(1);
    }
}

static void judge_entry(struct run *r, const struct entry *e, struct truth *truth, struct image *out)
{
    char path[4096];
    struct tally *t = &r->sum[(unsigned char)e->letter & (LETTERS - 1)];
    json_t *note = report_of(r->report, e->name), *sure = json_object_get(note, "confidence");
    *out = (struct image){ 0 };
    snprintf(path, sizeof path, "%s/%s.png", r->results, e->name);
    if (!store_load(path, out))
        *out = (struct image){ 0 };
    if (json_is_number(sure) && e->art)
        r->art[r->arts++] = json_number_value(sure);
    else if (json_is_number(sure))
        r->other[r->others++] = json_number_value(sure);
    if (e->art) {
        load_truth(r, e, truth);
        judge_picture(e, truth, out, note, t, r->list);
        return;
    }
    t->pictures++;
    t->made += out->pixel != NULL;
    if (out->pixel)
        json_array_append_new(r->list, json_pack("{s:s, s:i, s:i}", "name", e->name, "width", out->width,
                                                 "height", out->height));
}

json_t *score_run(const char *set, const char *results, const char *tool, const char *report, const char *cpu)
{
    size_t count;
    struct entry *all = store_read(set, &count);
    struct run r = { set,
                     results,
                     report_read(report),
                     json_array(),
                     must_alloc(LETTERS, sizeof(struct tally)),
                     must_alloc(count, sizeof(double)),
                     must_alloc(count, sizeof(double)),
                     0,
                     0 };
    for (size_t i = 0; i < count;) {
        struct truth truth[FRAMES_MOST] = { 0 };
        struct image out[FRAMES_MOST] = { 0 };
        int n = 0;
        bool all_made = true;
        do {
            judge_entry(&r, &all[i + (size_t)n], &truth[n], &out[n]);
            all_made = all_made && out[n].pixel;
            n++;
        } while (n < FRAMES_MOST && i + (size_t)n < count && all[i + (size_t)n].frame > 0);
        if (n > 1 && all_made)
            judge_sequence(truth, out, n, &r.sum[(unsigned char)all[i].letter & (LETTERS - 1)]);
        for (int k = 0; k < n; k++) {
            image_fini(&truth[k].cells);
            image_fini(&out[k]);
        }
        i += (size_t)n;
    }
    read_cpu(cpu, r.sum);
    json_t *by_class = json_array();
    for (int i = 0; i < class_count; i++)
        if (r.sum[(int)classes[i].letter].pictures)
            json_array_append_new(by_class, class_json(classes[i].letter, &r.sum[(int)classes[i].letter]));
    json_t *o = json_pack("{s:s, s:o, s:o}", "tool", tool, "classes", by_class, "pictures", r.list);
    double auc = area_under_curve(r.art, r.arts, r.other, r.others);
    if (!isnan(auc))
        json_object_set_new(o, "auc", json_real(auc));
    json_decref(r.report);
    free(r.sum);
    free(r.art);
    free(r.other);
    free(all);
    return o;
}

static json_t *class_of(json_t *tool, char letter)
{
    size_t i;
    json_t *o;
    json_array_foreach(json_object_get(tool, "classes"), i, o)
    {
        if (json_string_value(json_object_get(o, "class"))[0] == letter)
            return o;
    }
    return NULL;
}

static double number(json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static void print_head(FILE *to, const char *title, json_t *const *tools, int count)
{
    fprintf(to, "\n%-44s %4s", title, "n");
    for (int i = 0; i < count; i++)
        fprintf(to, "  %20.20s", json_string_value(json_object_get(tools[i], "tool")));
    fputc('\n', to);
}

/* One table: a row for each class, a cell for each tool. */
static void print_rows(FILE *to, const char *only, const char * not, json_t *const *tools, int count,
                       void (*cell)(json_t *o, char text[64]))
{
    for (int c = 0; c < class_count; c++) {
        int n = 0;
        if ((only && !strchr(only, classes[c].letter)) || (not &&strchr(not, classes[c].letter)))
            continue;
        for (int i = 0; i < count; i++)
            if (class_of(tools[i], classes[c].letter))
                n = (int)number(class_of(tools[i], classes[c].letter), "pictures");
        if (!n)
            continue;
        fprintf(to, "%c  %-41s %4d", classes[c].letter, classes[c].title, n);
        for (int i = 0; i < count; i++) {
            char text[64] = "-";
            json_t *o = class_of(tools[i], classes[c].letter);
            if (o)
                cell(o, text);
            fprintf(to, "  %20s", text);
        }
        fputc('\n', to);
    }
}

static void exact_cell(json_t *o, char text[64])
{
    snprintf(text, 64, "%5.1f %5.1f %5.1f", 100 * number(o, "exact"), 100 * number(o, "near"),
             100 * number(o, "pix"));
}

static void purity_cell(json_t *o, char text[64])
{
    snprintf(text, 64, "%5.1f %5.1f %5.1f", 100 * number(o, "pure"), 100 * number(o, "same"),
             100 * number(o, "worst_pix"));
}

static void cpu_cell(json_t *o, char text[64])
{
    if (number(o, "cpu_s") > 0)
        snprintf(text, 64, "%6.3f s %5.0f MB", number(o, "cpu_s") / fmax(1, number(o, "pictures")),
                 number(o, "rss_mb"));
}

static void accept_cell(json_t *o, char text[64])
{
    if (number(o, "cpu_s") > 0) /* it was run */
        snprintf(text, 64, "%d of %d", (int)number(o, "made"), (int)number(o, "pictures"));
}

static void alpha_cell(json_t *o, char text[64])
{
    snprintf(text, 64, "%.4f %d", number(o, "iou"), (int)number(o, "partial_alpha"));
}

static void sequence_cell(json_t *o, char text[64])
{
    if (json_object_get(o, "sequences"))
        snprintf(text, 64, "%d/%d %.0f>%.0f %.2f%%", (int)number(o, "resized"), (int)number(o, "sequences"),
                 number(o, "frame_colours"), number(o, "union_colours"), 100 * number(o, "altered"));
}

static void top3_cell(json_t *o, char text[64])
{
    if (json_object_get(o, "top3"))
        snprintf(text, 64, "%.1f", 100 * number(o, "top3"));
}

void score_table(FILE *to, json_t *const *tools, int count)
{
    print_head(to, "exact size %, +-1 %, pix %", tools, count);
    print_rows(to, NULL, "N", tools, count, exact_cell);
    print_head(to, "ground pure %, same colour %, worst pix %", tools, count);
    print_rows(to, NULL, "NXPK", tools, count, purity_cell);
    print_head(to, "right size among three candidates %", tools, count);
    print_rows(to, NULL, "N", tools, count, top3_cell);
    print_head(to, "mask IoU, half transparent pixels", tools, count);
    print_rows(to, "XK", NULL, tools, count, alpha_cell);
    print_head(to, "resized, colours frame>all, altered", tools, count);
    print_rows(to, "Q", NULL, tools, count, sequence_cell);
    print_head(to, "falsely accepted", tools, count);
    print_rows(to, "N", NULL, tools, count, accept_cell);
    print_head(to, "processor time a picture, peak memory", tools, count);
    print_rows(to, NULL, NULL, tools, count, cpu_cell);
    for (int i = 0; i < count; i++)
        if (json_object_get(tools[i], "auc"))
            fprintf(to, "\n%s: area under the curve of confidence, art against the rest: %.4f\n",
                    json_string_value(json_object_get(tools[i], "tool")), number(tools[i], "auc"));
}
