#include "cli/prompts.h"

#include "base/file.h"
#include "base/mem.h"

#include <string.h>

/* Cuts the line's blanks in place; NULL for a line without a prompt. */
static char *trim(char *line)
{
    line += strspn(line, " \t\r");
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t\r", line[n - 1]))
        n--;
    line[n] = '\0';
    return n == 0 || *line == '#' ? NULL : line;
}

static enum spr_code add_lines(struct prompts *p, const char *file, struct spr_error *err)
{
    char *next = p->file.data;
    if (memchr(next, '\0', p->file.length))
        return SPR_FAIL(err, SPR_BADDATA, "%.200s is not text: it has a 0 byte", file);
    for (size_t line = 1; next; line++) {
        char *text = next, *end = strchr(next, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        if (!(text = trim(text)))
            continue;
        if (p->count == PROMPTS_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "%.200s has more than %d prompts", file, (int)PROMPTS_MAX);
        p->item[p->count++] = (struct prompt){ text, line };
    }
    return SPR_OK;
}

enum spr_code prompts_read(const char *const *operand, size_t count, const char *file, struct prompts *ret,
                           struct spr_error *err)
{
    struct prompts p = { 0 };
    enum spr_code rc = SPR_OK;
    buf_init(&p.file, PROMPTS_FILE_MAX);
    if (count > PROMPTS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%zu prompts are too many; at most %d are allowed", count,
                        (int)PROMPTS_MAX);
    if (file && (rc = file_read(file, &p.file, err)))
        goto out;
    size_t lines = 1;
    for (size_t i = 0; i < p.file.length; i++)
        lines += p.file.data[i] == '\n';
    lines = lines > PROMPTS_MAX ? PROMPTS_MAX : lines;
    p.item = mem_zalloc(count + lines, sizeof *p.item);
    if (!p.item) {
        rc = SPR_FAIL(err, SPR_NOMEM, "out of memory reading prompts");
        goto out;
    }
    for (; p.count < count; p.count++)
        p.item[p.count] = (struct prompt){ operand[p.count], 0 };
    if (p.file.length > 0)
        rc = add_lines(&p, file, err);
    if (!rc && file && p.count == 0)
        rc = SPR_FAIL(err, SPR_BADARG, "%.200s has no prompt; each line is one", file);
out:
    if (rc)
        prompts_fini(&p);
    else
        *ret = p;
    return rc;
}

void prompts_fini(struct prompts *p)
{
    mem_free(p->item);
    buf_fini(&p->file);
    *p = (struct prompts){ 0 };
}
