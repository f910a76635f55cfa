/* libchafa picks symbols and writes the graphics protocols; all scaling is done here first, by whole numbers, so
 * that its own resampling, which blurs, has nothing to do: what it gets is exactly as large as its canvas. A symbol
 * is 8 x 8 to it, so a sprite pixel shown as half a cell is 8 wide and 4 high. */
#include "cli/term_picture.h"

#include "base/mem.h"

#include <chafa.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SIDE_MAX = 1024,
    GRAPHICS_PX = 256,
    GRAPHICS_COLUMNS = 5,
    CELL_WIDTH = 10,
    CELL_HEIGHT = 20,
    SYMBOL = 8
};

extern char **environ;

/* An unset locale counts as UTF-8: minimal containers leave it unset, terminals today are UTF-8. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < SPR_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return true;
}

static bool colours_wanted(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static ChafaTermInfo *detect(void)
{
    return chafa_term_db_detect(chafa_term_db_get_default(), environ);
}

static enum term_means means_of(const ChafaTermInfo *info, bool tty)
{
    if (!colours_wanted())
        return TERM_LETTERS;
    if (tty && chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1))
        return TERM_KITTY;
    if (tty && chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_BEGIN_ITERM2_IMAGE))
        return TERM_ITERM2;
    if (tty && chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_BEGIN_SIXELS))
        return TERM_SIXEL;
    return locale_is_utf8() ? TERM_BLOCKS : TERM_LETTERS;
}

enum term_means term_means(const struct terminal *t)
{
    ChafaTermInfo *info = detect();
    enum term_means m = means_of(info, t->tty);
    chafa_term_info_unref(info);
    return m;
}

const char *term_means_name(enum term_means means)
{
    static const char *const names[] = { "kitty", "iterm2", "sixel", "half blocks", "letters" };
    return names[means];
}

static ChafaCanvasMode colours_of(const ChafaTermInfo *info, enum term_means means)
{
    if (!colours_wanted())
        return CHAFA_CANVAS_MODE_FGBG;
    if (means < TERM_BLOCKS || chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT))
        return CHAFA_CANVAS_MODE_TRUECOLOR;
    if (chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_SET_COLOR_FGBG_256))
        return CHAFA_CANVAS_MODE_INDEXED_256;
    if (chafa_term_info_have_seq(info, CHAFA_TERM_SEQ_SET_COLOR_FGBG_16))
        return CHAFA_CANVAS_MODE_INDEXED_16;
    return CHAFA_CANVAS_MODE_FGBG;
}

/* Where the picture goes: what a sprite pixel becomes on chafa's canvas, and the canvas in cells. */
struct plan {
    enum term_means means;
    int scale_x, scale_y;
    int cell_width, cell_height; /* canvas pixels of a cell */
    int columns, rows;
};

static struct plan plan_of(const struct terminal *t, enum term_means means, const struct image *im)
{
    struct terminal_size size = terminal_size(t);
    struct plan p = { means, SYMBOL, SYMBOL / 2, SYMBOL, SYMBOL, 0, 0 };
    int larger = im->width > im->height ? im->width : im->height;
    if (means < TERM_BLOCKS) {
        p.cell_width = size.cell_width > 0 ? size.cell_width : CELL_WIDTH;
        p.cell_height = size.cell_height > 0 ? size.cell_height : CELL_HEIGHT;
        int room = size.columns * p.cell_width / im->width, wish = GRAPHICS_PX / im->height;
        int side = wish < room ? wish : room;
        p.scale_x = p.scale_y = side < 1 ? 1 : side;
    } else if (larger <= 16 && size.columns >= 2 * im->width && size.rows > im->height) {
        p.scale_x *= 2;
        p.scale_y *= 2;
    }
    p.columns = (im->width * p.scale_x + p.cell_width - 1) / p.cell_width;
    p.rows = (im->height * p.scale_y + p.cell_height - 1) / p.cell_height;
    return p;
}

