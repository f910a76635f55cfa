#include "engine/shelf.h"

#include "base/mem.h"
#include "paint/model_find.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* What tells a file from the one that took its place. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; /* of the inode: set by every write, and by no program at will */
};

struct item {
    struct stock stock;
    char *path;
    struct stamp stamp;
    unsigned age; /* shelf_refresh calls before it was loaded */
    int users;
    struct model *model;
    struct lexicon *lexicon;
    struct sketches *sketches;
    struct item *next;
};

struct shelf {
    atomic_uint age;
    pthread_mutex_t lock;
    struct item *first; /* under the lock */
};

enum spr_code shelf_new(struct shelf **ret, struct spr_error *err)
{
    struct shelf *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for models");
    pthread_mutex_init(&s->lock, NULL);
    *ret = s;
    return SPR_OK;
}

static void item_free(struct item *i)
{
    if (!i)
        return;
    nets_free(i->stock.nets);
    sketches_free(i->sketches);
    lexicon_free(i->lexicon);
    model_free(i->model);
    mem_free(i->path);
    mem_free(i);
}

void shelf_free(struct shelf *s)
{
    if (!s)
        return;
    while (s->first) {
        struct item *i = s->first;
        s->first = i->next;
        item_free(i);
    }
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

/* Of a file that cannot be looked at: zeroes; loading it says why. */
static struct stamp stamp_of(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return (struct stamp){ 0 };
    return (struct stamp){ st.st_dev, st.st_ino, st.st_size, st.st_ctim };
}

static bool same(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* TAKES path. */
static enum spr_code load(char *path, const struct stamp *stamp, unsigned age, struct item **ret,
                          struct spr_error *err)
{
    struct item *i = mem_zalloc(1, sizeof *i);
    if (!i) {
        mem_free(path);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a model");
    }
    i->path = path;
    i->stamp = *stamp;
    i->age = age;
    enum spr_code rc = model_load(path, &i->model, err);
    struct model *m = i->model;
    if (!rc)
        rc = lexicon_new(m->word, m->layout.config.vocab, m->file, &i->lexicon, err);
    if (!rc && m->size == SKETCH_SIDE)
        rc = sketches_new(m->word, m->layout.config.vocab, m->file, &i->sketches, err);
    if (!rc)
        rc = nets_new(&m->layout, m->params, &i->stock.nets, err);
    if (rc) {
        item_free(i);
        return rc;
    }
    i->stock.model = m;
    i->stock.lexicon = i->lexicon;
    i->stock.sketches = i->sketches;
    model_sha256(m, i->stock.hash);
    model_trim(m);
    *ret = i;
    return SPR_OK;
}

enum spr_code shelf_take(struct shelf *s, const char *name, const struct stock **ret, struct spr_error *err)
{
    char *path = NULL;
    enum spr_code rc = data_find(&model_kind, name, &path, err);
    if (rc)
        return rc;
    pthread_mutex_lock(&s->lock);
    unsigned age = atomic_load(&s->age);
    struct stamp stamp = stamp_of(path); /* before it is read: what is written meanwhile shows next time */
    struct item *i = s->first;
    while (i && (i->age != age || !same(&i->stamp, &stamp) || strcmp(i->path, path) != 0))
        i = i->next;
    if (i) {
        mem_free(path);
    } else if (!(rc = load(path, &stamp, age, &i, err))) {
        i->next = s->first;
        s->first = i;
    }
    if (!rc) {
        i->users++;
        *ret = &i->stock;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

void shelf_put(struct shelf *s, const struct stock *stock)
{
    struct item *gone = NULL;
    if (!stock)
        return;
    pthread_mutex_lock(&s->lock);
    for (struct item **i = &s->first; *i; i = &(*i)->next)
        if (&(*i)->stock == stock) {
            if (--(*i)->users == 0) {
                gone = *i;
                *i = gone->next;
            }
            break;
        }
    pthread_mutex_unlock(&s->lock);
    item_free(gone);
}

void shelf_refresh(struct shelf *s)
{
    atomic_fetch_add(&s->age, 1);
}

int shelf_count(struct shelf *s)
{
    int count = 0;
    pthread_mutex_lock(&s->lock);
    for (const struct item *i = s->first; i; i = i->next)
        count++;
    pthread_mutex_unlock(&s->lock);
    return count;
}
