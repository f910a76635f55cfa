/* sheet_engine - sheets as engines keep them: Tiled's tile sets (.tsx) and Godot's SpriteFrames (.tres).
 * Flow:  bytes -> [pack/sheet_engine] -> struct atlas -> sheet_decode, which checks it
 * Read is what frames need: places, margins, names. A tile without a property "name" is called tile_7, a texture that is
 *   in no animation frame_7, in one of several frames walk_0.
 * Threads: any. */
#ifndef PACK_SHEET_ENGINE_H
#define PACK_SHEET_ENGINE_H
#include "pack/atlas.h"

/* Which of the two it is, by how it begins; false for anything else. */
bool sheet_is_tiled(const char *data, size_t length);
bool sheet_is_godot(const char *data, size_t length);

/* data[length] is followed by a 0 byte. Adds to *ret, which atlas_fini undoes also after a failure. Fails: SPR_BADDATA,
 * SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code sheet_read_tiled(const char *data, struct atlas *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code sheet_read_godot(const char *data, struct atlas *ret, struct spr_error *err);

#endif
