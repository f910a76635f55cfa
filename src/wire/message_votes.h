/* message_votes - the part of the protocol that is about which picture somebody liked best; see wire/messages.h.
 * Flow:  client -> vote, votes -> daemon -> done, vote_list -> client */
#ifndef WIRE_MESSAGE_VOTES_H
#define WIRE_MESSAGE_VOTES_H
#include "wire/messages.h"

enum { MESSAGE_VOTES_MAX = 100, MESSAGE_AMONG_MAX = 16, MESSAGE_STANDINGS_MAX = 64 };

enum { VOTE_COMPARISON, VOTE_WINNER, VOTE_AMONG, VOTE_VOTER, VOTE_NOTE };
struct message_vote {
    uint64_t given;
    const char *comparison, *winner, *voter, *note;
    struct wire_texts among;
};
enum { VOTES_COMPARISON, VOTES_JOB, VOTES_LIMIT, VOTES_BEFORE };
struct message_votes {
    uint64_t given;
    const char *comparison, *job_id;
    int64_t limit, before;
};
struct message_choice {
    uint64_t given;
    const char *name, *prompt, *model;
};
struct message_cast {
    uint64_t given;
    int64_t row;
    const char *comparison, *winner, *voter, *note;
    double voted;           /* Unix seconds */
    struct wire_maps among; /* struct message_choice */
};
struct message_standing {
    uint64_t given;
    const char *model;
    int64_t votes, wins;
};
struct message_vote_list {
    uint64_t given;
    struct wire_maps votes; /* struct message_cast */
    int64_t total;
    struct wire_maps models; /* struct message_standing */
};

extern const struct wire_schema message_vote, message_votes, message_vote_list;

#endif