/* The picture scaled and padded with transparent pixels to whole cells, as chafa reads it. GIVES *ret (mem_free). */
static enum spr_code scale(const struct image *im, const struct plan *p, unsigned char **ret,
                           struct spr_error *err)
{
    size_t width = (size_t)p->columns * (size_t)p->cell_width,
           height = (size_t)p->rows * (size_t)p->cell_height;
    unsigned char *bytes = mem_zalloc(width * height, 4);
    if (!bytes)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory showing a picture");
    for (int y = 0; y < im->height * p->scale_y; y++)
        for (int x = 0; x < im->width * p->scale_x; x++) {
            struct rgba c = *image_at(im, x / p->scale_x, y / p->scale_y);
            unsigned char *to = bytes + 4 * ((size_t)y * width + (size_t)x);
            if (c.a >= 128)
                to[0] = c.r, to[1] = c.g, to[2] = c.b, to[3] = 255;
        }
    *ret = bytes;
    return SPR_OK;
}

static ChafaCanvas *canvas_of(const ChafaTermInfo *info, const struct plan *p)
{
    static const ChafaPixelMode modes[] = { CHAFA_PIXEL_MODE_KITTY, CHAFA_PIXEL_MODE_ITERM2,
                                            CHAFA_PIXEL_MODE_SIXELS, CHAFA_PIXEL_MODE_SYMBOLS,
                                            CHAFA_PIXEL_MODE_SYMBOLS };
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    ChafaSymbolMap *symbols = chafa_symbol_map_new();
    chafa_symbol_map_add_by_tags(symbols, p->means == TERM_LETTERS
                                              ? CHAFA_SYMBOL_TAG_ASCII
                                              : CHAFA_SYMBOL_TAG_SPACE | CHAFA_SYMBOL_TAG_SOLID |
                                                    CHAFA_SYMBOL_TAG_VHALF);
    chafa_canvas_config_set_symbol_map(config, symbols);
    chafa_canvas_config_set_pixel_mode(config, modes[p->means]);
    chafa_canvas_config_set_canvas_mode(config, colours_of(info, p->means));
    chafa_canvas_config_set_geometry(config, p->columns, p->rows);
    chafa_canvas_config_set_cell_geometry(config, p->cell_width, p->cell_height);
    chafa_canvas_config_set_transparency_threshold(config, 0.5f);
    chafa_canvas_config_set_preprocessing_enabled(config, FALSE);
    chafa_canvas_config_set_work_factor(config, 1.0f);
    ChafaCanvas *canvas = chafa_canvas_new(config);
    chafa_symbol_map_unref(symbols);
    chafa_canvas_config_unref(config);
    return canvas;
}

enum spr_code term_picture(const struct terminal *t, const struct image *im, struct spr_error *err)
{
    if (im->width > SIDE_MAX || im->height > SIDE_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the picture is %d x %d; at most %d x %d are shown in a terminal",
                        im->width, im->height, (int)SIDE_MAX, (int)SIDE_MAX);
    ChafaTermInfo *info = detect();
    struct plan p = plan_of(t, means_of(info, t->tty), im);
    unsigned char *bytes = NULL;
    enum spr_code rc = scale(im, &p, &bytes, err);
    if (!rc) {
        int width = p.columns * p.cell_width, height = p.rows * p.cell_height;
        ChafaCanvas *canvas = canvas_of(info, &p);
        chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGBA8_UNASSOCIATED, bytes, width, height, 4 * width);
        GString *text = chafa_canvas_print(canvas, info);
        fwrite(text->str, 1, text->len, t->file);
        fputc('\n', t->file);
        g_string_free(text, TRUE);
        chafa_canvas_unref(canvas);
    }
    mem_free(bytes);
    chafa_term_info_unref(info);
    return rc;
}

int term_picture_rows(const struct terminal *t, const struct image *im)
{
    return plan_of(t, term_means(t), im).rows;
}

int term_picture_columns(const struct terminal *t, int sprite_px)
{
    int columns = terminal_size(t).columns;
    bool graphics = term_means(t) < TERM_BLOCKS;
    int n = graphics ? GRAPHICS_COLUMNS : (columns + 1) / (sprite_px + 1);
    return n < 1 ? 1 : n;
}
