#include "plan/example.h"

#include <ctype.h>
#include <string.h>

static const char text[] =
    "# A plan: domains of workstreams, what each needs, and gates between them.\n"
    "#   spritery plan check FILE      every mistake with its line and what would be right\n"
    "#   spritery plan show FILE       a tree; --gantt, --svg and --dot draw it\n"
    "#   spritery plan simulate FILE   how long it takes, and how sure that is\n"
    "\n"
    "# What a day and a week of work are. Durations: 90s, 15m, 4h, 3d, 2w.\n"
    "calendar: {day: 8h, week: 5d}\n"
    "\n"
    "# How many workstreams may be under way at once, and whatever else there is only so much of.\n"
    "capacity: {workstreams: 3, gpu: 1}\n"
    "\n"
    "# What holds for every workstream that says nothing else; and who is told of trouble.\n"
    "# defaults: {timeout: 2h, retries: 1, stall_after: 30m}\n"
    "# hook: 'notify-send \"$SPRITERY_SUBJECT\" \"$SPRITERY_ISSUE\"'\n"
    "\n"
    "# Who works on it, and how many things each kind can do at once. One with a command is started for a\n"
    "# workstream's task, as in   writer: {limit: 1, command: 'claude -p {task}'}\n"
    "agents:\n"
    "  artist:   {limit: 2}\n"
    "  engineer: {limit: 1}\n"
    "\n"
    "domains:\n"
    "  - id: style\n"
    "    name: Palette and style\n"
    "    order: sequential           # one workstream at a time; parallel is the default\n"
    "    workstreams:\n"
    "      - {id: palette, name: Choose the palette, agent: artist, priority: P0, estimate: 1d..2d}\n"
    "      - {id: model, name: Train the style, agent: engineer, priority: P0, estimate: 2d..4d, needs: "
    "[palette],\n"
    "         uses: {gpu: 1}}\n"
    "\n"
    "  - id: art\n"
    "    name: Sprites\n"
    "    workstreams:\n"
    "      - {id: characters, name: Characters, agent: artist, estimate: 4d..8d}\n"
    "      - {id: items, name: Items, agent: artist, estimate: 2d..3d}\n"
    "      - {id: tiles, name: Tiles, agent: artist, priority: P1, estimate: 3d..5d}\n"
    "\n"
    "  # What a workstream does, if it is not planning only: run: shell text or [program, word]; generate, "
    "pixelize, pack,\n"
    "  # train, deploy: {option: value}, as 'spritery help pack' has them; task: for its agent; manual: for "
    "a person.\n"
    "  # What it has to leave: outputs: [FILE, PATTERN], accept: [criteria, as of a gate]. Every key: "
    "docs/plan-file.md\n"
    "  - id: game\n"
    "    name: Into the game\n"
    "    needs: [art]                # all of a domain before any of this one\n"
    "    workstreams:\n"
    "      - id: sheet\n"
    "        name: Pack the sheets\n"
    "        agent: engineer\n"
    "        estimate: 1d..1d\n"
    "      - id: play\n"
    "        name: Play with it\n"
    "        estimate: 4h..2d\n"
    "        needs: [sheet]\n"
    "\n"
    "# A gate opens what it `opens` once all of `after` is done and every criterion holds. A criterion is a "
    "command that\n"
    "# exits 0, a file, a metric with bounds, or somebody's approval.\n"
    "gates:\n"
    "  - id: style-settled\n"
    "    name: The style is settled\n"
    "    after: [style]\n"
    "    opens: [art]\n"
    "    criteria:\n"
    "      - {name: palette is there, file: palette.gpl, min_bytes: 20}\n"
    "      - {name: few colours, metric: colours_per_sprite, below: 17, from: style.json}\n"
    "      - {name: looks right, approval: lead}\n";

enum spr_code plan_example(const char *path, struct buf *out, struct spr_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : strlen(name);
    char id[65] = "plan-";
    size_t n = isalnum((unsigned char)*name) ? 0 : 5;
    for (size_t i = 0; i < length && n < sizeof id - 1; i++) {
        unsigned char c = (unsigned char)name[i];
        id[n++] = isalnum(c) || strchr("._-", c) ? (char)c : '-';
    }
    id[n] = '\0';
    enum spr_code rc = buf_addf(out, err, "plan: %s\n", n ? id : "plan");
    return rc ? rc : buf_add(out, text, sizeof text - 1, err);
}
