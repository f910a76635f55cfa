#include "image/notes.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

static enum spr_code check(const struct notes *n, const char *key, size_t key_length, const char *text,
                           size_t text_length, struct spr_error *err)
{
    size_t bad = 0;
    if (key_length == 0)
        return SPR_FAIL(err, SPR_BADDATA, "a text without a key");
    if (!utf8_valid(key, key_length, &bad) || memchr(key, 0, key_length))
        return SPR_FAIL(err, SPR_BADDATA, "a text's key is not UTF-8");
    if (!utf8_valid(text, text_length, &bad))
        return SPR_FAIL(err, SPR_BADDATA, "the text \"%.80s\" is not UTF-8 at byte %zu", key, bad);
    if (text_length && memchr(text, 0, text_length))
        return SPR_FAIL(err, SPR_BADDATA, "the text \"%.80s\" has a 0 byte in it", key);
    if (n->count >= NOTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d texts", NOTES_MAX);
    if (key_length > NOTES_BYTES_MAX - n->bytes || text_length > NOTES_BYTES_MAX - n->bytes - key_length)
        return SPR_FAIL(err, SPR_LIMIT, "the text \"%.80s\" is over the limit of %zu bytes of text", key,
                        NOTES_BYTES_MAX);
    return SPR_OK;
}

enum spr_code notes_add(struct notes *n, const char *key, size_t key_length, const char *text,
                        size_t text_length, struct spr_error *err)
{
    enum spr_code rc = check(n, key, key_length, text, text_length, err);
    if (rc)
        return rc;
    struct image_note *item = mem_resize(n->item, (size_t)n->count + 1, sizeof *item);
    if (item)
        n->item = item;
    char *own_key = item ? mem_text(key, key_length) : NULL;
    char *own_text = own_key ? mem_text(text, text_length) : NULL;
    if (!own_text) {
        mem_free(own_key);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a text of %zu bytes", text_length);
    }
    n->item[n->count++] = (struct image_note){ own_key, own_text };
    n->bytes += key_length + text_length;
    return SPR_OK;
}

enum spr_code notes_put(struct notes *n, const char *key, const char *text, struct spr_error *err)
{
    return notes_add(n, key, strlen(key), text, strlen(text), err);
}

const char *notes_get(const struct notes *n, const char *key)
{
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->item[i].key, key) == 0)
            return n->item[i].text;
    return NULL;
}

void notes_fini(struct notes *n)
{
    for (int i = 0; i < n->count; i++) {
        mem_free(n->item[i].key);
        mem_free(n->item[i].text);
    }
    mem_free(n->item);
    *n = (struct notes){ 0 };
}
