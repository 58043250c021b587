/*
 * merge - laying one JSON value over another: the three patch formats of the Kubernetes API.
 *
 * Strategic merge (merge_strategic): objects merge field by field, null removes a field, and a list
 * whose schema names a merge key merges item by item with the items of equal key.  Lists without
 * one are replaced.  Directives in the patch: {"$patch": "replace"|"delete"|"merge"} in an object
 * or list item, "$deleteFromPrimitiveList/NAME", "$setElementOrder/NAME", "$retainKeys".  It is
 * also how podSpecPatch, templateDefaults, workflowDefaults and workflowTemplateRef combine.
 * Source: Kubernetes' description of the strategic merge patch.
 *
 * Merge patch (merge_patch): RFC 7386.  JSON patch (merge_json_patch): RFC 6902.
 *
 * Inputs are borrowed and unchanged; the result is a new document that the caller unrefs.
 * Pure; any thread.  ERR_BADREQUEST for a patch that makes no sense, with the field in question;
 * ERR_INVALID where it does not apply to this base.
 */
#ifndef SCHEMA_MERGE_H
#define SCHEMA_MERGE_H

struct err;
struct json;
struct json_doc;
struct schema;

/* `s` is the type of base and patch; NULL means unknown: then every list is replaced.  A NULL base
 * counts as absent. */
int merge_strategic(const struct schema *s, const struct json *base, const struct json *patch,
                    struct json_doc **ret, struct err *e);

/* Never fails. */
struct json_doc *merge_patch(const struct json *base, const struct json *patch);

/* `operations` is the array of RFC 6902.  A failed "test" is ERR_INVALID. */
int merge_json_patch(const struct json *base, const struct json *operations, struct json_doc **ret,
                     struct err *e);

#endif
