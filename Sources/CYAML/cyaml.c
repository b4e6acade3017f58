#include "cyaml.h"

#include <stdlib.h>
#include <string.h>

struct cyaml_parser {
    yaml_parser_t parser;
    yaml_event_t event;
    int has_event;
};

struct cyaml_parser *cyaml_open(const unsigned char *bytes, size_t count) {
    struct cyaml_parser *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    if (!yaml_parser_initialize(&self->parser)) {
        free(self);
        return NULL;
    }
    yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&self->parser, bytes, count);
    return self;
}

static void fail(struct cyaml_parser *self, struct cyaml_event *event) {
    yaml_parser_t *parser = &self->parser;
    event->kind = parser->error == YAML_MEMORY_ERROR ? CYAML_NO_MEMORY : CYAML_ERROR;
    event->problem = parser->problem ? parser->problem : "not YAML";
    yaml_mark_t mark = parser->error == YAML_READER_ERROR ? parser->mark : parser->problem_mark;
    event->line = mark.line;
    event->column = mark.column;
    event->index = mark.index;
}

void cyaml_next(struct cyaml_parser *self, struct cyaml_event *event) {
    if (self->has_event) yaml_event_delete(&self->event);
    self->has_event = 0;
    memset(event, 0, sizeof *event);
    if (!yaml_parser_parse(&self->parser, &self->event)) {
        fail(self, event);
        return;
    }
    self->has_event = 1;
    yaml_event_t *found = &self->event;
    event->line = found->start_mark.line;
    event->column = found->start_mark.column;
    switch (found->type) {
        case YAML_STREAM_END_EVENT: event->kind = CYAML_END; break;
        case YAML_DOCUMENT_START_EVENT: event->kind = CYAML_DOCUMENT_START; break;
        case YAML_SCALAR_EVENT:
            event->kind = CYAML_SCALAR;
            event->text = (const char *)found->data.scalar.value;
            event->length = found->data.scalar.length;
            event->tag = (const char *)found->data.scalar.tag;
            event->anchor = (const char *)found->data.scalar.anchor;
            event->is_quoted = found->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
            break;
        case YAML_ALIAS_EVENT:
            event->kind = CYAML_ALIAS;
            event->anchor = (const char *)found->data.alias.anchor;
            break;
        case YAML_SEQUENCE_START_EVENT:
            event->kind = CYAML_SEQUENCE_START;
            event->tag = (const char *)found->data.sequence_start.tag;
            event->anchor = (const char *)found->data.sequence_start.anchor;
            break;
        case YAML_SEQUENCE_END_EVENT: event->kind = CYAML_SEQUENCE_END; break;
        case YAML_MAPPING_START_EVENT:
            event->kind = CYAML_MAPPING_START;
            event->tag = (const char *)found->data.mapping_start.tag;
            event->anchor = (const char *)found->data.mapping_start.anchor;
            break;
        case YAML_MAPPING_END_EVENT: event->kind = CYAML_MAPPING_END; break;
        case YAML_NO_EVENT: event->kind = CYAML_END; break;
        default: event->kind = CYAML_OTHER; break;
    }
}

void cyaml_close(struct cyaml_parser *self) {
    if (!self) return;
    if (self->has_event) yaml_event_delete(&self->event);
    yaml_parser_delete(&self->parser);
    free(self);
}
