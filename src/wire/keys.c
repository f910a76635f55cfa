#include "wire/keys.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { KEY_CHARACTERS = WIRE_KEY_BYTES - 1, LIST_BYTES_MAX = 1 << 20 };

enum spr_code wire_keys_make(struct wire_keys *ret, struct spr_error *err)
{
    if (!zmq_has("curve") || zmq_curve_keypair(ret->public_key, ret->secret_key))
        return SPR_FAIL(err, SPR_UNSUPPORTED, "this ZeroMQ was built without CURVE: it can make no keys");
    return SPR_OK;
}

static bool sound_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return n > 0 && n <= 64 && !name[n];
}

/* A file that nobody else may read, even for a moment; never replaces one. */
static enum spr_code write_secret(const char *path, const char *text, struct spr_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return SPR_FAIL(err, errno == EEXIST ? SPR_EXISTS : SPR_IO, "cannot make %.200s: %s", path,
                        strerror(errno));
    size_t length = strlen(text);
    bool bad = write(fd, text, length) != (ssize_t)length || fsync(fd);
    int e = errno;
    close(fd);
    if (!bad)
        return SPR_OK;
    unlink(path);
    return SPR_FAIL(err, SPR_IO, "cannot write %.200s: %s", path, strerror(e));
}

enum spr_code wire_keys_write(const char *folder, const char *name, const struct wire_keys *keys,
                              struct spr_error *err)
{
    char path[PATH_MAX], text[256];
    if (!sound_name(name))
        return SPR_FAIL(err, SPR_BADARG, "\"%.40s\" cannot name a key: use 1 to 64 letters, digits, - and _",
                        name);
    if (snprintf(path, sizeof path, "%s/%s.key", folder, name) >= (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.80s...", folder);
    enum spr_code rc = file_make_folder(folder, err);
    snprintf(text, sizeof text, "# spritery: keep this file to yourself\npublic %s\nsecret %s\n",
             keys->public_key, keys->secret_key);
    if (!rc)
        rc = write_secret(path, text, err);
    explicit_bzero(text, sizeof text);
    if (rc)
        return rc;
    snprintf(path, sizeof path, "%s/%s.pub", folder, name);
    int n = snprintf(text, sizeof text, "%s %s\n", keys->public_key, name);
    return file_write(path, text, (size_t)n, FILE_NEW, err);
}

/* Finds the key behind a word at a line's begin ("" for a bare key). */
static bool find_key(const char *text, const char *word, char ret[WIRE_KEY_BYTES])
{
    size_t skip = strlen(word);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (*line == '#' || strncmp(line, word, skip) != 0)
            continue;
        if (strcspn(line + skip, " \t\r\n") != KEY_CHARACTERS)
            continue;
        memcpy(ret, line + skip, KEY_CHARACTERS);
        ret[KEY_CHARACTERS] = '\0';
        return true;
    }
    return false;
}

static enum spr_code read_text(const char *path, struct buf *text, struct spr_error *err)
{
    buf_init(text, LIST_BYTES_MAX);
    return file_read(path, text, err);
}

enum spr_code wire_keys_read(const char *path, struct wire_keys *ret, struct spr_error *err)
{
    struct wire_keys keys;
    struct buf text;
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077))
        return SPR_FAIL(err, SPR_DENIED, "%.200s holds a secret key and others may read it: chmod 600 it",
                        path);
    enum spr_code rc = read_text(path, &text, err);
    if (!rc && (!find_key(text.data ? text.data : "", "public ", keys.public_key) ||
                !find_key(text.data, "secret ", keys.secret_key)))
        rc = SPR_FAIL(err, SPR_BADDATA, "%.200s is no key file: 'spritery keys new NAME' makes one", path);
    if (text.data)
        explicit_bzero(text.data, text.length);
    buf_fini(&text);
    if (!rc)
        *ret = keys;
    return rc;
}

enum spr_code wire_public_read(const char *path, char ret[WIRE_KEY_BYTES], struct spr_error *err)
{
    struct buf text;
    enum spr_code rc = read_text(path, &text, err);
    if (!rc && !find_key(text.data ? text.data : "", "", ret) &&
        !find_key(text.data ? text.data : "", "public ", ret))
        rc = SPR_FAIL(err, SPR_BADDATA, "%.200s has no public key: 'spritery keys new NAME' makes NAME.pub",
                      path);
    buf_fini(&text);
    return rc;
}

bool wire_allowed(const char *path, const char public_key[WIRE_KEY_BYTES])
{
    struct buf text;
    bool found = false;
    if (read_text(path, &text, NULL) == SPR_OK && text.data)
        for (const char *line = text.data; line && !found;
             line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            found =
                strncmp(line, public_key, KEY_CHARACTERS) == 0 && strcspn(line, " \t\r\n") == KEY_CHARACTERS;
    buf_fini(&text);
    return found;
}
