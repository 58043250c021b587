/*
 * kindface - objects as another group-version of their kind names their fields.
 *
 * A kind may be a face of another one (struct kind: face_of): its objects are that one's, stored
 * and watched once, and only the names of some fields differ, in the object and in what
 * managedFields says of it. Requests are read, merged and answered in the face's names; what is
 * stored, checked and selected has the stored names.
 *
 *     Event, events.k8s.io/v1     regarding, note, ...     of     Event, v1     involvedObject, ...
 *
 * Pure; any thread.
 */
#ifndef API_KINDFACE_H
#define API_KINDFACE_H

struct json;
struct json_doc;
struct kind;
struct object;

/* What the face's fields hold, under the names that are stored, and back.  The document is new. */
struct json_doc *kindface_stored(const struct kind *face, const struct json *shown);
struct json_doc *kindface_shown(const struct kind *face, const struct json *stored);

/* An object as `k` shows it: another one, with the same version, if k is a face and it is stored;
 * else the same one.  A reference of the caller's. */
struct object *kindface_object(const struct kind *k, const struct object *o);

#endif
