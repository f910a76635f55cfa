#include "base/random.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>

void random_block(struct random r, uint64_t block, uint32_t ret[4])
{
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)r.stream, c3 = (uint32_t)(r.stream >> 32);
    uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    ret[0] = c0;
    ret[1] = c1;
    ret[2] = c2;
    ret[3] = c3;
}

uint32_t random_u32(struct random r, uint64_t position)
{
    uint32_t four[4];
    random_block(r, position / 4, four);
    return four[position % 4];
}

float random_unit(struct random r, uint64_t position)
{
    return (float)(random_u32(r, position) >> 8) * 0x1p-24f;
}

uint32_t random_below(struct random r, uint64_t position, uint32_t bound)
{
    return (uint32_t)((uint64_t)random_u32(r, position) * bound >> 32);
}

/* Natural logarithm of 0 < x < 1 to about 1 ulp, from operations that IEEE 754 fixes bit by bit; libm's log may
 * differ between machines in the last place. ln x = e ln 2 + 2 atanh((m - 1) / (m + 1)), m in [sqrt 1/2, sqrt 2). */
static double fixed_log(double x)
{
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752440) {
        m *= 2;
        e--;
    }
    double z = (m - 1) / (m + 1), z2 = z * z, sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * z2 + 1.0 / k;
    return e * 0.69314718055994530942 + 2 * z * sum;
}

static double poly(const double *c, int degree, double x)
{
    double y = c[degree];
    for (int i = degree - 1; i >= 0; i--)
        y = y * x + c[i];
    return y;
}

/* AS 241, PPND16. */
double random_quantile(double p)
{
    static const double a[] = { 3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3 };
    static const double b[] = { 1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3 };
    static const double c[] = { 1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4 };
    static const double d[] = { 1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9 };
    static const double e[] = { 6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7 };
    static const double f[] = { 1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15 };
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * poly(a, 7, r) / poly(b, 7, r);
    }
    double r = sqrt(-fixed_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? poly(c, 7, r - 1.6) / poly(d, 7, r - 1.6) : poly(e, 7, r - 5) / poly(f, 7, r - 5);
    return q < 0 ? -x : x;
}

void random_normals(struct random r, uint64_t first, size_t count, float *ret)
{
    uint32_t four[4] = { 0 };
    for (size_t i = 0; i < count; i++) {
        uint64_t at = first + i;
        if (i == 0 || at % 4 == 0)
            random_block(r, at / 4, four);
        ret[i] = (float)random_quantile(((double)four[at % 4] + 0.5) * 0x1p-32);
    }
}

uint64_t random_mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t random_fresh_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = random_mix((uint64_t)clock_steady_ns() ^ (uint64_t)clock_wall_ms());
    return seed & ((UINT64_C(1) << 53) - 1);
}
