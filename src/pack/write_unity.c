/* Unity's import settings of a sheet (TextureImporter as the editor writes it): sprite mode multiple, point filter, no
 * compression, no mipmaps. Unity measures from the bottom; a pivot is in parts of the box and may lie outside of it, which
 * is how trimmed frames stay still. Ids are made of names, so that references live through every repacking. */
#include "pack/target.h"

#include "base/str.h"
#include "digest/digest.h"
#include "pack/text.h"

#include <inttypes.h>
#include <string.h>

static void id_of(const char *kind, const char *name, uint8_t ret[DIGEST_BYTES])
{
    struct digest d;
    digest_init(&d);
    digest_add(&d, kind, strlen(kind) + 1);
    digest_add(&d, name, strlen(name));
    digest_end(&d, ret);
}

static void hex_id(const char *kind, const char *name, char ret[33])
{
    uint8_t d[DIGEST_BYTES];
    id_of(kind, name, d);
    str_hex(d, 16, ret);
}

/* 1 .. 2^63 - 1 */
static int64_t file_id(const char *name)
{
    uint8_t d[DIGEST_BYTES];
    uint64_t id = 0;
    id_of("sprite", name, d);
    for (int i = 0; i < 8; i++)
        id = id << 8 | d[i];
    id &= INT64_MAX;
    return id ? (int64_t)id : 1;
}

static void sprite(struct pen *t, const struct atlas *a, const struct atlas_frame *f)
{
    char id[33];
    hex_id("sprite", f->name, id);
    pen_put(t, "    - serializedVersion: 2\n      name: ");
    text_quoted(t, f->name);
    pen_put(t,
            "\n      rect:\n        serializedVersion: 2\n        x: %d\n        y: %d\n        width: %d\n"
            "        height: %d\n      alignment: 9\n      pivot: {x: ",
            f->x, a->page[f->page].h - f->y - f->h, f->w, f->h);
    text_number(t, (f->pivot_x - f->off_x) / f->w, false);
    pen_put(t, ", y: ");
    text_number(t, 1 - (f->pivot_y - f->off_y) / f->h, false);
    pen_put(t,
            "}\n      border: {x: 0, y: 0, z: 0, w: 0}\n      outline: []\n      physicsShape: []\n"
            "      tessellationDetail: -1\n      bones: []\n      spriteID: %s\n      internalID: %" PRId64
            "\n      vertices: []\n      indices: \n      edges: []\n      weights: []\n",
            id, file_id(f->name));
}

static void importer(struct pen *t, const struct target_options *o, int side)
{
    int size = 32;
    while (size < side)
        size *= 2;
    pen_put(
        t,
        "TextureImporter:\n  internalIDToNameTable: []\n  externalObjects: {}\n  serializedVersion: 12\n"
        "  mipmaps:\n    mipMapMode: 0\n    enableMipMap: 0\n    sRGBTexture: 1\n    linearTexture: 0\n"
        "    fadeOut: 0\n    borderMipMap: 0\n  isReadable: 0\n  streamingMipmaps: 0\n  grayScaleToAlpha: 0\n"
        "  generateCubemap: 6\n  textureFormat: 1\n  maxTextureSize: %d\n",
        size);
    pen_put(
        t,
        "  textureSettings:\n    serializedVersion: 2\n    filterMode: 0\n    aniso: 1\n    mipBias: 0\n"
        "    wrapU: 1\n    wrapV: 1\n    wrapW: 1\n  nPOTScale: 0\n  lightmap: 0\n  compressionQuality: 50\n"
        "  spriteMode: 2\n  spriteExtrude: 1\n  spriteMeshType: 0\n  alignment: 0\n"
        "  spritePivot: {x: 0.5, y: 0.5}\n  spritePixelsToUnits: %d\n"
        "  spriteBorder: {x: 0, y: 0, z: 0, w: 0}\n",
        o->pixels_per_unit);
    pen_put(
        t,
        "  spriteGenerateFallbackPhysicsShape: 1\n  alphaUsage: 1\n  alphaIsTransparency: 1\n"
        "  spriteTessellationDetail: -1\n  textureType: 8\n  textureShape: 1\n  singleChannelComponent: 0\n"
        "  platformSettings:\n  - serializedVersion: 3\n    buildTarget: DefaultTexturePlatform\n"
        "    maxTextureSize: %d\n    resizeAlgorithm: 0\n    textureFormat: -1\n    textureCompression: 0\n"
        "    compressionQuality: 50\n    crunchedCompression: 0\n    allowsAlphaSplitting: 0\n"
        "    overridden: 0\n",
        size);
}

enum spr_code write_unity_meta(const struct atlas *a, int page, const struct target_options *o,
                               struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    const struct atlas_page *p = &a->page[page];
    char guid[33];
    hex_id("page", p->file, guid);
    pen_put(&t, "fileFormatVersion: 2\nguid: %.32s\n", o->guid ? o->guid : guid);
    importer(&t, o, p->w > p->h ? p->w : p->h);
    pen_put(&t, "  spriteSheet:\n    serializedVersion: 2\n    sprites:\n");
    for (int i = 0; i < a->frames; i++)
        if (a->frame[i].page == page)
            sprite(&t, a, &a->frame[i]);
    pen_put(&t, "    outline: []\n    physicsShape: []\n    bones: []\n    spriteID: \n    internalID: 0\n"
                "    vertices: []\n    indices: \n    edges: []\n    weights: []\n    secondaryTextures: []\n"
                "    nameFileIdTable:\n");
    for (int i = 0; i < a->frames; i++) {
        if (a->frame[i].page != page)
            continue;
        pen_put(&t, "      ");
        text_quoted(&t, a->frame[i].name);
        pen_put(&t, ": %" PRId64 "\n", file_id(a->frame[i].name));
    }
    pen_put(&t, "  spritePackingTag: \n  pSDRemoveMatte: 0\n  pSDShowRemoveMatteOption: 0\n  userData: \n"
                "  assetBundleName: \n  assetBundleVariant: \n");
    return t.rc;
}
