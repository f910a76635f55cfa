/* The network was trained with the waves' frequencies and angles rounded to float, so they are rounded here too; what
 * is between is double arithmetic that IEEE 754 fixes bit by bit. */
#include "nn/embed.h"

#include <assert.h>

/* e^-x for 0 <= x < 16: a series for e^(-x / 64), then squared six times. */
static double exp_minus(double x)
{
    double r = -x / 64, sum = 1;
    for (int k = 12; k >= 1; k--)
        sum = 1 + r * sum / k;
    for (int i = 0; i < 6; i++)
        sum *= sum;
    return sum;
}

/* cos and sin of 0 <= x < 2^20: x = n pi/2 + r, pi/2 in two parts so that r keeps its digits, then Taylor series. */
static void cos_sin(double x, double *ret_cos, double *ret_sin)
{
    const double half_pi_high = 0x1.921fb544p0, half_pi_low = 0x1.0b4611a626331p-34;
    long n = (long)(x * 0.63661977236758134308 + 0.5);
    double r = (x - (double)n * half_pi_high) - (double)n * half_pi_low, r2 = r * r;
    double c = 1, s = 1;
    for (int k = 16; k >= 2; k -= 2) {
        c = 1 - r2 * c / (k * (k - 1));
        s = 1 - r2 * s / (k * (k + 1));
    }
    s *= r;
    const double turned[4][2] = { { c, s }, { -s, c }, { -c, -s }, { s, -c } };
    *ret_cos = turned[n & 3][0];
    *ret_sin = turned[n & 3][1];
}

void embed_time(float t, int waves, float *y)
{
    assert(t >= 0 && t <= 1 && waves > 0);
    const double log_10000 = 9.21034037197618273607;
    for (int k = 0; k < waves; k++) {
        float frequency = (float)exp_minus(log_10000 * k / waves), angle = (t * 1000.0f) * frequency;
        double c, s;
        cos_sin(angle, &c, &s);
        y[k] = (float)c;
        y[waves + k] = (float)s;
    }
}

void embed_row(const float *table, size_t width, int id, float weight, float *y)
{
    const float *row = table + (size_t)id * width;
    for (size_t i = 0; i < width; i++)
        y[i] = weight * row[i];
}

void embed_row_backward(const float *dy, size_t width, int id, float weight, float *dtable)
{
    float *row = dtable + (size_t)id * width;
    for (size_t i = 0; i < width; i++)
        row[i] += weight * dy[i];
}
