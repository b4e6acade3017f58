#pragma once
// libyaml's parser as one flat event at a time: its unions and its 500-byte parser object stay in C.
#include <stddef.h>
#include <yaml.h>

enum cyaml_kind {
    CYAML_END,  // the end of the stream
    CYAML_DOCUMENT_START,
    CYAML_SCALAR,
    CYAML_ALIAS,
    CYAML_SEQUENCE_START,
    CYAML_SEQUENCE_END,
    CYAML_MAPPING_START,
    CYAML_MAPPING_END,
    CYAML_OTHER,  // marks that carry nothing
    CYAML_ERROR,
    CYAML_NO_MEMORY,
};

struct cyaml_event {
    enum cyaml_kind kind;
    // From 0, in characters. Of an error: where it was found.
    size_t line, column;
    // From 0, in characters; of an error only.
    size_t index;
    // Each may be NULL; they live until the next call. `text` may hold NUL.
    const char *text;
    size_t length;
    const char *tag;
    const char *anchor;
    // A scalar in quotes or a block.
    int is_quoted;
    // libyaml's sentence; of an error only.
    const char *problem;
};

struct cyaml_parser;

// `bytes` must outlive the parser. NULL: no memory.
struct cyaml_parser *cyaml_open(const unsigned char *bytes, size_t count);
void cyaml_next(struct cyaml_parser *parser, struct cyaml_event *event);
void cyaml_close(struct cyaml_parser *parser);
