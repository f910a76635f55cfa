/* store - a set of spoiled pictures on disk, and its list.
 * Flow:  struct spoiled -> store_add -> SET/CLASS/NAME.png|jpg|webp, SET/truth/NAME.png, SET/manifest.tsv
 *        SET -> store_read -> struct entry[] -> score */
#ifndef FIX_STORE_H
#define FIX_STORE_H
#include "fix/classes.h"

#include <stdio.h>

struct entry {
    char letter;
    char name[32];  /* "B-007", "Q-003-5" */
    char input[64]; /* relative to the set */
    bool art;       /* truth/NAME.png is there */
    struct rgba ground;
    int number, frame; /* of the picture in its class, and in its sequence */
};

void store_add(const char *set, FILE *manifest, char letter, int number, const struct spoiled *s);

/* GIVES the entries (free). */
struct entry *store_read(const char *set, size_t *ret_count);

/* False where there is no readable picture. */
bool store_load(const char *path, struct image *ret);

#endif
