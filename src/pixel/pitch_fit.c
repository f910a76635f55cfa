#include "pixel/pitch_fit.h"

#include "base/mem.h"

#include <math.h>

enum { REFINE_ROUNDS = 6, PATH_ROUNDS = 3 };

static const double empty_cost = 0.35, uneven_cost = 1.0;
static const double line_is_empty = 0.12; /* of the mean line */
static const float stiffness = 18, seen_from = 0.3f, shown_from = 0.3f;

/* A change this far from a line still counts as the line's, whole and in part. */
struct reach {
    double whole, part;
};

static struct reach reach_of(double pitch)
{
    double whole = pitch * 0.12 < 0.5 ? 0.5 : pitch * 0.12 > 2 ? 2 : pitch * 0.12;
    double part = whole + 0.5 + 0.05 * pitch;
    return (struct reach){ whole, part < pitch / 2 ? part : pitch / 2 };
}

static double share(struct reach r, double distance)
{
    if (distance <= r.whole)
        return 1;
    return distance >= r.part ? 0 : (r.part - distance) / (r.part - r.whole);
}

/* Where lines are: rigid ones by pitch and phase, elastic ones as found. */
static double line_at(const struct fit *f, int k)
{
    return f->elastic ? (double)f->line[k] : f->phase + k * f->pitch;
}

static double on_line(const float *change, int length, double at, struct reach reach)
{
    double sum = 0;
    int from = (int)ceil(at - reach.part), to = (int)floor(at + reach.part);
    for (int x = from < 1 ? 1 : from; x <= to && x < length; x++)
        sum += (double)change[x] * share(reach, fabs(x - at));
    return sum;
}

/* The share of lines where nothing changes, between the first and the last where something does. */
static double empty_share(const float *change, int length, const struct fit *f, struct reach reach,
                          double least)
{
    int full = 0, empty = 0, pending = 0;
    for (int k = 0; k < f->lines; k++) {
        double at = line_at(f, k);
        if (at < 1 || at > length - 1)
            continue;
        if (on_line(change, length, at, reach) <= least) {
            pending++;
            continue;
        }
        empty += full > 0 ? pending : 0;
        pending = 0;
        full++;
    }
    return full > 0 ? (double)empty / (full + empty) : 1;
}

/* Fills explained, empty and score of a fit whose lines are known. */
static void judge(const float *change, int length, struct fit *f)
{
    struct reach reach = reach_of(f->pitch);
    double all = 0, on_lines = 0;
    int lines = 0;
    for (int x = 1; x < length; x++)
        all += (double)change[x];
    for (int k = 0; k < f->lines; k++) {
        double at = line_at(f, k), here = at < 1 || at > length - 1 ? 0 : on_line(change, length, at, reach);
        on_lines += here;
        lines += here > 0;
    }
    double chance = (reach.whole + reach.part) / f->pitch;
    chance = chance > 0.9 ? 0.9 : chance;
    f->explained = all > 0 ? (on_lines / all - chance) / (1 - chance) : 0;
    if (!f->elastic)
        f->seen = lines > 1 ? lines - 1 : 0;
    f->empty = empty_share(change, length, f, reach, lines > 0 ? line_is_empty * on_lines / lines : 0);
    f->score = f->explained - empty_cost * f->empty - uneven_cost * f->uneven;
}

/* By Taylor's series after folding. */
double turn_cosine(double t)
{
    t = fabs(t - floor(t + 0.5)); /* 0 .. 1/2 */
    double sign = 1;
    if (t > 0.25) {
        t = 0.5 - t;
        sign = -1;
    }
    double x = t * 6.283185307179586, x2 = x * x, term = 1, sum = 1;
    for (int k = 1; k <= 9; k++) {
        term *= -x2 / ((2 * k - 1) * (2 * k));
        sum += term;
    }
    return sign * sum;
}

/* The angle of (x, y) in turns, to 0.0003: by a polynomial for the first eighth of a turn (Rajan and others, "Efficient
 * approximations for the arctangent function", 2006) and symmetry. What comes of it is refined anyway. */
static double turn_of(double x, double y)
{
    double a = fabs(x), b = fabs(y), q = a > b ? b / a : b > 0 ? a / b : 0;
    double t = (0.78539816 * q + q * (1 - q) * (0.2447 + 0.0663 * q)) / 6.283185307179586;
    t = a > b ? t : 0.25 - t;
    t = x < 0 ? 0.5 - t : t;
    return y < 0 ? -t : t;
}

