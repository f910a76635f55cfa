/* kinds - what a tile's name does not say because everybody knows it: an adder is a snake, Ijyb is a goblin.
 * Flow:  tools/captions.c -> [tools/kinds]
 * Most creatures have a tile or two to their name; their kinds have many, and kinds are what people ask for.
 * Threads: any; no state. */
#ifndef TOOLS_KINDS_H
#define TOOLS_KINDS_H

/* The kinds of a thing, separated by blanks, from a word of its name as paint/words gives it; NULL where the word
 * says nothing more. folder: where the tile is, below the data folder. The text lives as long as the program. */
const char *kinds_of(const char *folder, const char *word);

#endif
