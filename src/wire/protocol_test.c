/* docs/protocol.md says what the tables say: with SPRITERY_UPDATE=1 it is written, else compared. */
#include "base/file.h"
#include "base/mem.h"
#include "wire/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char head[] =
    "# The protocol\n\n"
    "<!-- Written by src/wire/protocol_test.c from the tables in src/wire/messages.c: SPRITERY_UPDATE=1 "
    "meson test "
    "wire-protocol -->\n\n"
    "One MessagePack map in one frame. Keys and strings are UTF-8; null is absent; unknown fields are "
    "ignored; 20.0 is a\n"
    "whole number and 20 a number. A message has at most 1 MiB, 65,536 values and 16 levels.\n\n"
    "| what | socket | address |\n|---|---|---|\n"
    "| requests and answers | ROUTER that serves REQ and DEALER clients | `tcp://127.0.0.1:5555`, "
    "`ipc://$XDG_RUNTIME_DIR/spritery/daemon.sock` |\n"
    "| updates | PUB, one frame, no topic | `tcp://127.0.0.1:5556`, `.../updates.sock` |\n"
    "| events (1.1) | PUB, two frames: topic and map | `tcp://127.0.0.1:5557`, `.../events.sock` |\n\n"
    "Requests are answered at once, never after the work. What cannot be read is answered with `error`, and "
    "the sentence\n"
    "begins with the field's name. A DEALER client may put one frame before the empty one: it comes back "
    "with the answer.\n"
    "`size` may be larger than a sprite where it is a whole multiple of a side: [1024, 1024] is drawn at 32 "
    "x 32 and "
    "enlarged.\n\n"
    "Short questions go before long ones (lists, votes, `clear`), so a client that asks on before it is "
    "answered may get\n"
    "answers in another order; of long ones it may have four open, and gets an `error` for more. Answers "
    "that "
    "a client does\n"
    "not read are dropped: those beyond the 32 of its queue, and, while the unread ones of all clients take "
    "16 "
    "MiB, every one\n"
    "of 1 KiB or more for a client that has one unread.\n\n"
    "An animation (`animation_frames`) and a tile set (`grid`, or `tileset_grid` as 1.0 has it) is one "
    "picture, the "
    "sheet; its cells\n"
    "lie beside it as FILE_01.png and on.\n";

static void the_page_says_what_the_tables_say(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        const struct wire_schema *const *set;
    } parts[] = { { "Requests", message_requests },
                  { "Answers", message_answers },
                  { "Updates", message_updates },
                  { "Events", message_events } };
    char path[4096];
    struct buf page, kept;
    struct spr_error err = { 0 };
    buf_init(&page, 1 << 20);
    buf_init(&kept, 1 << 20);
    snprintf(path, sizeof path, "%s/docs/protocol.md", getenv("SPRITERY_SOURCE_ROOT"));
    assert_int_equal(buf_addf(&page, &err, "%s", head), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(parts); i++) {
        assert_int_equal(buf_addf(&page, &err, "\n## %s\n", parts[i].title), SPR_OK);
        assert_int_equal(wire_describe(parts[i].set, &page, &err), SPR_OK);
    }
    if (getenv("SPRITERY_UPDATE"))
        assert_int_equal(file_write(path, page.data, page.length, FILE_REPLACE, &err), SPR_OK);
    assert_int_equal(file_read(path, &kept, &err), SPR_OK);
    if (kept.length != page.length || memcmp(kept.data, page.data, page.length) != 0)
        fail_msg("docs/protocol.md is not what the tables say: SPRITERY_UPDATE=1 meson test wire-protocol "
                 "writes it");
    buf_fini(&page);
    buf_fini(&kept);
}

static void only_version_1_updates_are_on_the_old_port(void **state)
{
    (void)state;
    static const char *const old[] = { "job_started",  "progress",     "preview",
                                       "job_finished", "job_complete", "job_error" };
    for (size_t i = 0; i < SPR_COUNT(old); i++)
        assert_string_equal(message_updates[i]->type, old[i]);
    assert_null(message_updates[SPR_COUNT(old)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_says_what_the_tables_say),
        cmocka_unit_test(only_version_1_updates_are_on_the_old_port),
    };
    return cmocka_run_group_tests_name("wire/protocol", tests, NULL, NULL);
}
