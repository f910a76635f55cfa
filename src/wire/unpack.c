#include "wire/unpack.h"

#include <string.h>

static bool take(struct unpack *u, size_t n, uint64_t *ret)
{
    uint64_t value = 0;
    if ((size_t)(u->end - u->at) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | u->at[i];
    u->at += n;
    *ret = value;
    return true;
}

static bool take_bytes(struct unpack *u, enum unpack_kind kind, uint64_t length, struct unpack_value *ret)
{
    if ((uint64_t)(u->end - u->at) < length)
        return false;
    ret->kind = kind;
    ret->bytes = (const char *)u->at;
    ret->length = (uint32_t)length;
    u->at += length;
    return true;
}

static bool take_list(enum unpack_kind kind, uint64_t length, struct unpack_value *ret)
{
    ret->kind = kind;
    ret->length = (uint32_t)length;
    return true;
}

static bool take_int(uint64_t bits, int size, struct unpack_value *ret)
{
    int64_t value = size == 1   ? (int8_t)bits
                    : size == 2 ? (int16_t)bits
                    : size == 4 ? (int32_t)bits
                                : (int64_t)bits;
    ret->kind = value < 0 ? UNPACK_INT : UNPACK_UINT;
    if (value < 0)
        ret->as.whole = value;
    else
        ret->as.count = (uint64_t)value;
    return true;
}

static bool take_real(uint64_t bits, bool is_double, struct unpack_value *ret)
{
    ret->kind = UNPACK_REAL;
    if (is_double) {
        memcpy(&ret->as.real, &bits, sizeof ret->as.real);
    } else {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        ret->as.real = (double)f;
    }
    return true;
}

/* The heads from 0xC0 to 0xDF: how many bytes of number follow, and what the number is. */
static bool take_wide(struct unpack *u, unsigned head, struct unpack_value *ret)
{
    static const unsigned char wide[32] = { 0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8,
                                            1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4 };
    uint64_t n;
    if (!take(u, wide[head - 0xC0], &n))
        return false;
    switch (head) {
    case 0xC0:
        ret->kind = UNPACK_NIL;
        return true;
    case 0xC2:
    case 0xC3:
        ret->kind = UNPACK_BOOL;
        ret->as.yes = head == 0xC3;
        return true;
    case 0xC4:
    case 0xC5:
    case 0xC6:
        return take_bytes(u, UNPACK_BYTES, n, ret);
    case 0xC7:
    case 0xC8:
    case 0xC9: /* an ext has one byte of type before its bytes */
        return take_bytes(u, UNPACK_BYTES, n + 1, ret);
    case 0xCA:
    case 0xCB:
        return take_real(n, head == 0xCB, ret);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF:
        ret->kind = UNPACK_UINT;
        ret->as.count = n;
        return true;
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3:
        return take_int(n, wide[head - 0xC0], ret);
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
        return take_bytes(u, UNPACK_BYTES, ((uint64_t)1 << (head - 0xD4)) + 1, ret);
    case 0xD9:
    case 0xDA:
    case 0xDB:
        return take_bytes(u, UNPACK_TEXT, n, ret);
    case 0xDC:
    case 0xDD:
        return take_list(UNPACK_LIST, n, ret);
    case 0xDE:
    case 0xDF:
        return take_list(UNPACK_MAP, n, ret);
    default: /* 0xC1 is reserved */
        return false;
    }
}

bool unpack_next(struct unpack *u, struct unpack_value *ret)
{
    if (u->at == u->end)
        return false;
    unsigned head = *u->at++;
    *ret = (struct unpack_value){ 0 };
    if (head < 0x80 || head >= 0xE0)
        return take_int(head, 1, ret);
    if (head < 0x90)
        return take_list(UNPACK_MAP, head & 0x0F, ret);
    if (head < 0xA0)
        return take_list(UNPACK_LIST, head & 0x0F, ret);
    if (head < 0xC0)
        return take_bytes(u, UNPACK_TEXT, head & 0x1F, ret);
    return take_wide(u, head, ret);
}

/* How many values a head announces. */
static uint64_t children(const struct unpack_value *v)
{
    return v->kind == UNPACK_LIST ? v->length : v->kind == UNPACK_MAP ? 2 * (uint64_t)v->length : 0;
}

bool unpack_skip(struct unpack *u, const struct unpack_value *v)
{
    struct unpack_value child;
    for (uint64_t left = children(v); left > 0; left--) {
        if (!unpack_next(u, &child))
            return false;
        left += children(&child);
    }
    return true;
}

enum spr_code unpack_scan(const void *bytes, size_t length, struct spr_error *err)
{
    struct unpack u = { bytes, (const unsigned char *)bytes + length };
    uint64_t left[UNPACK_DEPTH_MAX + 1] = { 1 }; /* values still to come at each level */
    int depth = 0, values = 0;
    while (depth >= 0) {
        struct unpack_value v;
        if (left[depth] == 0) {
            depth--;
            continue;
        }
        left[depth]--;
        if (!unpack_next(&u, &v))
            return SPR_FAIL(err, SPR_BADDATA, "the message is cut off or not MessagePack at byte %zu of %zu",
                            (size_t)(u.at - (const unsigned char *)bytes), length);
        if (++values > UNPACK_VALUES_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "the message has more than %d values", UNPACK_VALUES_MAX);
        if (children(&v) == 0)
            continue;
        if (depth == UNPACK_DEPTH_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "the message is nested deeper than %d", UNPACK_DEPTH_MAX);
        left[++depth] = children(&v);
    }
    if (u.at != u.end)
        return SPR_FAIL(err, SPR_BADDATA, "%zu bytes follow the end of the message", (size_t)(u.end - u.at));
    return SPR_OK;
}

const char *unpack_kind_name(enum unpack_kind kind)
{
    static const char *const names[] = { "nothing",  "true or false", "a number", "a number", "a number",
                                         "a string", "bytes",         "a list",   "a map" };
    return names[kind];
}