/* The first harmonic of the change at one pitch: its strength, and the phase of the lines. */
static double harmonic(const float *change, int length, double pitch, double *phase)
{
    double re = 0, im = 0, c = turn_cosine(1 / pitch), s = turn_cosine(1 / pitch - 0.25), a = 1, b = 0;
    for (int x = 0; x < length; x++) {
        re += (double)change[x] * a;
        im += (double)change[x] * b;
        double next = a * c - b * s;
        b = a * s + b * c;
        a = next;
    }
    *phase = turn_of(re, im) * pitch;
    return sqrt(re * re + im * im);
}

static double centroid(const float *change, int length, double at, double within, double *weight)
{
    double sum = 0, moment = 0;
    int from = (int)ceil(at - within), to = (int)floor(at + within);
    for (int x = from < 1 ? 1 : from; x <= to && x < length; x++) {
        sum += (double)change[x];
        moment += (double)change[x] * (x - at);
    }
    *weight = sum;
    return sum > 0 ? moment / sum : 0;
}

/* Weighted regression of where the change near each line is on the line's number. Returns how far that is from the lines
 * in the end, px rms. */
static double refine(const float *change, int length, double *pitch, double *phase)
{
    double off = 0;
    for (int round = 0; round < REFINE_ROUNDS; round++) {
        double within = *pitch * (round < 2 ? 0.35 : 0.22), w = 0, wk = 0, wkk = 0, wd = 0, wkd = 0, wdd = 0;
        if (within < 1)
            within = 1;
        int lines = (int)((length - *phase) / *pitch) + 1;
        for (int k = 0; k < lines; k++) {
            double weight, d = centroid(change, length, *phase + k * *pitch, within, &weight);
            w += weight;
            wk += weight * k;
            wkk += weight * k * k;
            wd += weight * d;
            wkd += weight * k * d;
            wdd += weight * d * d;
        }
        double det = w * wkk - wk * wk;
        if (det <= 1e-9 * w * w)
            break;
        double slope = (w * wkd - wk * wd) / det, offset = (wd - slope * wk) / w;
        *pitch += slope;
        *phase += offset;
        off = sqrt(wdd / w);
        if (fabs(slope) * lines < 0.01 && fabs(offset) < 0.01)
            break;
    }
    return off;
}

void fit_rigid(const float *change, int length, double pitch, struct fit *ret)
{
    double best = -1, best_pitch = pitch, best_phase = 0, phase;
    double step = pitch * pitch / (4.0 * length), width = pitch * 0.05;
    for (int k = 0; k <= (int)(2 * width / step); k++) {
        double p = pitch - width + k * step;
        double strength = harmonic(change, length, p, &phase);
        if (strength > best) {
            best = strength;
            best_pitch = p;
            best_phase = phase;
        }
    }
    double off = refine(change, length, &best_pitch, &best_phase);
    *ret = (struct fit){ .pitch = best_pitch, .uneven = off / best_pitch };
    if (!(best_pitch > 1.5 && best_pitch < length / 2.0)) {
        ret->pitch = 0;
        return;
    }
    ret->phase = best_phase - floor(best_phase / best_pitch) * best_pitch;
    ret->lines = (int)floor((length - ret->phase) / best_pitch) + 1;
    judge(change, length, ret);
    ret->firm = off < (best_pitch < 14 ? 0.5 : best_pitch * 0.035);
}

struct path {
    float *value;  /* (length + 1): the best sum of a path that ends with a line at x */
    int16_t *from; /* (length + 1): how far before x its last line is; 0: it begins here */
    float *gain;   /* (length + 1): what a line at x is worth */
    float *line;   /* the best path's lines */
    int lines;
};

static void weigh_lines(const float *change, int length, double pitch, float *gain)
{
    double all = 0;
    for (int x = 1; x < length; x++)
        all += (double)change[x];
    float typical = (float)(all / (length / pitch));
    for (int x = 0; x <= length; x++) {
        float near = change[x];
        if (x > 1)
            near += change[x - 1] * 0.6f;
        if (x < length - 1)
            near += change[x + 1] * 0.6f;
        near /= typical;
        gain[x] = near > 1.5f ? 1.5f : near;
    }
}

static void find_path(const struct path *p, int length, double pitch)
{
    int least = (int)ceil(pitch * 0.65), most = (int)floor(pitch * 1.35);
    for (int x = 0; x <= length; x++) {
        /* a path may begin within the first cell; not at the border itself costs a little */
        float best = x == 0 ? 0.5f : x < pitch ? 0 : -1e30f;
        int from = 0;
        for (int w = least; w <= most && w <= x; w++) {
            float off = (float)(w / pitch - 1), value = p->value[x - w] - stiffness * off * off;
            if (value > best) {
                best = value;
                from = w;
            }
        }
        p->value[x] = best + (x > 0 && x < length ? p->gain[x] : 0);
        p->from[x] = (int16_t)from;
    }
}

