/*
 * flow_compose - nodes in objects: whoever looks at one of a language's objects sees them, and
 * whoever writes one whole may ask for changes of them (api/objects.h, struct objects_composer).
 *
 * The languages do it; this joins them to the object layer.  Files of flow/ only.
 */
#ifndef FLOW_FLOW_COMPOSE_H
#define FLOW_FLOW_COMPOSE_H

struct flow;
struct flow_language;
struct kind;

/* Before core_start(). */
void flow_compose_attach(struct flow *f);
/* The language whose objects are of that kind, or NULL. */
const struct flow_language *flow_language_of(const struct flow *f, const struct kind *k);

#endif
