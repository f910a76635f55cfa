#include "kinds.h"

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Which words have which kinds; the first row with the word counts. */
struct row {
    const char *kinds, *words;
};

static const struct row creatures[] = {
    /* clang-format off */
    { "snake", "adder anaconda python mamba moccasin viper serpent" },
    { "dog wolf", "hound jackal warg raiju" },
    { "fox", "kitsune" },
    { "rat mouse", "quokka" },
    { "frog", "bullfrog toad ribbit" },
    { "spider", "redback tarantella broodmother arachne jorogumo" },
    { "bee insect", "bumblebee" },
    { "insect", "bee hornet wasp mosquito butterfly moth cockroach beetle culicivora midge firefly centipede ant "
                "tzitzimitl" },
    { "cockroach insect", "roach radroach" },
    { "ant insect", "formicid" },
    { "bird", "bennu shrike phoenix" },
    { "bird crow", "raven tengu sojobo" },
    { "lizard", "iguana basilisk komodo gecko newt frilled salamander" },
    { "crocodile", "alligator" },
    { "pig boar", "hog swine" },
    { "bull", "yak catoblepa apis minotaur asterion yaktaur" },
    { "lion", "manticore sphinx shedu" },
    { "elephant", "nellie" },
    { "cat", "natasha tiger" },
    { "slug snail", "gastronok" },
    { "worm", "leech" },
    { "hedgehog", "echidna" },
    { "bat", "gigabat microbat megabat" },
    { "monkey ape", "howler" },
    { "fish", "eel shark goldfish piranha" },
    { "octopus squid", "kraken octopode" },
    { "dragon", "drake wyvern lindwurm xtahua" },
    { "hydra dragon", "hydra" },
    { "dragon humanoid", "draconian tiamat" },
    { "orc", "blork nergalle roka urug" },
    { "goblin", "ijyb hobgoblin robin boggart" },
    { "kobold", "pikel sonja" },
    { "gnoll", "grum" },
    { "ogre", "erolcha" },
    { "troll", "snorg" },
    { "elf", "dowan duvessa fannar spriggan" },
    { "dwarf", "jorgrun" },
    { "gnome", "yiuf" },
    { "giant", "cyclop polyphemus chuck ettin titan antaeus" },
    { "centaur", "nessos" },
    { "naga snake", "naga nagaraja aizul vashnia" },
    { "merfolk", "ilsuiw" },
    { "human warrior", "donald edmund erica frederick harold rupert sigmund terence joseph wiglaf" },
    { "human thief", "maurice eustachio" },
    { "human mage wizard", "jessica josephine kirke nikola psyche enchantress louise" },
    { "mage wizard", "sorcerer necromancer conjurer summoner elementalist annihilator pyromancer convoker warlock witch" },
    { "warrior", "berserker blademaster knight myrmidon champion warlord soldier fighter" },
    { "lich undead", "boris" },
    { "vampire undead", "jory" },
    { "mummy undead", "khufu menkaure" },
    { "skull", "murray" },
    { "ghost", "phantom wraith spectre eidolon soul revenant apparition" },
    { "zombie", "ghoul necrophage husk jiangshi wight" },
    { "angel", "mennas daeva cherub" },
    { "slime", "jelly ooze blob dissolution amoeba endoplasm" },
    { "tree", "treant leshy dryad" },
    { "mushroom", "deathcap toadstool fungus fungi" },
    { "plant", "bush vine briar bloom flytrap" },
    { "demon", "grinder ignacio mara geryon" },
    /* clang-format on */
};

static const struct row weapons[] = {
    /* clang-format off */
    { "bow", "longbow shortbow" },
    { "crossbow bow", "arbalest" },
    { "bow", "crossbow" },
    { "sword", "scimitar falchion rapier katana cutlass blade quickblade claymore" },
    { "mace", "morningstar eveningstar flail maul" },
    { "hammer mace", "warhammer" },
    { "polearm", "halberd glaive bardiche" },
    { "spear", "javelin" },
    { "staff", "quarterstaff lajatang" },
    { "knife", "dagger" },
    /* clang-format on */
};

static const struct row armours[] = {
    { "shield", "buckler" },
    { "hat", "cap" },
};

static bool begins(const char *text, const char *head)
{
    return strncmp(text, head, strlen(head)) == 0;
}

static bool in_list(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* In whose folders which table holds. */
static const struct {
    const char *folder;
    const struct row *row;
    size_t rows;
} tables[] = {
    { "mon", creatures, SPR_COUNT(creatures) },     { "UNUSED/monsters", creatures, SPR_COUNT(creatures) },
    { "item/weapon", weapons, SPR_COUNT(weapons) }, { "UNUSED/weapons", weapons, SPR_COUNT(weapons) },
    { "item/armour", armours, SPR_COUNT(armours) }, { "UNUSED/armour", armours, SPR_COUNT(armours) },
};

const char *kinds_of(const char *folder, const char *word)
{
    for (size_t t = 0; t < SPR_COUNT(tables); t++)
        for (size_t i = 0; begins(folder, tables[t].folder) && i < tables[t].rows; i++)
            if (in_list(tables[t].row[i].words, word))
                return tables[t].row[i].kinds;
    return NULL;
}