/* Where the best path ends: at the border or within the last cell. */
static int path_end(const struct path *p, int length, double pitch)
{
    int best = length;
    float value = p->value[length] + 0.5f;
    for (int x = length - 1; x > length - pitch && x > 0; x--)
        if (p->value[x] > value) {
            value = p->value[x];
            best = x;
        }
    return best;
}

static void path_lines(struct path *p, int end)
{
    p->lines = 1;
    for (int x = end; p->from[x] > 0; x -= p->from[x])
        p->lines++;
    int at = p->lines;
    for (int x = end;; x -= p->from[x]) {
        p->line[--at] = (float)x;
        if (p->from[x] == 0)
            break;
    }
}

static bool path_init(struct path *p, int length)
{
    size_t n = (size_t)length + 1;
    p->value = mem_zalloc(n, sizeof *p->value);
    p->from = mem_zalloc(n, sizeof *p->from);
    p->gain = mem_zalloc(n, sizeof *p->gain);
    p->line = mem_zalloc(n, sizeof *p->line);
    return p->value && p->from && p->gain && p->line;
}

static void path_fini(struct path *p)
{
    mem_free(p->value);
    mem_free(p->from);
    mem_free(p->gain);
    mem_free(p->line);
}

/* The mean width of cells that are seen on both sides; ret: how many, and how they vary. Where there is nothing to see a path fits
 * whatever pitch it is given, so those cells say nothing. */
static double seen_pitch(const struct path *p, double otherwise, struct fit *ret)
{
    double sum = 0, squares = 0;
    int seen = 0;
    for (int i = 1; i < p->lines; i++)
        if (p->gain[(int)p->line[i]] > seen_from && p->gain[(int)p->line[i - 1]] > seen_from) {
            double width = (double)(p->line[i] - p->line[i - 1]);
            sum += width;
            squares += width * width;
            seen++;
        }
    ret->seen = seen;
    ret->vary = seen > 0 ? squares / seen - sum / seen * (sum / seen) : 0;
    return seen >= 4 ? sum / seen : otherwise;
}

/* The outermost lines where change is seen; the borders' where none is. */
static void find_outermost(const struct path *p, struct fit *ret)
{
    int first = 0, last = p->lines - 1;
    while (first < p->lines - 1 && p->gain[(int)p->line[first]] <= shown_from)
        first++;
    while (last > 0 && p->gain[(int)p->line[last]] <= shown_from)
        last--;
    ret->first = first < last ? first : 0;
    ret->last = first < last ? last : p->lines - 1;
}

/* TAKES the path's lines. */
static void path_fit(struct path *p, const float *change, int length, double pitch, struct fit *ret)
{
    double squares = 0;
    for (int i = 1; i < p->lines; i++) {
        double off = (double)(p->line[i] - p->line[i - 1]) / pitch - 1;
        squares += off * off;
    }
    ret->pitch = pitch;
    ret->phase = (double)p->line[0];
    ret->uneven = sqrt(squares / (p->lines - 1));
    ret->elastic = true;
    find_outermost(p, ret);
    ret->lines = p->lines;
    ret->line = p->line;
    p->line = NULL;
    judge(change, length, ret);
}

enum spr_code fit_elastic(const float *change, int length, double pitch, bool held, struct fit *ret,
                          struct spr_error *err)
{
    struct path path = { 0 };
    *ret = (struct fit){ 0 };
    if (pitch < 4 || pitch > 8000)
        return SPR_OK;
    if (!path_init(&path, length)) {
        path_fini(&path);
        return SPR_FAIL(err, SPR_NOMEM, "lines of %d pixels", length);
    }
    for (int round = 0; round < PATH_ROUNDS; round++) {
        weigh_lines(change, length, pitch, path.gain);
        find_path(&path, length, pitch);
        path_lines(&path, path_end(&path, length, pitch));
        if (path.lines < 4)
            break;
        double seen =
            seen_pitch(&path, (double)(path.line[path.lines - 1] - path.line[0]) / (path.lines - 1), ret);
        if (held)
            break;
        pitch = seen;
    }
    if (path.lines >= 4)
        path_fit(&path, change, length, pitch, ret);
    path_fini(&path);
    return SPR_OK;
}
